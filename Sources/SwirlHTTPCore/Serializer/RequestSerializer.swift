public import HTTPTypes

/// Puts the heads of requests into bytes (RFC 9112 §3 and §5). The content follows: as it is, or in chunks by `ChunkSerializer`.
///
/// Everything a program passes is checked, and where something can't be sent nothing is written: no value can end its line early and
/// begin a field, or a request, of its own.
public struct RequestSerializer: Sendable, Hashable {
  /// Whether the connection is to be used again; if not, `Connection: close` is sent (RFC 9112 §9.3).
  public var isPersistent: Bool

  /// A serializer for any number of requests.
  public init(isPersistent: Bool = true) {
    self.isPersistent = isPersistent
  }

  /// Appends a request line and fields.
  ///
  /// ```swift
  /// try RequestSerializer().appendHead(.get, target: "/", host: "example.org", to: &output)
  /// ```
  ///
  /// - Parameters:
  ///   - method: what is asked for.
  ///   - target: a path and query, percent-encoded; an absolute URI for a proxy; `host:port` for CONNECT; `*` for OPTIONS.
  ///   - host: the host, and the port if it is not the scheme's own, for the Host field.
  ///   - fields: what else to send. Framing fields among them must say what `framing` says.
  ///   - encoded: fields that were encoded before, sent first.
  ///   - framing: how the content's end is told; a method that usually has content should say `.contentLength(0)` if it has none.
  ///   - output: what it is appended to.
  /// - Throws: `invalidOutput` or `contradictoryFraming`, with nothing appended.
  public func appendHead(
    _ method: HTTPRequest.Method, target: String, host: String, fields: HTTPFields = HTTPFields(),
    encoded: EncodedFields? = nil, framing: BodyFraming = .none, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    try appendHead(
      method, target: target, host: EncodedHost(host), fields: fields, encoded: encoded, framing: framing, to: &output)
  }

  /// Appends a request line and fields, for a host that was encoded before.
  public func appendHead(
    _ method: HTTPRequest.Method, target: String, host: EncodedHost, fields: HTTPFields = HTTPFields(),
    encoded: EncodedFields? = nil, framing: BodyFraming = .none, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    let kind = RequestKind(method)
    try check(method, kind, framing)
    try output.appendOrRollBack { (output) throws(HTTPWireError) in
      // A method can only be a token; the target is checked where it was written, which spares a copy.
      output.append(contentsOf: method.rawValue.utf8)
      output.append(.space)
      let targetStart = output.count
      output.append(contentsOf: target.utf8)
      try checkTarget(output.span, targetStart..<output.count, kind)
      output.append(contentsOf: host.bytes)
      if let encoded { output.append(contentsOf: encoded.bytes) }
      try append(fields, host: host.name, framing, to: &output)
      output.append(framing)
      if !isPersistent { output.append("Connection: close\r\n") }
      output.append("\r\n")
    }
  }

  private func append(
    _ fields: HTTPFields, host: String, _ framing: BodyFraming, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    for field in fields {
      switch FramingField(field.name) {
      case nil: try output.append(field)
      case .host:
        guard field.value == host else {
          throw HTTPWireError(.invalidOutput, "the field Host is not the host that was given: pass it as host")
        }
      case let kind?: try framing.checkAgrees(with: field, kind)
      }
    }
  }

  private func check(
    _ method: HTTPRequest.Method, _ kind: RequestKind, _ framing: BodyFraming
  ) throws(HTTPWireError) {
    if framing == .none { return }
    try framing.checkLength()
    guard framing != .untilClose else {
      throw HTTPWireError(.contradictoryFraming, "a request can't last until its sender closes (RFC 9112 §6.3)")
    }
    if kind == .connect || method == .trace {
      throw HTTPWireError(.contradictoryFraming, "\(method.rawValue) has no content (RFC 9110 §9.3)")
    }
  }

  private func checkTarget(
    _ bytes: Span<UInt8>, _ target: Range<Int>, _ kind: RequestKind
  ) throws(HTTPWireError) {
    for index in target where !bytes[index].isTarget {
      throw HTTPWireError(
        .invalidOutput, "the target has the byte \(bytes[index].hex): percent-encode it (RFC 9112 §3.2)")
    }
    do throws(HTTPWireError) {
      _ = try RequestTarget(parsing: bytes, target, for: kind)
    } catch {
      throw HTTPWireError(.invalidOutput, error.message)
    }
  }
}

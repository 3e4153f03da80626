public import HTTPTypes

/// Encodes the heads of requests (RFC 9112 §3 and §5). The content follows: unchanged, or in chunks by
/// `ChunkSerializer`.
///
/// It validates all input, and writes nothing if a part can't be sent: no value can end its line early and inject a
/// field or a request.
public struct RequestSerializer: Sendable, Hashable {
  /// Whether the connection will be reused; if not, sends `Connection: close` (RFC 9112 §9.3).
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
  ///   - method: the request method.
  ///   - target: a path and query, percent-encoded; an absolute URI for a proxy; `host:port` for CONNECT; `*` for
  ///     OPTIONS.
  ///   - host: the host, and the port if it is not the scheme's default, for the Host field.
  ///   - fields: the other fields. Framing fields among them must agree with `framing`.
  ///   - framing: the framing of the content. Use `.contentLength(0)` for an empty body of a method that usually has
  ///     content.
  ///   - output: the buffer to append to.
  /// - Throws: `invalidOutput` or `contradictoryFraming`; it appends nothing then.
  public func appendHead(
    _ method: HTTPRequest.Method, target: String, host: String, fields: HTTPFields = HTTPFields(),
    framing: BodyFraming = .none, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    try appendHead(
      method, target: target, host: EncodedHost(host), fields: fields, framing: framing, to: &output)
  }

  /// Appends a request line and fields, for a pre-encoded host, and pre-encoded fields, which are sent first.
  package func appendHead(
    _ method: HTTPRequest.Method, target: String, host: EncodedHost, fields: HTTPFields = HTTPFields(),
    encoded: EncodedFields? = nil, framing: BodyFraming = .none, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    let kind = RequestKind(method)
    try check(method, kind, framing)
    try output.appendOrRollBack { (output) throws(HTTPWireError) in
      // The method's type guarantees a token. The target is checked in the output, which saves a copy.
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
      output.appendLineEnd()
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

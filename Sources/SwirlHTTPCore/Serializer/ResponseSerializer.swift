public import HTTPTypes

/// Encodes the heads of responses to one request (RFC 9112 §4 and §5). The content follows: unchanged, or in chunks by
/// `ChunkSerializer`; no content after a response to HEAD.
///
/// It validates all input, and writes nothing if a part can't be sent.
public struct ResponseSerializer: Sendable, Hashable {
  /// Whether the connection will be reused; if not, sends `Connection: close` (RFC 9112 §9.3).
  public var isPersistent: Bool

  private let request: RequestKind
  private let version: HTTPVersion

  /// For the response to a request with this method, from a client of this version. The framing must suit both.
  public init(
    answering method: HTTPRequest.Method = .get, version: HTTPVersion = .http11, isPersistent: Bool = true
  ) {
    request = RequestKind(method)
    self.version = version
    self.isPersistent = isPersistent
  }

  /// For the response to this request; persistent if the client allows it.
  public init(answering head: RequestHead) {
    self.init(kind: head.kind, version: head.version, isPersistent: head.isPersistent)
  }

  init(kind: RequestKind, version: HTTPVersion, isPersistent: Bool) {
    request = kind
    self.version = version
    self.isPersistent = isPersistent
  }

  /// Appends a status line and fields.
  ///
  /// ```swift
  /// try ResponseSerializer().appendHead(200, framing: .contentLength(5), to: &output)
  /// output.append(contentsOf: "hello".utf8)
  /// ```
  ///
  /// - Parameters:
  ///   - status: 100 to 999; without a reason phrase, with the usual one.
  ///   - fields: the other fields. Framing fields among them must agree with `framing`.
  ///   - framing: the framing of the content. `none` is only for responses that can't have content: 1xx, 204, 304, and
  ///     those to HEAD and CONNECT. Any other empty response needs `.contentLength(0)`.
  ///   - output: the buffer to append to.
  /// - Throws: `invalidOutput` or `contradictoryFraming`; it appends nothing then.
  public func appendHead(
    _ status: HTTPResponse.Status, fields: HTTPFields = HTTPFields(), framing: BodyFraming, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    let reason = status.reasonPhrase.isEmpty ? nil : status.reasonPhrase
    try appendHead(
      statusCode: status.code, reason: reason, fields: fields, framing: framing, to: &output)
  }

  /// As above, with pre-encoded fields, which are sent first; without a reason, with the usual one.
  package func appendHead(
    statusCode status: Int, reason: String? = nil, fields: HTTPFields = HTTPFields(), encoded: EncodedFields? = nil,
    framing: BodyFraming, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    try check(status, framing)
    try output.appendOrRollBack { (output) throws(HTTPWireError) in
      try appendStatusLine(status, reason, to: &output)
      if let encoded { output.append(contentsOf: encoded.bytes) }
      for field in fields {
        switch FramingField(field.name) {
        case nil, .host: try output.append(field)
        case let kind?: try framing.checkAgrees(with: field, kind)
        }
      }
      output.append(framing)
      if status >= 200 { appendConnection(framing, to: &output) }
      output.appendLineEnd()
    }
  }

  private func appendStatusLine(
    _ status: Int, _ reason: String?, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    if status == 200, reason == nil {
      output.append("HTTP/1.1 200 OK\r\n")
      return
    }
    output.append("HTTP/1.1 ")
    output.append(decimal: status)
    output.append(.space)
    let reason = reason ?? ReasonPhrase.of(status)
    for byte in reason.utf8 where !byte.isFieldValue {
      throw HTTPWireError(.invalidOutput, "the reason phrase has the control character \(byte.hex) (RFC 9112 §4)")
    }
    output.append(contentsOf: reason.utf8)
    output.appendLineEnd()
  }

  /// A 1.0 client closes unless it receives `keep-alive` (RFC 9112 §9.3).
  private func appendConnection(_ framing: BodyFraming, to output: inout [UInt8]) {
    if framing == .untilClose { return }
    if !isPersistent {
      output.append("Connection: close\r\n")
    } else if version < .http11 {
      output.append("Connection: keep-alive\r\n")
    }
  }

  private func check(_ status: Int, _ framing: BodyFraming) throws(HTTPWireError) {
    guard (100...999).contains(status) else {
      throw HTTPWireError(.invalidOutput, "the status \(status) is not from 100 to 999 (RFC 9110 §15)")
    }
    try framing.checkLength()
    if status < 200 || status == 204 || (request == .connect && status < 300) {
      guard framing == .none else {
        throw HTTPWireError(
          .contradictoryFraming, "a \(status) here has neither content nor framing: use .none (RFC 9112 §6.1)")
      }
    } else if framing == .none, status != 304, request != .head {
      throw HTTPWireError(
        .contradictoryFraming, "a \(status) without framing lasts until the connection closes: use .contentLength(0)")
    }
    if framing == .chunked, version < .http11 {
      throw HTTPWireError(
        .contradictoryFraming, "a 1.0 client does not know chunks: use .contentLength or .untilClose (RFC 9112 §6.1)")
    }
  }
}

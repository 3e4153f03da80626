/// Determines the framing by the eight steps of RFC 9112 §6.3. Ambiguous heads are errors, except for a lenient parser
/// of responses.
extension HeadReader<StatusLine>.Head {
  func framing(answering request: RequestKind, isLenient: Bool) throws(HTTPWireError) -> BodyFraming {
    // A coding overrides a length (§6.3 rule 3), and a 1.0 server's chunked response is decoded although it should not
    // send one.
    if !isLenient { try facts.checkUnambiguous(start.version) }
    if start.status < 200 || start.status == 204 || start.status == 304 || request == .head { return .none }
    if request == .connect, start.status < 300 { return .none }
    switch facts.transferCoding {
    case .none:
      return facts.contentLength.map { .contentLength($0) } ?? .untilClose
    case .chunked:
      return .chunked
    case .othersThenChunked, .notChunked:
      throw HTTPWireError(
        .unsupportedTransferCoding, "a transfer coding other than chunked, which was not asked for (RFC 9112 §6.1)")
    }
  }
}

extension HeadReader<RequestLine>.Head {
  func framing() throws(HTTPWireError) -> BodyFraming {
    try facts.checkUnambiguous(start.version)
    try checkHost()
    let framing: BodyFraming
    switch facts.transferCoding {
    case .none:
      framing = facts.contentLength.map { .contentLength($0) } ?? .none
    case .chunked:
      framing = .chunked
    case .othersThenChunked:
      throw HTTPWireError(
        .unsupportedTransferCoding, "chunked is the only transfer coding understood here (RFC 9112 §6.1)")
    case .notChunked:
      throw HTTPWireError(.badFraming, "the last transfer coding of a request is not chunked (RFC 9112 §6.3)")
    }
    // The bytes behind a CONNECT belong to the tunnel. A length there is ambiguous: two parsers may disagree where the
    // tunnel begins.
    if start.kind == .connect, framing != .none, framing != .contentLength(0) {
      throw HTTPWireError(.badFraming, "a CONNECT request has no content (RFC 9110 §9.3.6)")
    }
    return framing
  }

  private func checkHost() throws(HTTPWireError) {
    if facts.hostCount > 1 {
      throw HTTPWireError(.badHost, "more than one Host (RFC 9112 §3.2)")
    }
    if facts.hostCount == 0, start.version >= .http11 {
      throw HTTPWireError(.badHost, "an HTTP/1.1 request has no Host (RFC 9112 §3.2)")
    }
  }
}

extension FieldFacts {
  fileprivate func checkUnambiguous(_ version: HTTPVersion) throws(HTTPWireError) {
    guard isAmbiguous(version) else { return }
    if contentLength != nil {
      throw HTTPWireError(.badFraming, "both Content-Length and Transfer-Encoding (RFC 9112 §6.3)")
    }
    throw HTTPWireError(.badFraming, "Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1)")
  }
}

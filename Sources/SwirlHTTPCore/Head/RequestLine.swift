/// `GET /path HTTP/1.1` (RFC 9112 §3).
struct RequestLine: StartLine {
  let method: Range<Int>
  let kind: RequestKind
  let target: RequestTarget
  let version: HTTPVersion

  static var allowsEmptyLineBefore: Bool { true }

  static func tooLong(_ length: Int, _ limits: HTTPLimits) -> HTTPWireError? {
    length <= limits.requestLineBytes
      ? nil
      : HTTPWireError(
        .requestLineTooLong, "the request line is longer than \(limits.requestLineBytes) bytes (RFC 9112 §3)")
  }

  var isSuccess: Bool { false }

  init(parsing bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) {
    var methodEnd = line.lowerBound
    while methodEnd < line.upperBound, bytes[methodEnd].isToken { methodEnd &+= 1 }
    guard methodEnd > line.lowerBound, methodEnd < line.upperBound, bytes[methodEnd] == .space else {
      throw HTTPWireError(.badStartLine, "the method is not a token followed by a space (RFC 9112 §3.1)")
    }
    var targetEnd = methodEnd &+ 1
    while targetEnd < line.upperBound, bytes[targetEnd].isTarget { targetEnd &+= 1 }
    guard targetEnd < line.upperBound else {
      throw HTTPWireError(.badStartLine, "the request line has no version (RFC 9112 §3)")
    }
    guard bytes[targetEnd] == .space else { throw Self.targetError(bytes[targetEnd]) }
    guard line.upperBound - targetEnd - 1 == HTTPVersion.length else {
      throw HTTPWireError(.badStartLine, "the request line does not end with HTTP/1.1 (RFC 9112 §3)")
    }
    version = try HTTPVersion(parsing: bytes, at: targetEnd + 1)
    method = line.lowerBound..<methodEnd
    kind = RequestKind(parsing: bytes, method)
    target = try RequestTarget(parsing: bytes, methodEnd + 1..<targetEnd, for: kind)
  }

  /// That of HTTP/2, which has no version (RFC 9113 §8.3.1).
  init(http2 bytes: Span<UInt8>, _ method: Range<Int>, _ target: Range<Int>) throws(HTTPWireError) {
    guard bytes.isToken(method) else {
      throw HTTPWireError(.badStartLine, "the method is not a token (RFC 9110 §9.1)")
    }
    for index in target where !bytes[index].isTarget { throw Self.targetError(bytes[index]) }
    version = .http2
    self.method = method
    kind = RequestKind(parsing: bytes, method)
    self.target = try RequestTarget(parsing: bytes, target, for: kind)
  }

  private static func targetError(_ byte: UInt8) -> HTTPWireError {
    HTTPWireError(.badTarget, "the target has the byte \(byte.hex), which must be percent-encoded (RFC 9112 §3.2)")
  }
}

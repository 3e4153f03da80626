/// `HTTP/1.1 200 OK` (RFC 9112 §4).
///
/// The grammar requires the space after the code even without a reason. Many servers omit it, and its absence is
/// harmless, so this parser accepts that.
struct StatusLine: StartLine {
  let version: HTTPVersion
  let status: Int
  let reason: Range<Int>

  static var allowsEmptyLineBefore: Bool { false }

  static func tooLong(_ length: Int, _ limits: HTTPLimits) -> HTTPWireError? { nil }

  var isSuccess: Bool { (200..<300).contains(status) }

  init(parsing bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) {
    let code = line.lowerBound + HTTPVersion.length + 1
    let afterCode = code + 3
    guard line.upperBound >= afterCode, bytes[code - 1] == .space else {
      throw HTTPWireError(.badStartLine, "this is not a status line: expected HTTP/1.1 200 OK (RFC 9112 §4)")
    }
    version = try HTTPVersion(parsing: bytes, at: line.lowerBound)
    var status = 0
    for index in code..<afterCode {
      guard bytes[index].isDigit else { throw Self.codeError }
      status = status * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    guard status >= 100 else { throw Self.codeError }
    self.status = status
    guard afterCode < line.upperBound else {
      reason = afterCode..<afterCode
      return
    }
    guard bytes[afterCode] == .space else { throw Self.codeError }
    reason = afterCode + 1..<line.upperBound
  }

  /// That of HTTP/2, without a reason: `HTTP/2.0 200 ` (RFC 9113 §8.3.2).
  init(http2 status: Int) {
    version = .http2
    self.status = status
    reason = 13..<13
  }

  private static var codeError: HTTPWireError {
    HTTPWireError(.badStartLine, "the status code is not three digits from 100 to 999 (RFC 9110 §15)")
  }
}

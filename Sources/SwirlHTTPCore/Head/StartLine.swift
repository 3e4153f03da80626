/// The first line of a head: a request line or a status line.
protocol StartLine: Sendable {
  /// RFC 9112 §2.2 lets a server skip an empty line before a request line; a status line has no such exception.
  static var allowsEmptyLineBefore: Bool { get }

  /// The error for a line longer than `limit`, if this kind of line has a limit of its own.
  static func tooLong(_ length: Int, _ limits: HTTPLimits) -> HTTPWireError?

  /// Whether this is the status line of a 2xx.
  var isSuccess: Bool { get }

  /// - Parameter line: the line without its CRLF, already checked to have no control character but tab.
  init(parsing bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError)
}

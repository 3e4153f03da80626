/// The protocol version of a message (RFC 9110 §2.5). This module reads and writes 1.0 and 1.1; the heads of HTTP/2
/// messages have the same types.
///
/// A peer that announces a later minor version (`HTTP/1.2`) is treated as 1.1, the highest this side conforms to; any
/// other major version is an error that a server answers with 505.
public struct HTTPVersion: Sendable, Hashable, Comparable {
  /// Ten times the major version, and the minor one.
  private let number: UInt8

  private init(number: UInt8) {
    self.number = number
  }

  /// HTTP/1.0: no chunked coding, and a connection closes after a message unless both sides agreed to keep it.
  public static let http10 = HTTPVersion(number: 10)

  /// HTTP/1.1: a connection persists unless one side says `close`.
  public static let http11 = HTTPVersion(number: 11)

  /// HTTP/2 (RFC 9113).
  public static let http2 = HTTPVersion(number: 20)

  /// Whether the left version is the older one.
  public static func < (lhs: HTTPVersion, rhs: HTTPVersion) -> Bool {
    lhs.number < rhs.number
  }
}

extension HTTPVersion: CustomStringConvertible {
  /// As in the start line: `HTTP/1.1`; `HTTP/2` has no minor version.
  public var description: String {
    number == 20 ? "HTTP/2" : "HTTP/1.\(number - 10)"
  }
}

extension HTTPVersion {
  /// The length of `HTTP/1.1` in bytes.
  static let length = 8

  /// Reads the eight bytes at `start`, which must be within `bytes`.
  init(parsing bytes: Span<UInt8>, at start: Int) throws(HTTPWireError) {
    // "HTTP/1.1" as a little-endian integer.
    if start <= bytes.count - Self.length, bytes.word(at: start) == 0x312E_312F_5054_5448 {
      self = .http11
      return
    }
    let isVersion =
      bytes.matches("HTTP/", at: start) && bytes[start + 5].isDigit
      && bytes[start + 6] == .dot && bytes[start + 7].isDigit
    guard isVersion else {
      throw HTTPWireError(.badStartLine, "the version is not of the form HTTP/1.1 (RFC 9112 §2.3)")
    }
    guard bytes[start + 5] == UInt8(ascii: "1") else {
      throw HTTPWireError(
        .unsupportedVersion, "only HTTP/1.0 and HTTP/1.1 are spoken here (RFC 9110 §2.5)")
    }
    self = bytes[start + 7] == UInt8(ascii: "0") ? .http10 : .http11
  }
}

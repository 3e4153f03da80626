/// The protocol version of a message (RFC 9110 §2.5). This module speaks 1.0 and 1.1.
///
/// A peer that announces a later minor version (`HTTP/1.2`) is treated as 1.1, the highest this side conforms to; any
/// other major version is an error that a server answers with 505.
public struct HTTPVersion: Sendable, Hashable, Comparable {
  private let minor: UInt8

  private init(minor: UInt8) {
    self.minor = minor
  }

  /// HTTP/1.0: no chunked coding, and a connection closes after a message unless both sides agreed to keep it.
  public static let http10 = HTTPVersion(minor: 0)

  /// HTTP/1.1: a connection persists unless one side says `close`.
  public static let http11 = HTTPVersion(minor: 1)

  /// Whether the left version is the older one.
  public static func < (lhs: HTTPVersion, rhs: HTTPVersion) -> Bool {
    lhs.minor < rhs.minor
  }
}

extension HTTPVersion: CustomStringConvertible {
  /// As in the start line: `HTTP/1.1`.
  public var description: String {
    "HTTP/1.\(minor)"
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

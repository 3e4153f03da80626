import SwirlDeferred

/// How messages are told apart in a stream of bytes.
public protocol Framing: Sendable {
  /// Looks for the first message in `bytes`, of which the first `searched` were looked at before without finding it; nil when it is not whole.
  /// - Throws: ``FramingError`` for bytes that are no message, or too long a one; the connection is closed then.
  func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame?

  /// The bytes to send for `message`.
  /// - Throws: ``FramingError`` for one that cannot be sent so.
  func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8]
}

/// Where a message is among the bytes that came.
public struct Frame: Sendable {
  /// Its own bytes.
  public let message: Range<Int>
  /// Where the next one begins.
  public let end: Int

  /// - Parameters:
  ///   - message: its own bytes.
  ///   - end: where the next one begins.
  public init(message: Range<Int>, end: Int) {
    self.message = message
    self.end = end
  }
}

/// Bytes that are no message, or a message that is longer than allowed.
public struct FramingError: Error, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// - Parameter description: what is wrong.
  public init(_ description: String) { self.description = description }
}

/// Messages that end with a delimiter: lines, with CR LF, unless told otherwise. Twisted: `LineOnlyReceiver`.
public struct LineFraming: Framing {
  private let delimiter: [UInt8]
  private let maximumLength: Int

  /// - Parameters:
  ///   - delimiter: what ends a message. With `"\n"`, a CR before it is part of the message.
  ///   - maximumLength: the longest message, in bytes.
  public init(delimiter: String = "\r\n", maximumLength: Int = 16 * 1024) {
    require(!delimiter.isEmpty && maximumLength > 0, "lines need a delimiter, and room for a byte")
    self.delimiter = Array(delimiter.utf8)
    self.maximumLength = maximumLength
  }

  /// Looks for the delimiter.
  public func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame? {
    var index = max(0, searched - delimiter.count + 1)
    while index + delimiter.count <= bytes.count {
      if bytes[index] == delimiter[0], matches(bytes, at: index) {
        if index > maximumLength { break }
        return Frame(message: 0..<index, end: index + delimiter.count)
      }
      index += 1
    }
    if index > maximumLength { throw FramingError("a line is longer than \(maximumLength) bytes") }
    return nil
  }

  private func matches(_ bytes: Span<UInt8>, at index: Int) -> Bool {
    for offset in delimiter.indices where bytes[index + offset] != delimiter[offset] { return false }
    return true
  }

  /// Adds the delimiter, which must not be in the message.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    let bytes = message + delimiter
    if try firstFrame(in: bytes.span, searched: 0)?.end != bytes.count {
      throw FramingError("a line has its delimiter inside")
    }
    return bytes
  }
}

/// Messages after their length, an unsigned number of 1, 2 or 4 bytes, the most significant first. Twisted: `Int8StringReceiver`,
/// `Int16StringReceiver`, `Int32StringReceiver`.
public struct LengthFraming: Framing {
  private let width: Int
  private let maximumLength: Int

  /// - Parameters:
  ///   - width: how many bytes the length has: 1, 2 or 4.
  ///   - maximumLength: the longest message, in bytes.
  public init(width: Int = 4, maximumLength: Int = 16 * 1024 * 1024) {
    require([1, 2, 4].contains(width), "a length of \(width) bytes: it has 1, 2 or 4")
    self.width = width
    self.maximumLength = min(maximumLength, 1 << (8 * width) - 1)
  }

  /// Reads the length.
  public func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame? {
    guard bytes.count >= width else { return nil }
    var length = 0
    for index in 0..<width { length = length << 8 | Int(bytes[index]) }
    if length > maximumLength { throw FramingError("a message of \(length) bytes, where \(maximumLength) are allowed") }
    return bytes.count < width + length ? nil : Frame(message: width..<width + length, end: width + length)
  }

  /// Puts the length before it.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    if message.count > maximumLength {
      throw FramingError("a message of \(message.count) bytes, where \(maximumLength) are allowed")
    }
    return (0..<width).map { UInt8(truncatingIfNeeded: message.count >> (8 * (width - 1 - $0))) } + message
  }
}

/// Netstrings: the length in decimal digits, a colon, the message, a comma. Twisted: `NetstringReceiver`; D. J. Bernstein, "Netstrings".
public struct NetstringFraming: Framing {
  private let maximumLength: Int

  /// - Parameter maximumLength: the longest message, in bytes.
  public init(maximumLength: Int = 16 * 1024 * 1024) { self.maximumLength = maximumLength }

  /// Reads the length, and checks what is around the message.
  public func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame? {
    var length = 0
    var index = 0
    while index < bytes.count, bytes[index] != UInt8(ascii: ":") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]), index == 0 || bytes[0] != UInt8(ascii: "0")
      else {
        throw FramingError("a netstring begins with its length in digits, without a leading zero, and a colon")
      }
      let digit = Int(bytes[index] - UInt8(ascii: "0"))
      // Asked before it is counted: what is allowed may be all that a number can be.
      if length > (maximumLength - digit) / 10 { throw FramingError("a netstring of more than \(maximumLength) bytes") }
      length = length * 10 + digit
      index += 1
    }
    guard index < bytes.count else { return nil }
    if index == 0 { throw FramingError("a netstring without a length") }
    let start = index + 1
    guard bytes.count - start > length else { return nil }
    guard bytes[start + length] == UInt8(ascii: ",") else {
      throw FramingError("a netstring does not end with a comma")
    }
    return Frame(message: start..<start + length, end: start + length + 1)
  }

  /// Puts the length before it, and a comma after it.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    if message.count > maximumLength {
      throw FramingError("a netstring of \(message.count) bytes, where \(maximumLength) are allowed")
    }
    return Array("\(message.count):".utf8) + message + [UInt8(ascii: ",")]
  }
}

import SwirlDeferred

/// Delimits messages in a stream of bytes.
public protocol Framing: Sendable {
  /// Finds the first message in `bytes`, of which earlier calls have searched the first `searched`; nil if it is
  /// incomplete.
  /// - Throws: ``FramingError`` for bytes that are not a message, or a message that is too long; the connection is
  ///   closed then.
  func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame?

  /// The bytes to send for `message`.
  /// - Throws: ``FramingError`` for a message that it cannot encode.
  func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8]
}

/// The position of a message in the received bytes.
public struct Frame: Sendable {
  /// The bytes of the message.
  public let message: Range<Int>
  /// The start of the next message.
  public let end: Int

  /// - Parameters:
  ///   - message: the bytes of the message.
  ///   - end: the start of the next message.
  public init(message: Range<Int>, end: Int) {
    self.message = message
    self.end = end
  }
}

/// Bytes that are not a message, or a message that is too long.
public struct FramingError: Error, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// - Parameter description: the reason.
  public init(_ description: String) { self.description = description }
}

/// Messages that end with a delimiter: by default lines with CR LF. Twisted: `LineOnlyReceiver`.
public struct LineFraming: Framing {
  private let delimiter: [UInt8]
  private let maximumLength: Int

  /// - Parameters:
  ///   - delimiter: the end of a message. With `"\n"`, a CR before it is part of the message.
  ///   - maximumLength: the maximum length of a message, in bytes.
  public init(delimiter: String = "\r\n", maximumLength: Int = 16 * 1024) {
    require(!delimiter.isEmpty && maximumLength > 0, "lines need a delimiter, and room for a byte")
    self.delimiter = Array(delimiter.utf8)
    self.maximumLength = maximumLength
  }

  /// Finds the delimiter.
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

  /// Appends the delimiter, which the message must not contain.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    let bytes = message + delimiter
    if try firstFrame(in: bytes.span, searched: 0)?.end != bytes.count {
      throw FramingError("a line has its delimiter inside")
    }
    return bytes
  }
}

/// Messages with a length prefix: an unsigned big-endian integer of 1, 2 or 4 bytes. Twisted: `Int8StringReceiver`,
/// `Int16StringReceiver`, `Int32StringReceiver`.
public struct LengthFraming: Framing {
  private let width: Int
  private let maximumLength: Int

  /// - Parameters:
  ///   - width: the size of the prefix in bytes: 1, 2 or 4.
  ///   - maximumLength: the maximum length of a message, in bytes.
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

  /// Prepends the length.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    if message.count > maximumLength {
      throw FramingError("a message of \(message.count) bytes, where \(maximumLength) are allowed")
    }
    return (0..<width).map { UInt8(truncatingIfNeeded: message.count >> (8 * (width - 1 - $0))) } + message
  }
}

/// Netstrings: the length in decimal digits, a colon, the message, a comma. Twisted: `NetstringReceiver`; D. J.
/// Bernstein, "Netstrings".
public struct NetstringFraming: Framing {
  private let maximumLength: Int

  /// - Parameter maximumLength: the maximum length of a message, in bytes.
  public init(maximumLength: Int = 16 * 1024 * 1024) { self.maximumLength = maximumLength }

  /// Reads the length, and checks the separators.
  public func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame? {
    var length = 0
    var index = 0
    while index < bytes.count, bytes[index] != UInt8(ascii: ":") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]), index == 0 || bytes[0] != UInt8(ascii: "0")
      else {
        throw FramingError("a netstring begins with its length in digits, without a leading zero, and a colon")
      }
      let digit = Int(bytes[index] - UInt8(ascii: "0"))
      // Check before adding, because the limit may be the maximum integer.
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

  /// Prepends the length, and appends a comma.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    if message.count > maximumLength {
      throw FramingError("a netstring of \(message.count) bytes, where \(maximumLength) are allowed")
    }
    return Array("\(message.count):".utf8) + message + [UInt8(ascii: ",")]
  }
}

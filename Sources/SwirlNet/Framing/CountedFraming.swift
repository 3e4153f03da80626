import SwirlDeferred

/// Lines with CR LF, of which some announce how many bytes follow them, with another CR LF behind: the strings of
/// Redis, the values of memcached.
///
/// ```swift
/// CountedFraming { line in line.hasPrefix("$") ? Int(line.dropFirst()) : nil }
/// ```
///
/// A message is a line, or a line with its CR LF and the bytes that it announces.
public struct CountedFraming: Framing {
  private let lines: LineFraming
  private let maximumLength: Int
  private let count: @Sendable (String) -> Int?

  /// - Parameters:
  ///   - maximumLength: the maximum number of bytes behind a line.
  ///   - maximumLineLength: the maximum length of a line, in bytes.
  ///   - count: the number of bytes that a line announces; nil, or a negative one, for a line by itself. It is asked
  ///     again when more bytes arrive.
  public init(
    maximumLength: Int = 64 * 1024 * 1024, maximumLineLength: Int = 16 * 1024,
    count: @escaping @Sendable (_ line: String) -> Int?
  ) {
    lines = LineFraming(maximumLength: maximumLineLength)
    self.maximumLength = maximumLength
    self.count = count
  }

  /// Finds the line, and what it announces.
  public func firstFrame(in bytes: Span<UInt8>, searched: Int) throws(FramingError) -> Frame? {
    // The bytes behind an earlier line may have been searched: this looks for the first line again.
    guard let line = try lines.firstFrame(in: bytes, searched: 0) else { return nil }
    let text = bytes.extracting(line.message).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    guard let length = count(text), length >= 0 else { return line }
    if length > maximumLength {
      throw FramingError("a message of \(length) bytes, where \(maximumLength) are allowed")
    }
    let end = line.end + length + 2
    guard bytes.count >= end else { return nil }
    guard bytes[end - 2] == UInt8(ascii: "\r"), bytes[end - 1] == UInt8(ascii: "\n") else {
      throw FramingError("\(length) bytes, as announced, do not end with CR LF")
    }
    return Frame(message: 0..<end - 2, end: end)
  }

  /// Appends CR LF to a line, or to a line and the bytes that it announces.
  public func encode(_ message: [UInt8]) throws(FramingError) -> [UInt8] {
    let bytes = message + Array("\r\n".utf8)
    guard try firstFrame(in: bytes.span, searched: 0)?.end == bytes.count else {
      throw FramingError("the message is not a line, with the bytes that it announces")
    }
    return bytes
  }
}

/// Goes through bytes line by line, and on where it stopped when more are there.
///
/// A control character is judged when it comes, all else of a line when its CRLF has come, never before: so the same bytes give
/// the same lines and the same error however reads cut them. No byte is looked at twice: bytes that come one at a time cost no
/// more than bytes that come together.
struct LineScanner: Sendable {
  enum Result {
    /// The line has not ended yet.
    case incomplete
    /// A line without its CRLF, with no control character but tab in it.
    case line(Range<Int>)
    /// The byte here can't be: a control character in a line, or something else than a line feed after a carriage return.
    case broken(at: Int)
  }

  /// Where the line that is not complete yet begins: behind the end of the line before.
  private(set) var lineStart = 0
  /// How far that line is known to be clean.
  private var clean = 0

  mutating func next(in bytes: Span<UInt8>) -> Result {
    let end = bytes.firstControl(from: clean)
    clean = end
    if end == bytes.count { return .incomplete }
    guard bytes[end] == .carriageReturn else { return .broken(at: end) }
    if end + 1 == bytes.count { return .incomplete }
    guard bytes[end + 1] == .lineFeed else { return .broken(at: end + 1) }
    let line = lineStart..<end
    lineStart = end + 2
    clean = lineStart
    return .line(line)
  }

  /// How a lenient reader goes on at a byte for which `next` returned `broken`.
  enum Resumption {
    /// The line ends here, with a line feed alone.
    case line(Range<Int>)
    /// The line goes on behind a control character.
    case passed
    /// There is no going on: NUL, or a carriage return that no line feed follows.
    case none
  }

  /// - Parameter index: what `broken` had.
  mutating func resume(_ bytes: Span<UInt8>, at index: Int) -> Resumption {
    // Behind a carriage return `clean` stays where that is.
    guard clean == index, bytes[index] != 0 else { return .none }
    clean = index + 1
    guard bytes[index] == .lineFeed else { return .passed }
    let line = lineStart..<index
    lineStart = clean
    return .line(line)
  }

  /// What to say of a byte at which a line was broken.
  static func error(_ bytes: Span<UInt8>, at index: Int, _ code: HTTPWireError.Code) -> HTTPWireError {
    if index > 0, bytes[index - 1] == .carriageReturn {
      return HTTPWireError(code, "a carriage return that no line feed follows (RFC 9112 §2.2)")
    }
    if bytes[index] == .lineFeed {
      return HTTPWireError(code, "a line ends with a line feed alone, without carriage return (RFC 9112 §2.2)")
    }
    return HTTPWireError(code, "the control character \(bytes[index].hex) in a line (RFC 9110 §5.5)")
  }
}

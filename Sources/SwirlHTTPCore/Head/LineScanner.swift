/// Scans bytes line by line, and resumes where it stopped when more input arrives.
///
/// It checks control characters at once, and everything else of a line only once its CRLF has arrived. So the same
/// bytes give the same lines and the same error, however reads split them. It scans no byte twice: single bytes cost no
/// more than one block.
struct LineScanner: Sendable {
  enum Result {
    /// The line is incomplete.
    case incomplete
    /// A line without its CRLF, without control characters but tab.
    case line(Range<Int>)
    /// The byte at this position is invalid: a control character in a line, or a byte other than a line feed after a
    /// carriage return.
    case broken(at: Int)
  }

  /// The start of the incomplete line: behind the end of the previous line.
  private(set) var lineStart = 0
  /// The position up to which that line is checked.
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

  /// How a lenient parser continues at a byte for which `next` returned `broken`.
  enum Resumption {
    /// The line ends here, with a bare line feed.
    case line(Range<Int>)
    /// The line continues behind a control character.
    case passed
    /// Cannot continue: NUL, or a carriage return without a line feed.
    case none
  }

  /// - Parameter index: the position in `broken`.
  mutating func resume(_ bytes: Span<UInt8>, at index: Int) -> Resumption {
    // `clean` stops at a carriage return until the byte behind it arrives.
    guard clean == index, bytes[index] != 0 else { return .none }
    clean = index + 1
    guard bytes[index] == .lineFeed else { return .passed }
    let line = lineStart..<index
    lineStart = clean
    return .line(line)
  }

  /// The error for an invalid byte in a line.
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

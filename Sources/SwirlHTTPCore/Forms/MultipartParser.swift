import HTTPTypes

/// Parses `multipart/form-data` as it arrives (RFC 7578, RFC 2046 §5.1.1).
///
/// It is strict: lines end in CR LF, a part has a name, and the form ends with its last delimiter. What a part's head
/// may have is limited; the content is not held, and so needs no limit here.
package struct MultipartParser {
  package enum Event: Equatable {
    case part(MultipartHead)
    /// Content of the last part.
    case content([UInt8])
    /// The last part is complete.
    case partEnded
    /// The form is complete. What follows is ignored.
    case finished
    case needMore
  }

  private enum State {
    case preamble, delimiter, head, content, finished
  }

  private let limits: MultipartLimits
  /// CR LF, two hyphens and the boundary.
  private let delimiter: [UInt8]
  private var state = State.preamble
  /// As if a line ended before the first delimiter.
  private var buffer: [UInt8] = [0x0D, 0x0A]
  /// The number of bytes of the buffer that are done with.
  private var start = 0
  /// The number of bytes behind `start` in which no head ends.
  private var searched = 0
  private var partCount = 0
  private var preambleCount = 0

  /// - Parameter boundary: of one to seventy characters.
  package init(boundary: String, limits: MultipartLimits) {
    self.limits = limits
    delimiter = Array("\r\n--\(boundary)".utf8)
  }

  package mutating func append(_ bytes: [UInt8]) {
    if start == buffer.count {
      buffer = bytes
    } else {
      buffer.removeFirst(start)
      buffer += bytes
    }
    start = 0
  }

  package mutating func next() throws(MultipartError) -> Event {
    while true {
      switch state {
      case .preamble:
        let (content, isWhole) = takeUpToDelimiter()
        preambleCount += content.count
        guard preambleCount <= limits.headBytes else { throw .noForm }
        guard isWhole else { return .needMore }
      case .delimiter:
        guard let goesOn = try takeEndOfDelimiter() else { return .needMore }
        state = goesOn ? .head : .finished
      case .head:
        guard let head = try takeHead() else { return .needMore }
        partCount += 1
        guard partCount <= limits.parts else { throw .tooManyParts(limits.parts) }
        state = .content
        return .part(head)
      case .content:
        let (content, isWhole) = takeUpToDelimiter()
        if !content.isEmpty {
          // The end of the part comes with the next call.
          if isWhole {
            state = .content
            start -= delimiter.count
          }
          return .content(Array(content))
        }
        return isWhole ? .partEnded : .needMore
      case .finished: return .finished
      }
    }
  }

  /// Whether the form is complete.
  package var isFinished: Bool { state == .finished }

  /// What stands before the next delimiter, or before what may be the beginning of one. Behind a whole delimiter, the
  /// state is that after it.
  private mutating func takeUpToDelimiter() -> (content: ArraySlice<UInt8>, isWhole: Bool) {
    let found = firstDelimiter()
    let content = buffer[start..<found.index]
    start = found.isWhole ? found.index + delimiter.count : found.index
    if found.isWhole { state = .delimiter }
    return (content, found.isWhole)
  }

  private func firstDelimiter() -> (index: Int, isWhole: Bool) {
    let bytes = buffer.span
    var index = bytes.firstCarriageReturn(from: start)
    while index < bytes.count {
      let length = min(delimiter.count, bytes.count - index)
      var same = 1
      while same < length, bytes[index + same] == delimiter[same] { same += 1 }
      if same == length { return (index, length == delimiter.count) }
      index = bytes.firstCarriageReturn(from: index + 1)
    }
    return (bytes.count, false)
  }

  /// Whether another part follows; nil if that is not known yet.
  private mutating func takeEndOfDelimiter() throws(MultipartError) -> Bool? {
    let rest = buffer[start...]
    if rest.starts(with: [0x2D, 0x2D]) {
      start = buffer.count
      return false
    }
    let line = rest.drop { $0 == 0x20 || $0 == 0x09 }
    guard rest.count - line.count <= 64 else { throw .strayBytes }
    if line.starts(with: [0x0D, 0x0A]) {
      start = line.startIndex + 2
      return true
    }
    // A hyphen, or the line's end, may be cut.
    let mayBe = line.isEmpty || line.count == 1 && (line.first == 0x0D || line.first == 0x2D && rest.count == 1)
    guard mayBe else { throw .strayBytes }
    return nil
  }

  private mutating func takeHead() throws(MultipartError) -> MultipartHead? {
    let rest = buffer[start...]
    let end = rest.starts(with: [0x0D, 0x0A]) ? rest.startIndex : Self.endOfHead(rest.dropFirst(max(0, searched - 3)))
    guard let end else {
      guard rest.count <= limits.headBytes else { throw .longHead(limits.headBytes) }
      searched = rest.count
      return nil
    }
    searched = 0
    guard end - start <= limits.headBytes else { throw .longHead(limits.headBytes) }
    let head = try MultipartHead(String(decoding: buffer[start..<end], as: UTF8.self))
    start = end + (end == rest.startIndex ? 2 : 4)
    return head
  }

  private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
    var index = bytes.startIndex
    while index + 3 < bytes.endIndex {
      if bytes[index...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) { return index }
      index += 1
    }
    return nil
  }
}

/// How much a form may have.
public struct MultipartLimits: Sendable, Hashable {
  /// The number of parts.
  public var parts = 1000
  /// The bytes of one part's head: its fields, with the name and the file name.
  public var headBytes = 8 * 1024

  /// A thousand parts, with heads of 8 KiB.
  public init() {}
}

/// Why a form cannot be read.
package enum MultipartError: Error, Hashable, CustomStringConvertible {
  case noForm
  case noBoundary
  case strayBytes
  case badHead(String)
  case longHead(Int)
  case tooManyParts(Int)
  case cut

  /// Whether it is a limit that the form exceeds.
  package var isLimit: Bool {
    switch self {
    case .longHead, .tooManyParts: true
    case .noForm, .noBoundary, .strayBytes, .badHead, .cut: false
    }
  }

  package var description: String {
    switch self {
    case .noForm: "the content has no part: it does not begin with the boundary that Content-Type names"
    case .noBoundary: "Content-Type is not multipart/form-data with a boundary"
    case .strayBytes: "there is more than a boundary on the line of one"
    case .badHead(let reason): "the head of a part: \(reason)"
    case .longHead(let limit): "the head of a part has more than \(limit) bytes"
    case .tooManyParts(let limit): "the form has more than \(limit) parts"
    case .cut: "the form ends before its last boundary"
    }
  }
}

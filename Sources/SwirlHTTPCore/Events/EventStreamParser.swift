/// Parses a stream of server-sent events (WHATWG HTML §9.2.6): bytes in, events out.
///
/// Lines end with CR LF, LF or CR. A byte order mark at the beginning, comments and unknown fields are ignored, and so
/// is an event that the end of the stream cuts off. Bytes that are not UTF-8 become U+FFFD.
package struct EventStreamParser {
  /// An event has more bytes than the limit.
  package struct TooLargeError: Error {}

  /// The last ID of the stream; empty without one. It stays when the client reconnects.
  package private(set) var lastEventID: String
  /// The last `retry` of the stream.
  package private(set) var reconnectionTime: Duration?

  /// The most bytes of an event.
  private let limit: Int
  /// The bytes of a line whose end has not come.
  private var line: [UInt8] = []
  /// The last byte was CR: a line feed behind it belongs to it.
  private var isAfterReturn = false
  private var isAtStart = true

  private var data: [UInt8] = []
  private var hasData = false
  private var type = ""
  /// The ID of this event; it becomes the last ID when the event ends.
  private var id: String

  package init(lastEventID: String = "", limit: Int) {
    self.lastEventID = lastEventID
    id = lastEventID
    self.limit = limit
  }

  /// Takes bytes and appends the events that they complete.
  package mutating func parse(_ bytes: Span<UInt8>, into events: inout [ServerSentEvent]) throws(TooLargeError) {
    var start = 0
    for index in bytes.indices {
      let byte = bytes[index]
      if isAfterReturn {
        isAfterReturn = false
        if byte == .lineFeed {
          start = index + 1
          continue
        }
      }
      guard byte == .lineFeed || byte == .carriageReturn else { continue }
      try append(bytes.extracting(start..<index))
      start = index + 1
      isAfterReturn = byte == .carriageReturn
      endLine(into: &events)
    }
    try append(bytes.extracting(start..<bytes.count))
  }

  private mutating func append(_ bytes: Span<UInt8>) throws(TooLargeError) {
    guard bytes.count <= limit - line.count - data.count else { throw TooLargeError() }
    // No `reserveCapacity`, which would grow to that number alone: an event in small pieces would be copied for each.
    for index in bytes.indices { line.append(bytes[index]) }
  }

  private mutating func endLine(into events: inout [ServerSentEvent]) {
    if isAtStart {
      isAtStart = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    if line.isEmpty { return dispatch(into: &events) }
    let colon = line.firstIndex(of: UInt8(ascii: ":"))
    var value = line[(colon.map { $0 + 1 } ?? line.endIndex)...]
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    process(String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self), value)
    line.removeAll(keepingCapacity: line.capacity <= Self.kept)
  }

  /// The capacity that is kept for the next line.
  private static let kept = 4096

  private mutating func process(_ field: String, _ value: ArraySlice<UInt8>) {
    switch field {
    case "data":
      if hasData { data.append(.lineFeed) }
      data += value
      hasData = true
    case "event": type = String(decoding: value, as: UTF8.self)
    case "id": if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
    case "retry":
      let isNumber = !value.isEmpty && value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      if isNumber, let time = Int64(String(decoding: value, as: UTF8.self)), time <= ServerSentEvent.longestRetry {
        reconnectionTime = .milliseconds(time)
      }
    default: break
    }
  }

  private mutating func dispatch(into events: inout [ServerSentEvent]) {
    lastEventID = id
    if hasData {
      events.append(
        ServerSentEvent(
          String(decoding: data, as: UTF8.self), type: type.isEmpty ? "message" : type,
          id: lastEventID.isEmpty ? nil : lastEventID))
    }
    data.removeAll(keepingCapacity: data.capacity <= Self.kept)
    hasData = false
    type = ""
  }
}

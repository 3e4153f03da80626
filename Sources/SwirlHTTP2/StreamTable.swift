#if HTTP2
/// What belongs to the streams of a connection, by their numbers.
///
/// A peer counts its streams up by two, so the place of one is the low bits of its number, or the next free place: a
/// lookup takes no hash. Numbers that were chosen to meet cost as many steps as there are streams at once, which the
/// settings limit.
@usableFromInline package struct StreamTable<Value> {
  /// Stream zero is the connection's: such a place is free.
  @usableFromInline var entries: [(stream: Int32, value: Value?)] = []
  @usableFromInline package internal(set) var count = 0

  @inlinable package init() {}

  @inlinable package var isEmpty: Bool { count == 0 }

  /// All of them, unordered.
  @inlinable package var values: [Value] { entries.compactMap { $0.value } }

  /// Calls `body` with each, unordered; it does not change the table.
  @inlinable package func forEach(_ body: (Value) -> Void) {
    for entry in entries { if let value = entry.value { body(value) } }
  }

  @inlinable package subscript(stream: Int32) -> Value? {
    get {
      guard let place = place(of: stream) else { return nil }
      return entries[place].value
    }
    set {
      guard let newValue else {
        _ = removeValue(for: stream)
        return
      }
      if let place = place(of: stream) {
        entries[place].value = newValue
      } else {
        insert(newValue, for: stream)
      }
    }
  }

  /// Removes what belongs to a stream.
  @inlinable package mutating func removeValue(for stream: Int32) -> Value? {
    guard var gap = place(of: stream) else { return nil }
    let value = entries[gap].value
    count -= 1
    // An idle connection holds no large table.
    if count == 0, entries.count > Self.least {
      entries = []
      return value
    }
    // What lies behind it for want of its own place moves up.
    var next = gap
    while true {
      next = (next + 1) & (entries.count - 1)
      let entry = entries[next].stream
      if entry == 0 { break }
      let distance = (next - home(of: entry)) & (entries.count - 1)
      if distance >= (next - gap) & (entries.count - 1) {
        entries.swapAt(gap, next)
        gap = next
      }
    }
    entries[gap] = (0, nil)
    return value
  }

  @inlinable static var least: Int { 8 }

  @inlinable func home(of stream: Int32) -> Int { Int(stream >> 1) & (entries.count - 1) }

  @inlinable func place(of stream: Int32) -> Int? {
    if count == 0 || stream <= 0 { return nil }
    var place = home(of: stream)
    // It ends: half of the places are free.
    while entries[place].stream != stream {
      if entries[place].stream == 0 { return nil }
      place = (place + 1) & (entries.count - 1)
    }
    return place
  }

  @inlinable mutating func insert(_ value: Value, for stream: Int32) {
    precondition(stream > 0, "a stream of HTTP/2 has a number above zero")
    if 2 * count >= entries.count { grow() }
    var place = home(of: stream)
    while entries[place].stream != 0 { place = (place + 1) & (entries.count - 1) }
    entries[place] = (stream, value)
    count += 1
  }

  @inlinable mutating func grow() {
    let held = entries
    entries = Array(repeating: (0, nil), count: max(Self.least, 2 * held.count))
    count = 0
    for (stream, value) in held { if let value { insert(value, for: stream) } }
  }
}
#endif

import SwirlDeferred

/// The requests under way, by their numbers.
///
/// Numbers count up, and a number's place is its low bits: a lookup is one access, without hashing. The table is twice
/// as large as what it holds, so that a place is nearly always free; a number whose place is taken is skipped. So a
/// request that stays for long costs one place, and a number is not given twice while its response is missing.
struct RequestTable<Response> {
  struct Entry {
    let number: Int
    /// nil for a request that was given up: its response is dropped.
    var response: Deferred<Response>?
    /// When it times out, in nanoseconds on the reactor's clock.
    var deadline: Int64
    /// How often something had been received when it was sent.
    let receptions: Int
    /// The offset of its first byte in all that was sent.
    let start: Int
  }

  private var entries: [Entry?]
  private(set) var count = 0
  private let numbers: ClosedRange<Int>
  private var next: Int
  private var oldest: Int

  init(numbers: ClosedRange<Int>) {
    self.numbers = numbers
    next = numbers.lowerBound
    oldest = next
    entries = Array(repeating: nil, count: 16)
  }

  private func place(of number: Int) -> Int { (number &- numbers.lowerBound) & (entries.count - 1) }

  private func successor(of number: Int) -> Int { number == numbers.upperBound ? numbers.lowerBound : number + 1 }

  /// The number for the next request; nil if all are in use.
  mutating func makeNumber() -> Int? {
    // With a place for each number, no two collide.
    if count * 2 >= entries.count, entries.count <= numbers.upperBound - numbers.lowerBound { grow() }
    for _ in 0..<entries.count {
      let number = next
      next = successor(of: number)
      if entries[place(of: number)] == nil { return number }
    }
    return nil
  }

  private mutating func grow() {
    let held = entries
    entries = Array(repeating: nil, count: held.count * 2)
    // Numbers that differed in their low bits still do.
    for case let entry? in held { entries[place(of: entry.number)] = entry }
  }

  mutating func insert(_ entry: Entry) {
    if count == 0 { oldest = entry.number }
    entries[place(of: entry.number)] = entry
    count += 1
  }

  mutating func remove(_ number: Int) -> Entry? {
    guard numbers.contains(number) else { return nil }
    let place = place(of: number)
    guard let entry = entries[place], entry.number == number else { return nil }
    entries[place] = nil
    count -= 1
    return entry
  }

  /// Removes the request that was inserted first.
  mutating func removeOldest() -> Entry? {
    if count == 0 { return nil }
    while true {
      let number = oldest
      oldest = successor(of: number)
      if let entry = remove(number) { return entry }
    }
  }

  /// All requests, in the order in which they were sent.
  var inOrder: [Entry] { entries.compactMap { $0 }.sorted { $0.start < $1.start } }

  func contains(where isWanted: (Entry) -> Bool) -> Bool { entries.contains { $0.map(isWanted) ?? false } }

  /// Gives up the requests for which `isOver`: their places stay. Returns them.
  mutating func giveUp(where isOver: (Entry) -> Bool) -> [Entry] {
    var over: [Entry] = []
    for index in entries.indices {
      guard let entry = entries[index], entry.response != nil, isOver(entry) else { continue }
      over.append(entry)
      entries[index]!.response = nil
      entries[index]!.deadline = .max
    }
    return over
  }

  /// The earliest deadline, `.max` without one.
  var nextDeadline: Int64 { entries.reduce(.max) { min($0, $1?.deadline ?? .max) } }

  mutating func removeAll() {
    entries = Array(repeating: nil, count: 16)
    count = 0
  }
}

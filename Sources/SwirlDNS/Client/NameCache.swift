import SwirlDeferred

/// Records that were found, until their time is over.
struct FoundRecords {
  let records: [DNSRecord]
  let aliases: [DNSRecord]
  let isAuthenticated: Bool
  /// When they were found.
  let foundAt: Instant

  init(records: [DNSRecord], aliases: [DNSRecord], isAuthenticated: Bool, now: Instant) {
    self.records = records
    self.aliases = aliases
    self.isAuthenticated = isAuthenticated
    foundAt = now
  }

  /// The least TTL of all, in seconds.
  var seconds: UInt32 { aliases.reduce(records.reduce(.max) { min($0, $1.seconds) }) { min($0, $1.seconds) } }

  /// The records as they are at a later moment, with less time left.
  func aged(at now: Instant) -> [DNSRecord] {
    // Rounded up: an answer must not be kept for longer than its server says.
    let (seconds, rest) = (now - foundAt).components
    let age = UInt32(clamping: seconds + (rest > 0 ? 1 : 0))
    return records.map { DNSRecord($0.name, $0.typeNumber, seconds: $0.seconds - min(age, $0.seconds), $0.data) }
  }
}

/// Answers, each until its TTL has passed. Bounded: when it is full, those that were not used for the longest time go.
///
/// In two halves: a new answer goes to the young half, as one that is used again does. When that is full, it becomes
/// the old half, and the old half is dropped.
struct NameCache {
  typealias Answer = Result<FoundRecords, NameError>
  private struct Entry {
    let answer: Answer
    let goodUntil: Instant
  }

  private var young: [NameQuestion.Key: Entry] = [:]
  private var old: [NameQuestion.Key: Entry] = [:]
  private let half: Int
  private let maximumTTL: Duration

  init(capacity: Int, maximumTTL: Duration) {
    half = capacity / 2
    self.maximumTTL = maximumTTL
  }

  var count: Int { young.count + old.count }

  mutating func answer(for key: NameQuestion.Key, now: Instant) -> Answer? {
    if half == 0 { return nil }
    if let entry = young[key] {
      if entry.goodUntil > now { return entry.answer }
      young[key] = nil
      return nil
    }
    guard let entry = old.removeValue(forKey: key), entry.goodUntil > now else { return nil }
    insert(entry, for: key)
    return entry.answer
  }

  mutating func insert(_ answer: Answer, for key: NameQuestion.Key, keep: Duration, now: Instant) {
    let keep = min(keep, maximumTTL)
    guard half > 0, keep > .zero else { return }
    insert(Entry(answer: answer, goodUntil: now + keep), for: key)
  }

  private mutating func insert(_ entry: Entry, for key: NameQuestion.Key) {
    if young.count >= half {
      old = young
      young = [:]
    }
    young[key] = entry
  }

  mutating func removeAll() {
    young = [:]
    old = [:]
  }
}

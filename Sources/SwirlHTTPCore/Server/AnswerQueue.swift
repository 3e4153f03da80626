/// The unanswered requests of one connection, in FIFO order, which is the order of the responses (RFC 9112 §9.3.2).
struct AnswerQueue: Sendable {
  enum Stage: UInt8, Sendable {
    /// The handler has not answered.
    case awaited
    /// The response is ready; earlier ones are not sent yet.
    case ready
    /// The answer is being sent.
    case sending
  }

  private struct Place: Sendable {
    var stage: Stage
    /// The memory of the request, and of its response once that is ready.
    var bytes: Int
  }

  /// The number of unanswered requests.
  private(set) var count = 0
  /// The sequence number of the first one.
  private(set) var firstNumber = 0
  /// The memory of all of them.
  private(set) var heldBytes = 0
  // By default one request is in progress at a time, so that the array is never allocated.
  private var first = Place(stage: .awaited, bytes: 0)
  private var later: [Place] = []

  var isEmpty: Bool { count == 0 }
  var lastNumber: Int { firstNumber &+ count &- 1 }
  var isFirstAwaited: Bool { count > 0 && first.stage == .awaited }
  var isFirstReady: Bool { count > 0 && first.stage == .ready }

  /// For tests: the stage of each.
  var stages: [Stage] { isEmpty ? [] : [first.stage] + later.map(\.stage) }

  /// Adds a request at the end, and returns its number.
  mutating func append(_ stage: Stage, bytes: Int) -> Int {
    let place = Place(stage: stage, bytes: bytes)
    if count == 0 { first = place } else { later.append(place) }
    count &+= 1
    heldBytes += bytes
    return lastNumber
  }

  /// The answer to this request is ready. False if it was answered already or has left the queue.
  mutating func makeReady(_ number: Int, bytes: Int) -> Bool {
    guard let index = index(of: number) else { return false }
    if index == 0 {
      guard first.stage == .awaited else { return false }
      first.stage = .ready
      first.bytes += bytes
    } else {
      guard later[index - 1].stage == .awaited else { return false }
      later[index - 1].stage = .ready
      later[index - 1].bytes += bytes
    }
    heldBytes += bytes
    return true
  }

  mutating func beginSending() { first.stage = .sending }

  mutating func removeFirst() {
    heldBytes -= first.bytes
    count &-= 1
    firstNumber &+= 1
    if count > 0 { first = later.removeFirst() }
  }

  /// Removes all but the first.
  mutating func removeLater() {
    if later.isEmpty { return }
    later = []
    count = 1
    heldBytes = first.bytes
  }

  mutating func removeAll() {
    firstNumber &+= count
    count = 0
    heldBytes = 0
    later = []
  }

  private func index(of number: Int) -> Int? {
    let index = number &- firstNumber
    return index >= 0 && index < count ? index : nil
  }
}

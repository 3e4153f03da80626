/// How many pages are under way at once: as many as the user wants, and fewer while this machine has no room for them.
struct Concurrency {
  /// So many successes in a row allow one more.
  private static let successes = 20
  /// So many failures in a row, the last of them of one page alone, are no shortage that passes.
  private static let patience = 20
  private let wanted: Int
  private(set) var limit: Int
  private var succeeded = 0
  private var failed = 0

  init(_ wanted: Int) {
    self.wanted = wanted
    limit = wanted
  }

  mutating func noteSuccess() {
    failed = 0
    succeeded += 1
    guard succeeded >= Self.successes else { return }
    succeeded = 0
    limit = min(limit + 1, wanted)
  }

  /// - Parameter underWay: how many there were when one of them had no room.
  /// - Returns: whether to try again.
  mutating func noteShortage(underWay: Int) -> Bool {
    succeeded = 0
    failed += 1
    limit = max(1, min(limit, underWay * 3 / 4))
    return limit > 1 || failed < Self.patience
  }
}

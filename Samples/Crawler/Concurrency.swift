/// The number of pages in flight: as many as the user wants, fewer while this machine lacks resources.
struct Concurrency {
  /// This many successes in a row allow one more page.
  private static let successes = 20
  /// This many failures in a row, the last with a single page in flight, are not a temporary shortage.
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

  /// - Parameter underWay: the number of pages in flight when one of them failed for lack of resources.
  /// - Returns: whether to try again.
  mutating func noteShortage(underWay: Int) -> Bool {
    succeeded = 0
    failed += 1
    limit = max(1, min(limit, underWay * 3 / 4))
    return limit > 1 || failed < Self.patience
  }
}

import SwirlDeferred

/// The pools whose requests wait because of the total connection limit, ordered by their oldest request: so a busy
/// origin cannot starve another.
struct PoolLine {
  private struct Place: HeapElement {
    /// The sequence number of the pool's first request, its `placeInLine`.
    let number: Int
    let pool: ConnectionPool

    func precedes(_ other: Place) -> Bool { number < other.number }
  }
  private var places = Heap<Place>()

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  /// Queues `pool` by its first request, unless it is queued already.
  mutating func insert(_ pool: ConnectionPool) {
    guard pool.placeInLine == nil, let number = pool.firstWaiting?.number else { return }
    pool.placeInLine = number
    places.insert(Place(number: number, pool: pool))
  }

  mutating func remove(_ pool: ConnectionPool) {
    if pool.placeInLine.take() != nil { places.removeAll { $0.pool === pool } }
  }

  /// The first pool that needs a connection.
  mutating func first() -> ConnectionPool? {
    while let (number, pool) = places.first.map({ ($0.number, $0.pool) }) {
      if pool.needsConnection, pool.firstWaiting?.number == number { return pool }
      // Its first request was cancelled, or got another connection.
      popFirst()
      if pool.needsConnection { insert(pool) }
    }
    return nil
  }

  /// Removes and returns the first pool that needs a connection.
  mutating func next() -> ConnectionPool? {
    guard let pool = first() else { return nil }
    popFirst()
    return pool
  }

  private mutating func popFirst() { places.popFirst()?.pool.placeInLine = nil }
}

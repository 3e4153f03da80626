import SwirlDeferred

/// The pools whose requests wait because there are too many connections in all. First is the one whose request came first: no
/// origin, however busy, keeps another waiting for longer than that.
struct PoolLine {
  private struct Place: HeapElement {
    /// The number of the pool's first request, which is its `placeInLine`.
    let number: Int
    let pool: ConnectionPool

    func precedes(_ other: Place) -> Bool { number < other.number }
  }
  private var places = Heap<Place>()

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  /// Puts `pool` in line by its first request, unless it is there already.
  mutating func insert(_ pool: ConnectionPool) {
    guard pool.placeInLine == nil, let number = pool.firstWaiting?.number else { return }
    pool.placeInLine = number
    places.insert(Place(number: number, pool: pool))
  }

  mutating func remove(_ pool: ConnectionPool) {
    if pool.placeInLine.take() != nil { places.removeAll { $0.pool === pool } }
  }

  /// The pool that is first and needs a connection.
  mutating func first() -> ConnectionPool? {
    while let (number, pool) = places.first.map({ ($0.number, $0.pool) }) {
      if pool.needsConnection, pool.firstWaiting?.number == number { return pool }
      // Its first request was cancelled, or has got another connection.
      popFirst()
      if pool.needsConnection { insert(pool) }
    }
    return nil
  }

  /// Takes out the pool that is first and needs a connection.
  mutating func next() -> ConnectionPool? {
    guard let pool = first() else { return nil }
    popFirst()
    return pool
  }

  private mutating func popFirst() { places.popFirst()?.pool.placeInLine = nil }
}

import SwirlHTTPCore

/// The pools whose requests wait because there are too many connections in all. First is the one whose request came first: no
/// origin, however busy, keeps another waiting for longer than that.
struct PoolLine {
  /// In the order of `placeInLine`; those before `start` have had their turn.
  private var pools: [ConnectionPool?] = []
  private var start = 0

  var count: Int { pools.count - start }
  var isEmpty: Bool { count == 0 }

  /// Puts `pool` in line by its first request, unless it is there already.
  mutating func insert(_ pool: ConnectionPool) {
    guard pool.placeInLine == nil, let number = pool.firstWaiting?.number else { return }
    pool.placeInLine = number
    // Nearly always at the end: requests come in the order of their numbers.
    var index = pools.count
    if index > start, pools[index - 1]!.placeInLine! > number {
      var lower = start
      while lower < index {
        let middle = (lower + index) / 2
        if pools[middle]!.placeInLine! > number { index = middle } else { lower = middle + 1 }
      }
    }
    pools.insert(pool, at: index)
  }

  mutating func remove(_ pool: ConnectionPool) {
    guard pool.placeInLine.take() != nil, let index = pools.firstIndex(where: { $0 === pool }) else { return }
    pools.remove(at: index)
  }

  /// The pool that is first and needs a connection.
  mutating func first() -> ConnectionPool? {
    while !isEmpty, let pool = pools[start] {
      if pool.needsConnection, pool.firstWaiting?.number == pool.placeInLine { return pool }
      // Its first request was cancelled, or has got another connection.
      _ = popFirst()
      if pool.needsConnection { insert(pool) }
    }
    return nil
  }

  /// Takes out the pool that is first.
  private mutating func popFirst() -> ConnectionPool? {
    let pool = pools[start].take()
    pool?.placeInLine = nil
    start += 1
    if start == pools.count || start > 64 && start > pools.count / 2 {
      pools.removeFirst(start)
      start = 0
    }
    return pool
  }

  /// Takes out the pool that is first and needs a connection.
  mutating func next() -> ConnectionPool? {
    first() == nil ? nil : popFirst()
  }
}

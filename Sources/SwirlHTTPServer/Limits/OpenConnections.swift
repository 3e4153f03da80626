import SwirlReactor

/// The open connections of each client.
///
/// Unchecked, because its state is only accessed under `lock`.
final class OpenConnections: @unchecked Sendable {
  /// A connection that counts until this is released.
  final class Counted: Sendable {
    private let connections: OpenConnections
    private let key: ClientKey

    fileprivate init(_ connections: OpenConnections, _ key: ClientKey) {
      self.connections = connections
      self.key = key
    }

    deinit { connections.remove(key) }
  }

  let limit: Int
  private let lock = Lock()
  private var counts: [ClientKey: Int] = [:]
  private var refusedCount = 0
  private var logInterval = LogInterval()

  init(limit: Int) { self.limit = limit }

  var refused: Int { lock.withLock { refusedCount } }

  /// nil if the client has all that it may have.
  func add(_ key: ClientKey) -> Counted? {
    let isWelcome = lock.withLock {
      guard counts[key, default: 0] < limit else {
        refusedCount += 1
        return false
      }
      counts[key, default: 0] += 1
      return true
    }
    return isWelcome ? Counted(self, key) : nil
  }

  private func remove(_ key: ClientKey) {
    lock.withLock {
      let left = counts[key, default: 1] - 1
      counts[key] = left > 0 ? left : nil
    }
  }

  /// The number of clients that it knows.
  var clients: Int { lock.withLock { counts.count } }

  func mayLog(at now: Int64) -> Bool { lock.withLock { logInterval.begin(at: now) } }
}

/// At most one line in ten seconds.
struct LogInterval {
  private var next = Int64.min

  mutating func begin(at now: Int64) -> Bool {
    guard now >= next else { return false }
    next = now + 10_000_000_000
    return true
  }
}

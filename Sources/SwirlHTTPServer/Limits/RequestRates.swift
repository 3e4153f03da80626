import SwirlCoordination
import SwirlReactor

/// A token bucket for each client, of a bounded number of clients.
///
/// There are two generations: a client that asks is moved to the young one; when that is full, the old one is released.
/// So clients are forgotten in the order in which they asked last, nearly, at a constant price. One that was forgotten
/// has a whole bucket again, as a client that comes from a new address has anyway.
///
/// Unchecked, because its state is only accessed under `lock`.
final class RequestRates: @unchecked Sendable {
  private let fresh: Bucket
  private let generation: Int
  private let lock = Lock()
  private var young: [ClientKey: Bucket] = [:]
  private var old: [ClientKey: Bucket] = [:]
  private var refusedCount = 0
  private var logInterval = LogInterval()

  init(perSecond rate: Double, burst: Int, knownAddresses: Int) {
    fresh = Bucket(rate: rate, burst: burst)
    generation = max(1, knownAddresses / 2)
  }

  var refused: Int { lock.withLock { refusedCount } }

  /// The number of clients that it knows.
  var clients: Int { lock.withLock { young.count + old.count } }

  /// Takes a token; without one, returns after how many whole seconds there will be.
  func take(_ key: ClientKey, at now: Int64) -> Int? {
    lock.withLock {
      var bucket = young[key] ?? old.removeValue(forKey: key) ?? fresh
      let isAllowed = bucket.has(1, now: now)
      var next = bucket
      let delay = next.take(now: now)
      if isAllowed { bucket = next } else { refusedCount += 1 }
      young[key] = bucket
      if young.count >= generation { (old, young) = (young, [:]) }
      return isAllowed ? nil : max(1, Int((delay + 999_999_999) / 1_000_000_000))
    }
  }

  func mayLog(at now: Int64) -> Bool { lock.withLock { logInterval.begin(at: now) } }
}

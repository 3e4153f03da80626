public import SwirlDeferred

/// Holds back its waiters until `parties` of them have arrived, then releases all and starts anew.
/// asyncio: `Barrier`.
public final class DeferredBarrier {
  /// The number of waiters that releases the barrier.
  public let parties: Int
  /// Whether it was aborted: `wait()` then fails until it is reset.
  public private(set) var isBroken = false
  private let line = WaiterQueue<Int, Void>()

  /// - Parameter parties: the number of waiters that releases the barrier.
  public init(_ parties: Int) {
    require(parties > 0, "a barrier for \(parties) parties")
    self.parties = parties
  }

  /// The number of waiters.
  public var waiting: Int { line.count }

  /// Fires when all have arrived, with the caller's index in the order of arrival, from zero. Cancelling it removes the
  /// caller. Fails with ``BrokenBarrierError``.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Int> {
    if isBroken { return .fail(BrokenBarrierError(), file: file, line: site) }
    if line.count < parties - 1 { return line.wait(file: file, line: site) }
    let others = line.popAll()
    for (index, waiter) in others.enumerated() where !waiter.isFired { waiter.callback(index) }
    return .succeed(parties - 1, file: file, line: site)
  }

  /// Fails all waiters, and later ones, with ``BrokenBarrierError``, until it is reset.
  public func abort() {
    isBroken = true
    fail()
  }

  /// Returns it to its initial state; its waiters fail with ``BrokenBarrierError``.
  public func reset() {
    isBroken = false
    fail()
  }

  private func fail() { for waiter in line.popAll() where !waiter.isFired { waiter.errback(BrokenBarrierError()) } }
}

/// A ``DeferredBarrier`` was aborted or reset before all had arrived.
public struct BrokenBarrierError: Error, CustomStringConvertible {
  /// The error in words.
  public var description: String { "the barrier was aborted or reset before all were there" }
}

@available(*, unavailable, message: "A barrier belongs to the thread of its Deferreds")
extension DeferredBarrier: Sendable {}

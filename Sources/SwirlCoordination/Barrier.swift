public import SwirlDeferred

/// Holds back those who come until so many are there; then all go on, and it begins anew. asyncio: `Barrier`.
public final class Barrier {
  /// How many have to come.
  public let parties: Int
  /// Whether it was aborted: nobody waits then until it is reset.
  public private(set) var isBroken = false
  private let line = WaiterQueue<Int, Void>()

  /// - Parameter parties: how many have to come.
  public init(_ parties: Int) {
    require(parties > 0, "a barrier for \(parties) parties")
    self.parties = parties
  }

  /// How many wait.
  public var waiting: Int { line.count }

  /// Fires when all are there, with the number of the caller among them, from zero in the order they came. Cancelling it steps back from
  /// the barrier. Fails with ``BrokenBarrierError``.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Int> {
    if isBroken { return .fail(BrokenBarrierError(), file: file, line: site) }
    if line.count < parties - 1 { return line.wait(file: file, line: site) }
    let others = line.popAll()
    for (index, waiter) in others.enumerated() where !waiter.isFired { waiter.callback(index) }
    return .succeed(parties - 1, file: file, line: site)
  }

  /// Fails all who wait, and who will, with ``BrokenBarrierError``, until it is reset.
  public func abort() {
    isBroken = true
    fail()
  }

  /// Makes it as at first; those who wait fail with ``BrokenBarrierError``.
  public func reset() {
    isBroken = false
    fail()
  }

  private func fail() { for waiter in line.popAll() where !waiter.isFired { waiter.errback(BrokenBarrierError()) } }
}

/// The others did not come to a ``Barrier``: it was aborted or reset.
public struct BrokenBarrierError: Error, CustomStringConvertible {
  /// What happened.
  public var description: String { "the barrier was aborted or reset before all were there" }
}

@available(*, unavailable, message: "A barrier belongs to the thread of its Deferreds")
extension Barrier: Sendable {}

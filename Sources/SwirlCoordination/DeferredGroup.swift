public import SwirlDeferred

/// A group of Deferreds to cancel together and to wait for.
///
/// ```swift
/// let group = DeferredGroup(cancelledBy: reactor)      // Ctrl-C cancels all, waits for it, and then the reactor stops
/// for url in urls { group.add(fetch(url).addCallback(store)) }
/// group.join().addBoth { _ in reactor.stop() }
/// ```
///
/// Use it on one thread, that of its Deferreds. It handles the failures of members, and counts them in `failures`.
/// anyio: `TaskGroup`; asyncio: cancelling a `gather`.
public final class DeferredGroup {
  private var running: [Int: AnyDeferred] = [:]
  private var added = 0
  private let joiners = WaiterQueue<Void, Void>()
  /// Whether it was cancelled: later members are cancelled at once.
  public private(set) var isCancelled = false
  /// The number of failed members, without the cancelled ones.
  public private(set) var failures = 0

  /// Called when the group is released: what made something else cancel it takes that back.
  package var whenReleased: (() -> Void)?

  /// A group without members.
  public init() {}

  deinit { whenReleased?() }

  /// The number of members without a result.
  public var count: Int { running.count }

  /// Adds a member. Returns a Deferred for callbacks, which fires when the group has recorded the result.
  @discardableResult
  public func add<Value>(_ deferred: Deferred<Value>) -> Deferred<Value> {
    added += 1
    let number = added
    running[number] = deferred
    deferred.addBoth { [self] result in ended(number, result.error) }
    if isCancelled { deferred.cancel() }
    return deferred
  }

  /// Adds an async function, as a task on the caller's actor.
  @discardableResult
  public func add<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: @escaping () async throws -> Value
  ) -> Deferred<Value> where Value: Sendable {
    add(Deferred(isolation: isolation, body))
  }

  private func ended(_ number: Int, _ error: (any Error)?) {
    running[number] = nil
    if let error, !(error is CancelledError), !(error is CancellationError) { failures += 1 }
    if running.isEmpty { for joiner in joiners.popAll() where !joiner.isFired { joiner.callback() } }
  }

  /// Cancels all members in FIFO order, and later ones at once.
  public func cancel() {
    isCancelled = true
    for (_, member) in running.sorted(by: { $0.key < $1.key }) { member.cancel() }
  }

  /// Fires when all members have a result. Cancelling it stops waiting; the members continue.
  public func join(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    running.isEmpty ? .succeed(file: file, line: line) : joiners.wait(file: file, line: line)
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}

@available(*, unavailable, message: "A group belongs to the thread of its Deferreds")
extension DeferredGroup: Sendable {}

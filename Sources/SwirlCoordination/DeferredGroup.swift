public import SwirlDeferred

/// What runs together, ends together: cancelled as one, and waited for.
///
/// ```swift
/// let group = DeferredGroup(cancelledBy: reactor)      // Ctrl-C cancels all, waits for it, and then the reactor stops
/// for url in urls { group.add(fetch(url).addCallback(store)) }
/// group.join().addBoth { _ in reactor.stop() }
/// ```
///
/// To be used on one thread, that of its Deferreds. A failure of a member is handled, and counted in `failures`. anyio: `TaskGroup`; asyncio:
/// cancelling a `gather`.
public final class DeferredGroup {
  private var running: [Int: AnyDeferred] = [:]
  private var added = 0
  private let joiners = WaiterQueue<Void, Void>()
  /// Whether it was cancelled: what is added from then on is cancelled at once.
  public private(set) var isCancelled = false
  /// How many of its members have failed, those that were cancelled not counted.
  public private(set) var failures = 0

  /// Called when the group is released: what made something else cancel it takes that back.
  package var whenReleased: (() -> Void)?

  /// A group without members.
  public init() {}

  deinit { whenReleased?() }

  /// How many of its members have no result yet.
  public var count: Int { running.count }

  /// Adds a member. Returns what has its result when the group has seen it, for callbacks.
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

  /// Cancels all that run, in the order they were added, and what is added later.
  public func cancel() {
    isCancelled = true
    for (_, member) in running.sorted(by: { $0.key < $1.key }) { member.cancel() }
  }

  /// Fires when no member is left that has no result. Cancelling it stops waiting; the members go on.
  public func join(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    running.isEmpty ? .succeed(file: file, line: line) : joiners.wait(file: file, line: line)
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}

@available(*, unavailable, message: "A group belongs to the thread of its Deferreds")
extension DeferredGroup: Sendable {}

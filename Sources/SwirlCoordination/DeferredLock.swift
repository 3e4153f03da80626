public import SwirlDeferred

/// A lock with one holder at a time and a FIFO queue of waiters.
///
/// ```swift
/// lock.run { readAccount().addCallback { writeAccount($0 + 1) } }
/// ```
///
/// Use it on one thread, that of its Deferreds. Twisted: `DeferredLock`; asyncio: `Lock`.
public final class DeferredLock {
  private let semaphore = DeferredSemaphore(1)

  /// A free lock.
  public init() {}

  /// Whether it is held.
  public var isLocked: Bool { semaphore.tokens == 0 }

  /// The number of waiters.
  public var waiting: Int { semaphore.waiting }

  /// Takes the lock: fires when the caller holds it. Cancelling it leaves the queue.
  public func acquire(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    semaphore.acquire(file: file, line: line)
  }

  /// Releases the lock to the longest waiter. It must be held.
  public func release() {
    require(isLocked, "release of a DeferredLock that is not held")
    semaphore.release()
  }

  /// Runs `body` while holding the lock. Releases it when the Deferred that `body` returns has its result, or when
  /// `body` throws.
  ///
  /// A `body` of several statements needs `return` before the Deferred. Without it the lock is released when `body`
  /// returns. Twisted: `run`.
  @discardableResult
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Inner
  ) -> Deferred<Inner.Value> {
    semaphore.run(file: file, line: line, body)
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` while holding the lock. Releases it when the Deferred that `body` returns has its result, or when
  /// `body` throws.
  @_disfavoredOverload
  @discardableResult
  public func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    semaphore.run(file: file, line: line, body)
  }

  /// Runs `body` while holding the lock, and releases it when `body` returns or throws.
  @discardableResult
  public func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Value
  ) -> Deferred<Value> {
    semaphore.run(file: file, line: line, body)
  }

  /// Runs `body` while holding the lock, and releases it when `body` returns or throws. Throws `CancelledError` if the
  /// task is cancelled while it waits.
  public func withLock<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    try await semaphore.withToken(isolation: isolation, body)
  }
}

@available(*, unavailable, message: "A lock belongs to the thread of its Deferreds")
extension DeferredLock: Sendable {}

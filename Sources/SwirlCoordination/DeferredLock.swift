public import SwirlDeferred

/// Lets one holder in at a time; others wait in line, first come, first served.
///
/// ```swift
/// lock.run { readAccount().addCallback { writeAccount($0 + 1) } }
/// ```
///
/// To be used on one thread, that of its Deferreds. Twisted: `DeferredLock`; asyncio: `Lock`.
public final class DeferredLock {
  private let semaphore = DeferredSemaphore(1)

  /// A lock that nobody holds.
  public init() {}

  /// Whether somebody holds it.
  public var isLocked: Bool { semaphore.tokens == 0 }

  /// How many wait for it.
  public var waiting: Int { semaphore.waiting }

  /// Takes the lock: fires when it is the caller's. Cancelling it gives up the place in line.
  public func acquire(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    semaphore.acquire(file: file, line: line)
  }

  /// Gives the lock to whoever waits longest. It must be held.
  public func release() {
    require(isLocked, "release of a DeferredLock that nobody holds")
    semaphore.release()
  }

  /// Runs `body` with the lock, which is given back when the Deferred that `body` returns has its result, or when `body` throws.
  ///
  /// A `body` of several statements needs `return` before the Deferred: without it the lock is released when `body`
  /// returns. Twisted: `run`.
  @discardableResult
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Inner
  ) -> Deferred<Inner.Value> {
    semaphore.run(file: file, line: line, body)
  }

  // Disfavored: it only gives a context to a body that returns `.succeed(x)`.
  /// Runs `body` with the lock, which is given back when the Deferred that `body` returns has its result, or when `body` throws.
  @_disfavoredOverload
  @discardableResult
  public func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    semaphore.run(file: file, line: line, body)
  }

  /// Runs `body` with the lock, which is given back when `body` returns or throws.
  @discardableResult
  public func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Value
  ) -> Deferred<Value> {
    semaphore.run(file: file, line: line, body)
  }

  /// Runs `body` with the lock, which is given back when `body` returns or throws. Throws `CancelledError` when the task is
  /// cancelled while it waits.
  public func withLock<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    try await semaphore.withToken(isolation: isolation, body)
  }
}

@available(*, unavailable, message: "A lock belongs to the thread of its Deferreds")
extension DeferredLock: Sendable {}

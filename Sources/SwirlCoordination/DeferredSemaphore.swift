public import SwirlDeferred

/// A semaphore with a FIFO queue of waiters.
///
/// ```swift
/// let semaphore = DeferredSemaphore(3)
/// for url in urls { semaphore.run { fetch(url) }.addCallback { print($0) } }
/// ```
///
/// Use it on one thread, that of its Deferreds. A released token goes to the longest waiter, never to a caller that
/// arrives at that moment. Each `release` takes constant time. Twisted: `DeferredSemaphore`; asyncio: `Semaphore`.
public class DeferredSemaphore {
  /// The number of free tokens.
  public private(set) var tokens: Int
  private let line = WaiterQueue<Void, Void>()
  private var isServing = false

  /// - Parameter tokens: the initial number of tokens; zero for a semaphore that only `release` opens.
  public init(_ tokens: Int) {
    require(tokens >= 0, "a semaphore cannot have \(tokens) tokens")
    self.tokens = tokens
  }

  /// The number of waiters.
  public final var waiting: Int { line.count }

  /// Takes a token: fires at once if one is free and there are no waiters, otherwise in the caller's turn. Cancelling
  /// it leaves the queue. Once it has fired, return the token with `release()`.
  public final func acquire(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    guard tokens > 0, line.isEmpty else { return line.wait(file: file, line: site) }
    tokens -= 1
    return .succeed(file: file, line: site)
  }

  /// Returns a token, or adds one. The longest waiter gets it, and its callbacks run before this returns, unless the
  /// call is re-entrant.
  public func release() {
    tokens += 1
    // Re-entrant call: the `release` below us on the stack serves the next waiter, so that the stack does not grow with
    // the queue.
    if isServing { return }
    isServing = true
    while tokens > 0, let first = line.popFirst() {
      tokens -= 1
      first.deferred.callback()
    }
    isServing = false
  }

  /// Runs `body` with a token. Returns the token when the Deferred that `body` returns has its result, or when `body`
  /// throws.
  ///
  /// Cancelling it leaves the queue; once `body` has run, it cancels the Deferred of `body`.
  ///
  /// A `body` of several statements needs `return` before the Deferred. Without it the token is returned when `body`
  /// returns. Twisted: `run`.
  @discardableResult
  public final func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Inner
  ) -> Deferred<Inner.Value> {
    run(file: file, line: line, waitingFor: { try body().asDeferred })
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` with a token. Returns the token when the Deferred that `body` returns has its result, or when `body`
  /// throws.
  @_disfavoredOverload
  @discardableResult
  public final func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    run(file: file, line: line, waitingFor: body)
  }

  /// Runs `body` with a token, and returns the token when `body` returns or throws. Cancelling it leaves the queue.
  @discardableResult
  public final func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Value
  ) -> Deferred<Value> {
    run(file: file, line: line, waitingFor: { .succeed(try body()) })
  }

  private func run<Value>(
    file: StaticString, line: UInt, waitingFor body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    // Unowned: a waiter must not retain the semaphore and all its waiters; the holder of a token does.
    acquire(file: file, line: line).addCallback { [unowned self] in
      maybeDeferred(body).addBoth { [self] result in
        release()
        return try result.get()
      }
    }
  }

  /// Runs `body` with a token, and returns the token when `body` returns or throws. Throws `CancelledError` if the task
  /// is cancelled while it waits.
  public final func withToken<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    try await acquire().value
    defer { release() }
    return try await body()
  }
}

/// A semaphore that never exceeds its initial number of tokens: a `release` without an `acquire` traps. asyncio:
/// `BoundedSemaphore`.
public final class BoundedSemaphore: DeferredSemaphore {
  private let bound: Int

  /// - Parameter tokens: the number of tokens.
  public override init(_ tokens: Int) {
    require(tokens > 0, "a bounded semaphore with \(tokens) tokens would never admit a waiter")
    bound = tokens
    super.init(tokens)
  }

  public override func release() {
    require(tokens < bound, "a BoundedSemaphore was released more often than acquired")
    super.release()
  }
}

@available(*, unavailable, message: "A semaphore belongs to the thread of its Deferreds")
extension DeferredSemaphore: Sendable {}

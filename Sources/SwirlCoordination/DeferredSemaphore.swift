public import SwirlDeferred

/// Lets a number of holders in at a time; others wait in line, first come, first served.
///
/// ```swift
/// let semaphore = DeferredSemaphore(3)
/// for url in urls { semaphore.run { fetch(url) }.addCallback { print($0) } }
/// ```
///
/// To be used on one thread, that of its Deferreds. A token that is released goes to whoever waits longest, never to one who comes at that
/// moment. Each `release` takes the same time, however many wait. Twisted: `DeferredSemaphore`; asyncio: `Semaphore`.
public class DeferredSemaphore {
  /// How many may come in at once.
  public private(set) var tokens: Int
  private let line = WaiterQueue<Void, Void>()
  private var isServing = false

  /// - Parameter tokens: how many may come in at first; zero for a semaphore that only `release` opens.
  public init(_ tokens: Int) {
    require(tokens >= 0, "a semaphore cannot have \(tokens) tokens")
    self.tokens = tokens
  }

  /// How many wait.
  public final var waiting: Int { line.count }

  /// Takes a token: fires at once while there is one and nobody waits, else when the holder's turn has come. Cancelling it gives up the
  /// place in line; once it has fired, the token is to be given back with `release()`.
  public final func acquire(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    guard tokens > 0, line.isEmpty else { return line.wait(file: file, line: site) }
    tokens -= 1
    return .succeed(file: file, line: site)
  }

  /// Gives a token back, or makes one more; who waits longest gets it, and its callbacks run before this returns, unless this is
  /// called by one of them.
  public func release() {
    tokens += 1
    // A callback that releases is further up: its loop goes on, so that the stack does not grow with the line.
    if isServing { return }
    isServing = true
    while tokens > 0, let first = line.popFirst() {
      tokens -= 1
      first.deferred.callback()
    }
    isServing = false
  }

  /// Runs `body` with a token, which it gives back when the Deferred that `body` returns has its result, or when `body` throws.
  ///
  /// Cancelling while it waits gives up the place in line; later, it cancels what `body` returned. Twisted: `run`.
  @discardableResult
  public final func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Inner
  ) -> Deferred<Inner.Value> {
    run(file: file, line: line, waitingFor: { try body().asDeferred })
  }

  // Disfavored: it only gives a context to a body that returns `.succeed(x)`.
  /// Runs `body` with a token, which it gives back when the Deferred that `body` returns has its result, or when `body` throws.
  @_disfavoredOverload
  @discardableResult
  public final func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    run(file: file, line: line, waitingFor: body)
  }

  /// Runs `body` with a token, which it gives back when `body` returns or throws. Cancelling gives up the place in line.
  @discardableResult
  public final func run<Value>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Value
  ) -> Deferred<Value> {
    run(file: file, line: line, waitingFor: { .succeed(try body()) })
  }

  private func run<Value>(
    file: StaticString, line: UInt, waitingFor body: @escaping () throws -> Deferred<Value>
  ) -> Deferred<Value> {
    // Who waits does not keep it, and with it all the others: who holds a token does.
    acquire(file: file, line: line).addCallback { [unowned self] in
      maybeDeferred(body).addBoth { [self] result in
        release()
        return try result.get()
      }
    }
  }

  /// Runs `body` with a token, which it gives back when `body` returns or throws. Throws `CancelledError` when the task is
  /// cancelled while it waits.
  public final func withToken<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    try await acquire().value
    defer { release() }
    return try await body()
  }
}

/// A semaphore that never has more tokens than at first: to release more often than was acquired is an error of the program, which ends
/// it. asyncio: `BoundedSemaphore`.
public final class BoundedSemaphore: DeferredSemaphore {
  private let bound: Int

  /// - Parameter tokens: how many may come in at a time.
  public override init(_ tokens: Int) {
    require(tokens > 0, "a bounded semaphore with \(tokens) tokens would let nobody in, ever")
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

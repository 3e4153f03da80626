/// The results of `deferreds` in the order in which they arrive, for async code.
///
/// ```swift
/// for try await result in asCompleted(urls.map { fetch($0) }) { print(try result.get().status) }
/// ```
///
/// A failure is an element like any other, and counts as handled; the loop continues. Leaving the loop, or cancelling
/// its task, cancels the pending Deferreds. Use it on the thread of the Deferreds. asyncio: `as_completed`.
public func asCompleted<Value>(_ deferreds: [Deferred<Value>]) -> AsCompleted<Value> {
  asCompleted(deferreds, atMost: max(1, deferreds.count)) { $0 }
}

/// Runs `start` for each of `items`, at most `limit` at a time, and gives the results in the order in which they
/// arrive.
///
/// ```swift
/// for try await result in asCompleted(urls, atMost: 5, { fetch($0) }) { … }
/// ```
///
/// It starts the first ones when the loop begins, in the order of the items, and one more for each result that the loop
/// takes: an untaken result counts as running, which applies back-pressure. Leaving the loop, or cancelling its task,
/// cancels the running ones and starts no more.
public func asCompleted<Items: Sequence, Value>(
  _ items: Items, atMost limit: Int, _ start: @escaping (Items.Element) throws -> Deferred<Value>
) -> AsCompleted<Value> {
  require(limit > 0, "at most \(limit) at a time: nothing would ever be started")
  var remaining = items.makeIterator()
  return AsCompleted(
    Completions(limit: limit) {
      guard let item = remaining.next() else { return nil }
      return maybeDeferred { try start(item) }
    })
}

/// Results in the order in which they arrive: see `asCompleted`.
public struct AsCompleted<Value>: AsyncSequence {
  /// A success or a failure.
  public typealias Element = Result<Value, any Error>

  private let completions: Completions<Value>

  fileprivate init(_ completions: Completions<Value>) { self.completions = completions }

  /// The iterator of one loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    /// The next result, nil after the last. Throws ``CancelledError`` if the task is cancelled.
    public mutating func next() async throws -> Element? { try await next(isolation: #isolation) }

    /// Like `next()`, on the caller's actor.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      try await reader.completions.next(isolation: isolation)
    }

    /// Cancels the rest when the loop is left.
    fileprivate final class Reader {
      let completions: Completions<Value>
      init(_ completions: Completions<Value>) { self.completions = completions }
      deinit { completions.cancel() }
    }
  }

  /// Starts the loop. Only once: results are not repeated.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: .init(completions)) }
}

@available(*, unavailable, message: "Deferreds belong to the thread of their reactor")
extension AsCompleted: Sendable {}

/// The running Deferreds, and the results that were not taken yet.
private final class Completions<Value> {
  private let limit: Int
  /// Starts the next one; nil after the last.
  private var start: (() -> Deferred<Value>?)?
  private var running: [Int: Deferred<Value>] = [:]
  private var started = 0
  private var ready = RingBuffer<Result<Value, any Error>>()
  private var waiter: Deferred<Void>?

  init(limit: Int, start: @escaping () -> Deferred<Value>?) {
    self.limit = limit
    self.start = start
  }

  func next(isolation: isolated (any Actor)?) async throws -> Result<Value, any Error>? {
    fill()
    while ready.isEmpty {
      if running.isEmpty { return nil }
      let waiter = Deferred<Void>()
      self.waiter = waiter
      do { try await waiter.value } catch {
        cancel()
        throw error
      }
    }
    return ready.popFirst()
  }

  private func fill() {
    while running.count + ready.count < limit, let deferred = start?() {
      started += 1
      let number = started
      running[number] = deferred
      deferred.addBoth { [self] result in ended(number, result) }
    }
  }

  private func ended(_ number: Int, _ result: Result<Value, any Error>) {
    guard running.removeValue(forKey: number) != nil else { return }
    ready.append(result)
    waiter.take()?.callback()
  }

  func cancel() {
    start = nil
    let cancelled = running
    running = [:]
    for (_, deferred) in cancelled.sorted(by: { $0.key < $1.key }) { deferred.cancel() }
  }
}

/// Runs `start` for each of `items`, at most `limit` at a time, and gives the values in the order of the items.
///
/// ```swift
/// gatherResults(urls, atMost: 7) { fetch($0) }.addCallback { pages in print(pages.count) }
/// ```
///
/// The first failure ends it, as a ``FirstError`` with the index of the item; this cancels the running ones and starts
/// no more. Cancelling it does the same. For results as they arrive: `asCompleted`. gevent: `Pool.map`; Twisted:
/// `Cooperator`.
public func gatherResults<Items: Sequence, Value>(
  _ items: Items, atMost limit: Int, file: StaticString = #fileID, line: UInt = #line,
  _ start: @escaping (Items.Element) throws -> Deferred<Value>
) -> Deferred<[Value]> {
  require(limit > 0, "at most \(limit) at a time: nothing would ever be started")
  return BoundedGather(items, atMost: limit, stopsAtFailure: true, start)
    .begin({ try $0.map { try $0.get() } }, CallSite(file: file, line: line))
}

/// Runs `start` for each of `items`, at most `limit` at a time, and gives all results, failures among them, in the
/// order of the items.
///
/// A failure counts as handled; the others continue. Cancelling it cancels the running ones and starts no more.
/// grequests: `map`; asyncio: `gather(return_exceptions=True)` under a semaphore.
public func gatherSettled<Items: Sequence, Value>(
  _ items: Items, atMost limit: Int, file: StaticString = #fileID, line: UInt = #line,
  _ start: @escaping (Items.Element) throws -> Deferred<Value>
) -> Deferred<[Result<Value, any Error>]> {
  require(limit > 0, "at most \(limit) at a time: nothing would ever be started")
  return BoundedGather(items, atMost: limit, stopsAtFailure: false, start).begin(
    { $0 }, CallSite(file: file, line: line))
}

/// The items, the running Deferreds and the results so far.
private final class BoundedGather<Item, Value> {
  private let limit: Int
  private let stopsAtFailure: Bool
  private let start: (Item) throws -> Deferred<Value>
  /// Returns the next item; nil once it has ended.
  private var next: (() -> Item?)?
  private var results: [Result<Value, any Error>?] = []
  private var running: [Int: Deferred<Value>] = [:]
  /// Delivers the outcome; nil once it was delivered or cancelled.
  private var tell: ((Result<[Result<Value, any Error>], any Error>) -> Void)?
  private var isFilling = false

  init(
    _ items: some Sequence<Item>, atMost limit: Int, stopsAtFailure: Bool,
    _ start: @escaping (Item) throws -> Deferred<Value>
  ) {
    var iterator = items.makeIterator()
    next = { iterator.next() }
    self.limit = limit
    self.stopsAtFailure = stopsAtFailure
    self.start = start
  }

  func begin<Output>(
    _ make: @escaping ([Result<Value, any Error>]) throws -> Output, _ site: CallSite
  ) -> Deferred<Output> {
    // The running Deferreds retain this, and this retains the outcome. The outcome retains this only through its
    // canceller.
    let outcome = Deferred<Output>(canceller: { [self] _ in stop() }, file: site.file, line: site.line)
    tell = { result in
      // Cancelling the others after a failure may cancel the gather itself.
      if outcome.isFired { return }
      outcome.fire(with: result.flatMap { results in Result { try make(results) } })
    }
    fill()
    return outcome
  }

  /// Starts as many as allowed. If one ends at once, re-entrantly, this loop starts the next.
  private func fill() {
    if isFilling { return }
    isFilling = true
    defer { isFilling = false }
    while running.count < limit, let item = next?(), next != nil {
      let index = results.count
      results.append(nil)
      let deferred = maybeDeferred { try start(item) }
      running[index] = deferred
      deferred.addBoth { [self] result in ended(index, result) }
      // Starting it may have ended the gather, by a failure or by cancelling.
      if next == nil, running.removeValue(forKey: index) != nil { deferred.cancel() }
    }
    if running.isEmpty, next != nil {
      next = nil
      tell.take()?(.success(results.map { $0! }))
    }
  }

  private func ended(_ index: Int, _ result: Result<Value, any Error>) {
    guard running.removeValue(forKey: index) != nil else { return }
    results[index] = result
    if stopsAtFailure, case .failure(let error) = result {
      let tell = tell
      stop()
      tell?(.failure(FirstError(index: index, error: error)))
    } else {
      fill()
    }
  }

  /// Cancels the running ones, and starts no more.
  private func stop() {
    tell = nil
    next = nil
    let cancelled = running
    running = [:]
    for (_, deferred) in cancelled.sorted(by: { $0.key < $1.key }) { deferred.cancel() }
  }
}

/// Runs `start` for each of `items`, at most `limit` at a time, and gives the values in the order of the items.
///
/// ```swift
/// gatherResults(urls, atMost: 7) { fetch($0) }.addCallback { pages in print(pages.count) }
/// ```
///
/// The first failure is its result, as a ``FirstError`` with the place of the item; what runs is cancelled then, and no more is started.
/// Cancelling it does the same. Results as they come: `asCompleted`. gevent: `Pool.map`; Twisted: `Cooperator`.
public func gatherResults<Items: Sequence, Value>(
  _ items: Items, atMost limit: Int, file: StaticString = #fileID, line: UInt = #line,
  _ start: @escaping (Items.Element) throws -> Deferred<Value>
) -> Deferred<[Value]> {
  require(limit > 0, "at most \(limit) at a time: nothing would ever be started")
  return BoundedGather(items, atMost: limit, stopsAtFailure: true, start)
    .begin({ try $0.map { try $0.get() } }, CallSite(file: file, line: line))
}

/// Runs `start` for each of `items`, at most `limit` at a time, and gives all results, failures among them, in the order of the items.
///
/// A failure counts as handled; the others go on. Cancelling it cancels what runs and starts no more. grequests: `map`; asyncio:
/// `gather(return_exceptions=True)` under a semaphore.
public func gatherSettled<Items: Sequence, Value>(
  _ items: Items, atMost limit: Int, file: StaticString = #fileID, line: UInt = #line,
  _ start: @escaping (Items.Element) throws -> Deferred<Value>
) -> Deferred<[Result<Value, any Error>]> {
  require(limit > 0, "at most \(limit) at a time: nothing would ever be started")
  return BoundedGather(items, atMost: limit, stopsAtFailure: false, start).begin(
    { $0 }, CallSite(file: file, line: line))
}

/// Items of which some run, and the results so far.
private final class BoundedGather<Item, Value> {
  private let limit: Int
  private let stopsAtFailure: Bool
  private let start: (Item) throws -> Deferred<Value>
  /// Gives the next item; nil once it is over.
  private var next: (() -> Item?)?
  private var results: [Result<Value, any Error>?] = []
  private var running: [Int: Deferred<Value>] = [:]
  /// Tells the outcome; nil once it was told, or nobody wants it.
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
    // What runs keeps this, and this the outcome: none of it is kept by the Deferred that it gives but for its canceller.
    let outcome = Deferred<Output>(canceller: { [self] _ in stop() }, file: site.file, line: site.line)
    tell = { result in
      // What is cancelled because of a failure may cancel the whole.
      if outcome.isFired { return }
      outcome.fire(with: result.flatMap { results in Result { try make(results) } })
    }
    fill()
    return outcome
  }

  /// Starts as many as may run. One that ends at once only leaves its place to this loop.
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
      // Starting it may have ended the whole, by a failure or by cancelling it.
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

  /// Cancels what runs, and starts no more.
  private func stop() {
    tell = nil
    next = nil
    let cancelled = running
    running = [:]
    for (_, deferred) in cancelled.sorted(by: { $0.key < $1.key }) { deferred.cancel() }
  }
}

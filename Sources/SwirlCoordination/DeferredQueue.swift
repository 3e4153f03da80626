public import SwirlDeferred

/// Hands elements from those who put to those who get, each of whom waits when there is no room, or nothing.
///
/// ```swift
/// let queue = DeferredQueue<String>()
/// @MainActor func work() { queue.get().addCallback { url in fetch(url).addBoth { _ in queue.taskDone() }.addBoth { _ in work() } } }
/// queue.join(timeout: .seconds(300), clock: reactor).addBoth { _ in reactor.stop() }
/// ```
///
/// Those who wait are served in the order they came. To be used on one thread, that of its Deferreds. As a sequence it gives what is put
/// until it is closed. Twisted: `DeferredQueue`; Tornado and asyncio: `Queue`, `PriorityQueue`, `LifoQueue`.
public final class DeferredQueue<Element> {
  /// Which element is next.
  public struct Order {
    /// nil for the one that was put last.
    fileprivate enum Kind {
      case first
      case last
      case least((Element, Element) -> Bool)
    }
    fileprivate let kind: Kind

    /// The one that was put first.
    public static var firstInFirstOut: Order { Order(kind: .first) }
    /// The one that was put last.
    public static var lastInFirstOut: Order { Order(kind: .last) }
    /// One that no other goes before; of equal ones that which was put first.
    public static func priority(_ goesBefore: @escaping (Element, Element) -> Bool) -> Order {
      Order(kind: .least(goesBefore))
    }
  }

  /// How many elements it holds; those who put more wait. nil for any number.
  public let size: Int?
  /// How many elements were put for which there was no `taskDone()`.
  public private(set) var unfinishedTasks = 0
  /// Whether nothing more can be put.
  public private(set) var isClosed = false
  private var store: Store
  private let getters = WaiterQueue<Element, Void>()
  private let putters = WaiterQueue<Void, Element>()
  private let joiners = WaiterQueue<Void, Void>()
  private var isServing = false

  /// - Parameters:
  ///   - size: how many elements it holds; nil for any number.
  ///   - order: which of them is next.
  public init(size: Int? = nil, order: Order = .firstInFirstOut) {
    require(size ?? 1 > 0, "a queue of size \(size ?? 0) holds nothing")
    self.size = size
    store =
      switch order.kind {
      case .first: .line(RingBuffer())
      case .last: .stack([])
      case .least(let goesBefore): .heap(PriorityHeap(goesBefore))
      }
  }

  /// How many elements it holds.
  public var count: Int { store.count }
  /// Whether it holds none.
  public var isEmpty: Bool { count == 0 }
  /// Whether who puts has to wait.
  public var isFull: Bool { size.map { count >= $0 } ?? false }

  // MARK: - Putting

  /// Puts an element: fires at once if there is room, else when there is. Cancelling it takes the element back. Fails with
  /// ``QueueClosedError``.
  @discardableResult
  public func put(_ element: Element, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    if isClosed { return .fail(QueueClosedError(), file: file, line: line) }
    if isFull || !putters.isEmpty { return putters.wait(with: element, file: file, line: line) }
    add(element)
    serve()
    return .succeed(file: file, line: line)
  }

  /// Puts an element at once.
  /// - Throws: ``QueueFullError`` when there is no room, ``QueueClosedError``.
  public func putNowait(_ element: Element) throws {
    if isClosed { throw QueueClosedError() }
    if isFull || !putters.isEmpty { throw QueueFullError() }
    add(element)
    serve()
  }

  private func add(_ element: Element) {
    store.add(element)
    unfinishedTasks += 1
  }

  // MARK: - Getting

  /// Takes the next element, as soon as there is one for the caller. Cancelling it stops waiting, and takes nothing. Fails with
  /// ``QueueClosedError`` when it is empty and closed.
  public func get(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Element> {
    if getters.isEmpty, let element = store.pop() {
      serve()
      return .succeed(element, file: file, line: line)
    }
    if isClosed { return .fail(QueueClosedError(), file: file, line: line) }
    return getters.wait(file: file, line: line)
  }

  /// Takes the next element at once.
  /// - Throws: ``QueueEmptyError`` when there is none, ``QueueClosedError`` when there will be none.
  public func getNowait() throws -> Element {
    guard getters.isEmpty, let element = store.pop() else {
      if isClosed { throw QueueClosedError() }
      throw QueueEmptyError()
    }
    serve()
    return element
  }

  /// Brings together what is there, who waits for it and who waits for room. One that is called by it only leaves it more to do, so that the
  /// stack does not grow with the lines.
  private func serve() {
    if isServing { return }
    isServing = true
    defer { isServing = false }
    while true {
      if !isFull, let putter = putters.popFirst() {
        add(putter.item)
        putter.deferred.callback()
      } else if !getters.isEmpty, let element = store.pop() {
        // In the line there is one, since nothing is called between the question and the answer.
        getters.popFirst()?.deferred.callback(element)
      } else if isClosed, let getter = getters.popFirst() {
        getter.deferred.errback(QueueClosedError())
      } else {
        return
      }
    }
  }

  // MARK: - The end

  /// An element that was taken has been worked on. To be called once for each, and no more.
  public func taskDone() {
    require(unfinishedTasks > 0, "taskDone() was called more often than elements were put")
    unfinishedTasks -= 1
    if unfinishedTasks == 0 { for joiner in joiners.popAll() where !joiner.isFired { joiner.callback() } }
  }

  /// Fires when each element that was put has been worked on.
  public func join(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    unfinishedTasks == 0 ? .succeed(file: file, line: line) : joiners.wait(file: file, line: line)
  }

  /// As `join()`; fails with `TimeoutError` when that takes longer than `timeout`.
  public func join(
    timeout: Duration, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    join(file: file, line: line).addTimeout(timeout, clock: clock, file: file, line: line)
  }

  /// Lets nothing more be put. What is there can be taken; then those who wait fail with ``QueueClosedError``, as do those at once who
  /// wait for room. asyncio: `shutdown`.
  public func close() {
    if isClosed { return }
    isClosed = true
    for putter in putters.popAll() where !putter.isFired { putter.errback(QueueClosedError()) }
    // Those who get are told when nothing is left for them: a callback that is being served may have put something before.
    serve()
  }

  /// What it holds, in an order of its own.
  private enum Store {
    case line(RingBuffer<Element>)
    case stack([Element])
    case heap(PriorityHeap)

    var count: Int {
      switch self {
      case .line(let elements): elements.count
      case .stack(let elements): elements.count
      case .heap(let heap): heap.elements.count
      }
    }

    mutating func add(_ element: Element) {
      switch consume self {
      case .line(var elements):
        elements.append(element)
        self = .line(elements)
      case .stack(var elements):
        elements.append(element)
        self = .stack(elements)
      case .heap(var heap):
        heap.insert(element)
        self = .heap(heap)
      }
    }

    mutating func pop() -> Element? {
      switch consume self {
      case .line(var elements):
        let first = elements.popFirst()
        self = .line(elements)
        return first
      case .stack(var elements):
        let last = elements.popLast()
        self = .stack(elements)
        return last
      case .heap(var heap):
        let least = heap.elements.popFirst()
        self = .heap(heap)
        return least?.element
      }
    }
  }

  /// Elements by a priority; those that neither goes before the other stay in the order in which they were put.
  private struct PriorityHeap {
    struct Prioritized: HeapElement {
      let element: Element
      let order: Int
      let goesBefore: (Element, Element) -> Bool

      func precedes(_ other: Self) -> Bool {
        if goesBefore(element, other.element) { return true }
        return order < other.order && !goesBefore(other.element, element)
      }
    }
    let goesBefore: (Element, Element) -> Bool
    var elements = Heap<Prioritized>()
    private var added = 0

    init(_ goesBefore: @escaping (Element, Element) -> Bool) { self.goesBefore = goesBefore }

    mutating func insert(_ element: Element) {
      added += 1
      elements.insert(Prioritized(element: element, order: added, goesBefore: goesBefore))
    }
  }
}

extension DeferredQueue.Order where Element: Comparable {
  /// The least; of equal ones that which was put first.
  public static var priority: Self { .priority(<) }
}

extension DeferredQueue: AsyncSequence {
  /// What one loop takes from.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let queue: DeferredQueue

    /// The next element, nil when the queue is closed and empty. Throws `CancelledError` when the task is cancelled.
    public func next() async throws -> Element? { try await next(isolation: #isolation) }

    /// As `next()`, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> Element? {
      do { return try await queue.get().value } catch is QueueClosedError { return nil }
    }
  }

  /// Begins to take: each element goes to one loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: self) }
}

/// There is no room in a ``DeferredQueue``.
public struct QueueFullError: Error, CustomStringConvertible {
  /// What happened.
  public var description: String { "the queue is full: put(_:) waits for room" }
}

/// There is nothing in a ``DeferredQueue``.
public struct QueueEmptyError: Error, CustomStringConvertible {
  /// What happened.
  public var description: String { "the queue is empty: get() waits for an element" }
}

/// A ``DeferredQueue`` was closed.
public struct QueueClosedError: Error, CustomStringConvertible {
  /// What happened.
  public var description: String { "the queue is closed" }
}

@available(*, unavailable, message: "A queue belongs to the thread of its Deferreds")
extension DeferredQueue: Sendable {}

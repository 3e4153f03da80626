public import SwirlDeferred

/// Passes elements from producers to consumers. A producer waits while it is full, a consumer while it is empty.
///
/// ```swift
/// let queue = DeferredQueue<String>()
/// @MainActor func work() {
///   queue.get().addCallback { url in fetch(url).addBoth { _ in queue.taskDone() }.addBoth { _ in work() } }
/// }
/// queue.join(timeout: .seconds(300), clock: reactor).addBoth { _ in reactor.stop() }
/// ```
///
/// It serves waiters in FIFO order. Use it on one thread, that of its Deferreds. As a sequence it yields elements until
/// it is closed. Twisted: `DeferredQueue`; Tornado and asyncio: `Queue`, `PriorityQueue`, `LifoQueue`.
public final class DeferredQueue<Element> {
  /// The order in which elements come out.
  public struct Order {
    /// The rule that selects the next element.
    fileprivate enum Kind {
      case first
      case last
      case least((Element, Element) -> Bool)
    }
    fileprivate let kind: Kind

    /// First in, first out.
    public static var firstInFirstOut: Order { Order(kind: .first) }
    /// Last in, first out.
    public static var lastInFirstOut: Order { Order(kind: .last) }
    /// The element before which no other goes; equal ones in FIFO order.
    public static func priority(_ goesBefore: @escaping (Element, Element) -> Bool) -> Order {
      Order(kind: .least(goesBefore))
    }
  }

  /// Its capacity, beyond which producers wait; nil for no limit.
  public let size: Int?
  /// The number of elements put without a matching `taskDone()`.
  public private(set) var unfinishedTasks = 0
  /// Whether it is closed for producers.
  public private(set) var isClosed = false
  private var store: Store
  private let getters = WaiterQueue<Element, Void>()
  private let putters = WaiterQueue<Void, Element>()
  private let joiners = WaiterQueue<Void, Void>()
  private var isServing = false

  /// - Parameters:
  ///   - size: its capacity; nil for no limit.
  ///   - order: the order in which elements come out.
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

  /// The number of elements.
  public var count: Int { store.count }
  /// Whether it is empty.
  public var isEmpty: Bool { count == 0 }
  /// Whether a producer has to wait.
  public var isFull: Bool { size.map { count >= $0 } ?? false }

  // MARK: - Putting

  /// Adds an element: fires once there is room, perhaps at once. Cancelling it withdraws the element. Fails with
  /// ``QueueClosedError``.
  @discardableResult
  public func put(_ element: Element, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    if isClosed { return .fail(QueueClosedError(), file: file, line: line) }
    if isFull || !putters.isEmpty { return putters.wait(with: element, file: file, line: line) }
    add(element)
    serve()
    return .succeed(file: file, line: line)
  }

  /// Adds an element at once.
  /// - Throws: ``QueueFullError`` if there is no room, ``QueueClosedError``.
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

  /// Takes the next element, once there is one for the caller. Cancelling it stops waiting and takes no element. Fails
  /// with ``QueueClosedError`` if it is empty and closed.
  public func get(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Element> {
    if getters.isEmpty, let element = store.pop() {
      serve()
      return .succeed(element, file: file, line: line)
    }
    if isClosed { return .fail(QueueClosedError(), file: file, line: line) }
    return getters.wait(file: file, line: line)
  }

  /// Takes the next element at once.
  /// - Throws: ``QueueEmptyError`` if it is empty, ``QueueClosedError`` if it is also closed.
  public func getNowait() throws -> Element {
    guard getters.isEmpty, let element = store.pop() else {
      if isClosed { throw QueueClosedError() }
      throw QueueEmptyError()
    }
    serve()
    return element
  }

  /// Matches elements, consumers and producers. A re-entrant call only adds work for the loop below it on the stack, so
  /// that the stack does not grow with the queue.
  private func serve() {
    if isServing { return }
    isServing = true
    defer { isServing = false }
    while true {
      if !isFull, let putter = putters.popFirst() {
        add(putter.item)
        putter.deferred.callback()
      } else if !getters.isEmpty, let element = store.pop() {
        // The queue has a waiter, because no callback runs between the check and here.
        getters.popFirst()?.deferred.callback(element)
      } else if isClosed, let getter = getters.popFirst() {
        getter.deferred.errback(QueueClosedError())
      } else {
        return
      }
    }
  }

  // MARK: - The end

  /// Marks one taken element as processed. Call it once for each.
  public func taskDone() {
    require(unfinishedTasks > 0, "taskDone() was called more often than elements were put")
    unfinishedTasks -= 1
    if unfinishedTasks == 0 { for joiner in joiners.popAll() where !joiner.isFired { joiner.callback() } }
  }

  /// Fires when each element that was put is marked as processed.
  public func join(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    unfinishedTasks == 0 ? .succeed(file: file, line: line) : joiners.wait(file: file, line: line)
  }

  /// Like `join()`; fails with `TimeoutError` after `timeout`.
  public func join(
    timeout: Duration, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    join(file: file, line: line).addTimeout(timeout, clock: clock, file: file, line: line)
  }

  /// Closes it for producers; those that wait for room fail with ``QueueClosedError`` at once. Consumers can still take
  /// its elements; after those they fail with ``QueueClosedError``. asyncio: `shutdown`.
  public func close() {
    if isClosed { return }
    isClosed = true
    for putter in putters.popAll() where !putter.isFired { putter.errback(QueueClosedError()) }
    // Serve consumers first: a running callback may have put elements before the close.
    serve()
  }

  /// The elements, in the chosen order.
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

  /// A stable priority queue: elements of equal priority come out in FIFO order.
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
  /// The smallest element; equal ones in FIFO order.
  public static var priority: Self { .priority(<) }
}

extension DeferredQueue: AsyncSequence {
  /// The iterator of one loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let queue: DeferredQueue

    /// The next element, nil if the queue is closed and empty. Throws `CancelledError` if the task is cancelled.
    public func next() async throws -> Element? { try await next(isolation: #isolation) }

    /// Like `next()`, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> Element? {
      do { return try await queue.get().value } catch is QueueClosedError { return nil }
    }
  }

  /// Starts a loop. Each element goes to one loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: self) }
}

/// A ``DeferredQueue`` is full.
public struct QueueFullError: Error, CustomStringConvertible {
  /// The error in words.
  public var description: String { "the queue is full: put(_:) waits for room" }
}

/// A ``DeferredQueue`` is empty.
public struct QueueEmptyError: Error, CustomStringConvertible {
  /// The error in words.
  public var description: String { "the queue is empty: get() waits for an element" }
}

/// A ``DeferredQueue`` was closed.
public struct QueueClosedError: Error, CustomStringConvertible {
  /// The error in words.
  public var description: String { "the queue is closed" }
}

@available(*, unavailable, message: "A queue belongs to the thread of its Deferreds")
extension DeferredQueue: Sendable {}

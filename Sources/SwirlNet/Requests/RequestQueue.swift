import SwirlDeferred
import SwirlReactor

/// The requests that wait for the window or for a connection, in FIFO order.
///
/// A cancelled one stays until it comes up, or until its place is needed.
final class RequestQueue<Request, Response> {
  /// What learns of the request.
  enum Receiver {
    case response(Deferred<Response>)
    /// It has no response: the Deferred fires when it is sent.
    case sent(Deferred<Void>)

    var isCancelled: Bool {
      switch self {
      case .response(let deferred): deferred.isFired
      case .sent(let deferred): deferred.isFired
      }
    }

    /// It is sent, and has no response.
    func succeed() {
      if case .sent(let deferred) = self, !deferred.isFired { deferred.callback() }
    }

    func fail(_ error: any Error) {
      switch self {
      case .response(let deferred): if !deferred.isFired { deferred.errback(error) }
      case .sent(let deferred): if !deferred.isFired { deferred.errback(error) }
      }
    }
  }

  struct Waiting {
    let request: Request
    let receiver: Receiver
    let deadline: Int64
  }

  private var waiting = RingBuffer<Waiting>()
  private let deadlines: RequestDeadlines
  private let maximum: Int
  /// Whether each deadline is at or behind the one before it, as with one time limit for all: then the first request is
  /// the next to time out. Otherwise a search through all is needed.
  private var isInOrder = true
  private var lastDeadline = Int64.min
  /// The error of a request that waited for too long.
  var timeoutError: (() -> RequestError)?
  /// Called when requests have timed out.
  var onExpired: (() -> Void)?

  init(on reactor: Reactor, maximum: Int) {
    self.maximum = maximum
    deadlines = RequestDeadlines(on: reactor)
    deadlines.onTime = { [weak self] now in self?.expire(at: now) ?? .max }
  }

  var isEmpty: Bool { waiting.isEmpty }

  /// Whether a request still waits. Removes cancelled ones before it.
  var hasWaiting: Bool {
    while let first = waiting.first, first.receiver.isCancelled { _ = waiting.popFirst() }
    return !waiting.isEmpty
  }

  /// The number of requests that still wait. Linear time, if one was cancelled.
  var count: Int {
    takeOut { $0.receiver.isCancelled }
    return waiting.count
  }

  /// Removes requests. It releases them at its end: the deinit of a request may use this queue.
  @discardableResult
  private func takeOut(where isUnwanted: (Waiting) -> Bool) -> [Waiting] {
    let all = waiting.takeAll()
    var taken: [Waiting] = []
    for item in all { if isUnwanted(item) { taken.append(item) } else { waiting.append(item) } }
    return taken
  }

  /// False if it is full.
  func append(_ item: Waiting) -> Bool {
    if waiting.count >= maximum, count >= maximum { return false }
    if waiting.isEmpty { (isInOrder, lastDeadline) = (true, .min) }
    if item.deadline < lastDeadline { isInOrder = false }
    lastDeadline = item.deadline
    waiting.append(item)
    deadlines.cover(item.deadline)
    return true
  }

  func popFirst() -> Waiting? {
    while let item = waiting.popFirst() { if !item.receiver.isCancelled { return item } }
    return nil
  }

  /// Removes all that wait.
  func takeAll() -> RingBuffer<Waiting> { waiting.takeAll() }

  /// Fails all that wait, in FIFO order. Requests that their callbacks make stay.
  func failAll(_ error: any Error) { for item in takeAll() { item.receiver.fail(error) } }

  private func expire(at now: Int64) -> Int64 {
    var over: [Waiting] = []
    if isInOrder {
      while let first = waiting.first, first.deadline <= now || first.receiver.isCancelled {
        over.append(first)
        _ = waiting.popFirst()
      }
    } else {
      over = takeOut { $0.deadline <= now || $0.receiver.isCancelled }
    }
    if let error = timeoutError?() { for item in over { item.receiver.fail(error) } }
    onExpired?()
    if isInOrder { return waiting.first?.deadline ?? .max }
    return RequestDeadlines.next(waiting.reduce(.max) { min($0, $1.deadline) }, searching: waiting.count, at: now)
  }
}

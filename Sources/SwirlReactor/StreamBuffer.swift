import SwirlDeferred

/// The buffer between a source on the reactor's thread and a consuming task on any thread.
///
/// It pauses the source above the high-water mark, resumes it at the low one, and stops it when the task has left. It
/// calls the source on the reactor's thread only.
///
/// Unchecked, because its state is only accessed under the lock, and the source's closures on the reactor's thread
/// only.
package final class StreamBuffer<Element: Sendable>: @unchecked Sendable {
  /// The source's callbacks.
  package struct Source {
    let pause: () -> Void
    let resume: () -> Void
    let stop: () -> Void
    let wanted: (() -> Void)?

    /// - Parameters:
    ///   - pause: the buffer is above the high-water mark: produce no more.
    ///   - resume: it is down to the low-water mark: produce again.
    ///   - stop: the consumer has left. Called at most once, and after `finish` only if `stopsWhenLeft`.
    ///   - wanted: the consumer waits for an element for the first time. Called at most once.
    package init(
      pause: @escaping () -> Void, resume: @escaping () -> Void, stop: @escaping () -> Void,
      wanted: (() -> Void)? = nil
    ) {
      self.wanted = wanted
      self.pause = pause
      self.resume = resume
      self.stop = stop
    }
  }

  private enum End {
    case finished
    case failed(any Error)
    /// The task was cancelled, or has left.
    case left
  }

  private let lock = Lock()
  /// nil where there is no source to steer.
  private let remote: RemoteReactor?
  private let high: Int
  private let low: Int
  private let cost: @Sendable (Element) -> Int
  private var waiting = RingBuffer<Element>()
  private var waitingCost = 0
  private var isPaused = false
  /// Whether the source is to learn when the consumer first waits.
  private var announcesWait = false
  private var end: End?
  /// Whether to stop the source although it has ended, because the task has not seen the end yet.
  private var isStoppedAfterEnd = false
  private var taker: CheckedContinuation<Element?, any Error>?
  /// Only accessed on the reactor's thread; nil once it has ended or was stopped.
  private var source: Source?
  /// Called once when there is something to poll again. Touched on the reactor's thread only.
  private var wake: (() -> Void)?

  /// - Parameters:
  ///   - high: above this the source is paused.
  ///   - low: at this or less it resumes.
  ///   - cost: the cost of an element.
  package init(on remote: RemoteReactor, high: Int, low: Int, cost: @escaping @Sendable (Element) -> Int) {
    self.remote = remote
    self.high = high
    self.low = low
    self.cost = cost
  }

  /// A buffer that holds `elements` and has ended, perhaps with an error.
  package init(of elements: [Element], failingWith error: (any Error)? = nil) {
    remote = nil
    high = .max
    low = 0
    cost = { _ in 1 }
    for element in elements { waiting.append(element) }
    waitingCost = elements.count
    end = error.map { .failed($0) } ?? .finished
  }

  // MARK: - The source's side, on the reactor's thread

  /// Call it before the first `put`.
  package func setSource(_ source: Source) {
    self.source = source
    if source.wanted != nil { lock.withLock { announcesWait = true } }
  }

  // Specialised for the bytes of bodies and connections: other modules put and take them, where generic code looks up
  // type metadata in each call, at 10 µs per element.

  /// Adds an element. Does nothing after the end.
  @_specialize(where Element == [UInt8])
  package func put(_ element: Element) {
    let (taker, mustPause) = lock.withLock { () -> (CheckedContinuation<Element?, any Error>?, Bool) in
      guard end == nil else { return (nil, false) }
      if let taker = takeTaker() { return (taker, false) }
      waiting.append(element)
      waitingCost += cost(element)
      if isPaused || waitingCost <= high { return (nil, false) }
      isPaused = true
      return (nil, true)
    }
    taker?.resume(returning: element)
    if mustPause { source?.pause() }
    if wake != nil { wakePoller() }
  }

  /// Ends the stream. The task still gets the buffered elements; then it sees the end, or `error`.
  ///
  /// - Parameter stopsWhenLeft: whether a task that leaves before it has seen the end still stops the source, so that
  ///   it does not matter whether the end had arrived. Until then, or the next `finish`, the source is retained.
  package func finish(throwing error: (any Error)? = nil, stopsWhenLeft: Bool = false) {
    if !stopsWhenLeft { source = nil }
    let taker = lock.withLock { () -> CheckedContinuation<Element?, any Error>? in
      guard end == nil else { return nil }
      let taker = takeTaker()
      // An error is delivered once.
      end = taker == nil ? error.map { .failed($0) } ?? .finished : .finished
      isStoppedAfterEnd = stopsWhenLeft && taker == nil
      return taker
    }
    if wake != nil { wakePoller() }
    guard let taker else { return }
    if let error { taker.resume(throwing: error) } else { taker.resume(returning: nil) }
  }

  private func wakePoller() {
    let wake = wake.take()
    wake?()
  }

  /// The total cost of the buffered elements.
  package var bufferedCost: Int { lock.withLock { waitingCost } }

  // MARK: - The consumer's side, on any thread

  /// What there is for a taker on the reactor's thread.
  package enum Polled {
    case element(Element)
    case end
    case failure(any Error)
    case nothingYet
  }

  /// The next element, if there is one; on the reactor's thread, where otherwise `wake` is called when there is more to
  /// poll.
  @_specialize(where Element == [UInt8])
  package func poll(orCall wake: @escaping () -> Void) -> Polled {
    switch lock.withLock({ takeNext() }) {
    case .element(let element, let mustResume):
      if mustResume { resumeSource() }
      return .element(element)
    case .end: return .end
    case .failure(let error): return .failure(error)
    case .nothingYet:
      self.wake = wake
      if lock.withLock({ takeAnnouncement() }) { source?.wanted?() }
      return .nothingYet
    }
  }

  private enum Next {
    case element(Element, mustResume: Bool)
    case end
    case failure(any Error)
    case nothingYet
  }

  /// The next element; nil at the end. Cancelling the task stops the source and drops buffered elements.
  @_specialize(where Element == [UInt8])
  package func next(isolation: isolated (any Actor)? = #isolation) async throws -> Element? {
    // Check this first: a task that always finds an element would otherwise never notice.
    if Task.isCancelled { leave() }
    switch lock.withLock({ takeNext() }) {
    case .element(let element, let mustResume):
      if mustResume { resumeSource() }
      return element
    case .end: return nil
    case .failure(let error): throw error
    case .nothingYet: break
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation(isolation: isolation) { taker in wait(taker) }
    } onCancel: {
      leave()
    }
  }

  @_specialize(where Element == [UInt8])
  private func wait(_ taker: CheckedContinuation<Element?, any Error>) {
    // An element may have arrived since the first check.
    let (next, isAnnounced) = lock.withLock { () -> (Next, Bool) in
      require(self.taker == nil, "a stream is for one task: two wait for its next element")
      let next = takeNext()
      guard case .nothingYet = next else { return (next, false) }
      self.taker = taker
      return (next, takeAnnouncement())
    }
    if isAnnounced { onReactor { $0.source?.wanted?() } }
    switch next {
    case .element(let element, let mustResume):
      if mustResume { resumeSource() }
      taker.resume(returning: element)
    case .end: taker.resume(returning: nil)
    case .failure(let error): taker.resume(throwing: error)
    case .nothingYet: break
    }
  }

  /// The consumer leaves: drops the buffered elements and stops the source.
  package func leave() {
    // Release elements outside the lock, because their deinits run arbitrary code.
    var dropped = RingBuffer<Element>()
    let (taker, mustStop) = lock.withLock { () -> (CheckedContinuation<Element?, any Error>?, Bool) in
      let mustStop = end == nil || isStoppedAfterEnd
      if case .left = end { return (nil, false) }
      end = .left
      isStoppedAfterEnd = false
      swap(&dropped, &waiting)
      waitingCost = 0
      return (takeTaker(), mustStop)
    }
    taker?.resume(throwing: CancellationError())
    if mustStop { onReactor { $0.stopSource() } }
  }

  // MARK: - Under the lock

  private func takeAnnouncement() -> Bool {
    defer { announcesWait = false }
    return announcesWait
  }

  @_specialize(where Element == [UInt8])
  private func takeTaker() -> CheckedContinuation<Element?, any Error>? {
    defer { taker = nil }
    return taker
  }

  @_specialize(where Element == [UInt8])
  private func takeNext() -> Next {
    if let element = waiting.popFirst() {
      waitingCost -= cost(element)
      let mustResume = isPaused && waitingCost <= low
      if mustResume { isPaused = false }
      return .element(element, mustResume: mustResume)
    }
    switch end {
    case nil: return .nothingYet
    case .finished:
      isStoppedAfterEnd = false
      return .end
    case .left: return .failure(CancellationError())
    case .failed(let error):
      end = .finished
      isStoppedAfterEnd = false
      return .failure(error)
    }
  }

  // MARK: - On the reactor's thread

  /// Another element may have paused the source again meanwhile: then the next take resumes it.
  private func resumeSource() {
    onReactor { buffer in
      if !buffer.lock.withLock({ buffer.isPaused }) { buffer.source?.resume() }
    }
  }

  private func stopSource() {
    wake = nil
    let source = source.take()
    source?.stop()
  }

  private func onReactor(_ body: @escaping @Sendable (StreamBuffer) -> Void) {
    guard let remote else { return }
    if remote.isCurrent { body(self) } else { remote.callFromThread { [self] in body(self) } }
  }
}

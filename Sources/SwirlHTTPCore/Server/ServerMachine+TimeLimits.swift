extension ServerMachine {
  /// What the connection is doing, and so which time limit applies.
  package var state: ServerTimeLimit { stateInPlace }

  // Inlined, as `mayRead` is: a getter that is called copies the whole machine first.
  @inline(__always) private var stateInPlace: ServerTimeLimit {
    switch output {
    case .closing, .over: return .closing
    case .lingering: return .lingering
    case .open: break
    }
    if content.isStreamed, content.isTaken { return .content }
    if !queue.isEmpty || isWritingPaused { return .answer }
    if input == .content { return .content }
    if !parser.isIdle { return .head }
    return isTakingLastAnswer ? .answer : .idle
  }

  /// Starts the time limit of the present state, when the state has changed or a request has made progress.
  mutating func arm() -> ServerAction? {
    let state = stateInPlace
    if state == limit, !due.contains(.arm) { return nil }
    // A connection on which nothing was asked yet has the time of a head.
    let isFresh = state == .idle && !due.contains(.arm)
    if isFresh, limit == .head { return nil }
    due.remove(.arm)
    let next = isFresh && limit == nil ? .head : state
    limit = next
    return .arm(next)
  }

  /// The time limit that was armed last has passed.
  /// - Parameters:
  ///   - isUnsent: whether the transport still has bytes for the client.
  ///   - isTaking: whether the client took enough of them in that time.
  ///   - isHandlerLate: whether the handler of the first request has used up its own time.
  package mutating func timedOut(isUnsent: Bool, isTaking: Bool, isHandlerLate: Bool) {
    guard let limit else { return }
    switch limit {
    case .idle, .head: headTimedOut(isUnsent: isUnsent)
    case .content: refuse(.contentTimeout)
    case .answer:
      if isHandlerLate { return refuseHandler() }
      if isUnsent, !isTaking { return abort() }
      if !isUnsent { isTakingLastAnswer = false }
      due.insert(.arm)
    case .closing:
      waitForClient(isTaking)
    case .lingering:
      if isUnsent { waitForClient(isTaking) } else { hasLingered = true }
    }
  }

  /// A client that takes what is sent to it, slowly, gets the same time again.
  private mutating func waitForClient(_ isTaking: Bool) {
    if isTaking { due.insert(.arm) } else { abort() }
  }

  private mutating func headTimedOut(isUnsent: Bool) {
    if !parser.isIdle { return isUnsent ? abort() : refuse(.headTimeout) }
    if isUnsent {
      // It has the idle time to begin taking the last answer, and from now on the least rate.
      isTakingLastAnswer = true
      due.insert(.arm)
    } else {
      input = .dropped
    }
  }

  private mutating func refuseHandler() {
    guard queue.isFirstAwaited else { return due.formUnion(.arm) }
    if content.isStreamed, queue.count == 1 { return refuse(.handlerTimeout) }
    _ = queue.makeReady(queue.firstNumber, bytes: 0)
    due.insert([.refuseHandler, .arm])
  }
}

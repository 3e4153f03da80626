extension ServerMachine {
  /// The number of the latest request.
  package var lastNumber: Int { queue.lastNumber }

  /// The answer to a request is ready: `next` returns `respond` when its turn comes. Ignored for a request that is
  /// answered or cancelled.
  /// - Parameter bytes: the memory of the response until then.
  package mutating func answered(_ number: Int, bytes: Int) {
    if output == .open { _ = queue.makeReady(number, bytes: bytes) }
  }

  /// Whether an informational response may be sent for a request: its turn has come, and its answer has not begun.
  package func mayInform(_ number: Int) -> Bool {
    output == .open && queue.isFirstAwaited && queue.firstNumber == number
  }

  /// Whether the answer to a request can be sent at once, without waiting for `respond`; if so its turn has come.
  package mutating func takeTurn(_ number: Int) -> Bool {
    guard output == .open, queue.isFirstAwaited, queue.firstNumber == number else { return false }
    queue.beginSending()
    return true
  }

  /// Plans how to send the current response. Its only side effect is to drop content that is still arriving.
  package mutating func plan(
    _ response: ResponseFacts, to request: AnsweredRequest
  ) throws(UnsendableResponse) -> ResponsePlan {
    let kind = request.kind
    if response.kind == .upgrade {
      guard input == .upgrade, queue.count == 1 else {
        throw content.isStreamed ? .contentIsComing : .upgradeNotOffered
      }
      return ResponsePlan(framing: .none, isPersistent: true, sendsContent: false)
    }
    if kind == .connect, response.status < 300 { throw .noTunnel }
    if response.status < 200 { throw .informational }
    if content.isStreamed, queue.count == 1, response.kind == .whole || content.isAbandoned { dropContent() }
    var plan = ResponsePlan(response, to: kind, version: request.version)
    // If other responses follow, the connection stays open: the last one closes it.
    let isLast = (input == .dropped || isDraining) && queue.count <= 1
    plan.isPersistent = request.isPersistent && !isLast && !response.closes && plan.framing != .untilClose
    return plan
  }

  /// The head of the answer is written.
  package mutating func headSent(_ plan: ResponsePlan) {
    due.insert(.flush)
    if plan.isPersistent { return }
    // Its own content may still be arriving.
    if content.isStreamed, queue.count == 1 {
      content.isAnswerLast = true
      return
    }
    // Later requests are not answered (RFC 9112 §9.6).
    if input != .dropped {
      if input == .content { mayStillSend = true }
      input = .dropped
      content = IncomingContent()
    }
    if queue.count > 1 {
      mayStillSend = true
      if content.isStreamed { stopReading() }
      firstCancelled = queue.firstNumber &+ 1
      queue.removeLater()
      due.insert(.cancel)
    }
  }

  /// Content of the answer is written.
  package mutating func contentSent() { due.insert(.flush) }

  /// The response is written completely.
  package mutating func answerEnded() {
    if queue.count == 1 { dropContent() }
    queue.removeFirst()
    if queue.isEmpty, input == .upgrade { input = isLastRequest ? .dropped : .head }
    // The head may have been sent before the stop, without `Connection: close`.
    if isDraining, !isLastRequestAwaited { drain() }
    due.insert([.flush, .arm])
  }

  /// The answer that hands the connection to another protocol is written.
  package mutating func handedOver() {
    queue.removeAll()
    input = .handedOver
    output = .over
    due = [.flush, .handOver]
  }

  // MARK: - The transport's buffer

  /// The transport's buffer is above its high-water mark.
  package mutating func pauseWriting() { isWritingPaused = true }

  /// The transport's buffer has room again.
  package mutating func resumeWriting() { isWritingPaused = false }

  /// The transport has sent everything.
  package mutating func outputSent() {
    isTakingLastAnswer = false
    // From here the connection only waits for the client to close.
    if output == .lingering { due.insert(.arm) }
  }
}

extension ServerMachine {
  /// The number of the request that came last.
  package var lastNumber: Int { queue.lastNumber }

  /// The answer to a request is ready: `next` returns `respond` when its turn comes. Ignored for a request that is
  /// answered or cancelled.
  /// - Parameter bytes: memory that the answer takes until then.
  package mutating func answered(_ number: Int, bytes: Int) {
    if output == .open { _ = queue.makeReady(number, bytes: bytes) }
  }

  /// Whether the answer to a request can be sent at once, without waiting for `respond`; if so its turn has come.
  package mutating func takeTurn(_ number: Int) -> Bool {
    guard output == .open, queue.isFirstAwaited, queue.firstNumber == number else { return false }
    queue.beginSending()
    return true
  }

  /// How the answer whose turn it is goes out. The machine changes only in that content that is still coming is
  /// dropped.
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
    // Where other answers follow, the connection stays: the last one closes it.
    let isLast = (input == .dropped || isDraining) && queue.count <= 1
    plan.isPersistent = request.isPersistent && !isLast && !response.closes && plan.framing != .untilClose
    return plan
  }

  /// The head of the answer is written.
  package mutating func headSent(_ plan: ResponsePlan) {
    due.insert(.flush)
    if plan.isPersistent { return }
    // Its own content may still be coming.
    if content.isStreamed, queue.count == 1 {
      content.isAnswerLast = true
      return
    }
    // What was asked after it is not answered (RFC 9112 §9.6).
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

  /// The answer is written whole.
  package mutating func answerEnded() {
    if queue.count == 1 { dropContent() }
    queue.removeFirst()
    if queue.isEmpty, input == .upgrade { input = isLastRequest ? .dropped : .head }
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

  /// More waits in the transport than it wants.
  package mutating func pauseWriting() { isWritingPaused = true }

  /// It has room again.
  package mutating func resumeWriting() { isWritingPaused = false }

  /// The transport has sent everything.
  package mutating func outputSent() {
    isTakingLastAnswer = false
    // From here on the client is awaited only to close.
    if output == .lingering { due.insert(.arm) }
  }
}

extension ServerMachine {
  /// Refuses a connection before it has sent anything.
  package mutating func refuseConnection(_ reason: ServerRefusal) {
    refuse(reason)
  }

  /// Refuses a request whose content is arriving, and is not streamed, because the server holds too much. Returns
  /// whether there is one.
  package mutating func refuseContent() -> Bool {
    guard output == .open, input == .content, !content.isStreamed, !content.streams else { return false }
    refuse(.overloaded)
    return true
  }

  /// The memory of the requests that are not answered, and of answers that wait for their turn.
  package var heldBytes: Int { queue.heldBytes }

  /// The client has closed its direction. Returns whether ours stays open.
  ///
  /// By default that counts as the end of the connection, because nothing else shows that a client has closed. With
  /// `answersHalfClosedClients` every complete request is answered first.
  ///
  /// - Parameter completes: whether they are answered first in any case.
  package mutating func endOfInput(completing completes: Bool = false) -> Bool {
    guard output == .open, !hasInputEnded else { return false }
    hasInputEnded = true
    let staysOpen = options.answersHalfClosedClients || completes
    if staysOpen, !queue.isEmpty || unreadBytes > 0, !content.isStreamed { return true }
    // The transport still sends its buffer, but no further output.
    output = .closing
    giveUp()
    return false
  }

  /// The server stops: an idle connection closes, another one after the response in progress.
  package mutating func drain() {
    isDraining = true
    isLastRequestAwaited = false
    if input == .head, queue.isEmpty, parser.isIdle, unreadBytes == 0 { input = .dropped }
  }

  /// The server will stop: the response to the request in progress, or to the next one, ends the connection, with
  /// `Connection: close`. An idle connection stays open until `drain`.
  package mutating func drainAfterRequest() {
    guard !isDraining else { return }
    isDraining = true
    isLastRequestAwaited = true
  }

  /// The program or a time limit breaks the connection.
  package mutating func abort() {
    guard output != .over else { return }
    output = .closing
    input = .dropped
    due.remove(.flush)
    due.insert(.abort)
  }

  /// The connection has ended.
  package mutating func connectionLost() {
    output = .over
    due.subtract([.abort, .flush, .handOver])
    giveUp()
  }

  /// No request in progress can be answered.
  private mutating func giveUp() {
    input = .dropped
    content = IncomingContent()
    if queue.isEmpty { return }
    firstCancelled = queue.firstNumber
    queue.removeAll()
    due.insert(.cancel)
  }

  /// All responses are in the transport. If the client may still be sending, close only our direction (RFC 9112 §9.6).
  mutating func close() -> ServerAction {
    if mayStillSend || !parser.isIdle, !hasInputEnded {
      output = .lingering
      return .linger
    }
    output = .closing
    return .close
  }
}

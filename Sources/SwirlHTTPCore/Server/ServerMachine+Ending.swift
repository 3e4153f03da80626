extension ServerMachine {
  /// Refuses a connection before it has sent anything.
  package mutating func refuseConnection(_ reason: ServerRefusal) {
    refuse(reason)
  }

  /// The client has closed its direction. Returns whether ours stays open.
  ///
  /// By default that counts as the end of the connection, because nothing else shows that a client has closed. With
  /// `answersHalfClosedClients` every request that came whole is answered first.
  package mutating func endOfInput() -> Bool {
    guard output == .open, !hasInputEnded else { return false }
    hasInputEnded = true
    if options.answersHalfClosedClients, !queue.isEmpty || unreadBytes > 0, !content.isStreamed { return true }
    // What the transport has goes out; nothing else will.
    output = .closing
    giveUp()
    return false
  }

  /// The server stops: an idle connection closes, another one after the answer that is under way.
  package mutating func drain() {
    isDraining = true
    if input == .head, queue.isEmpty, parser.isIdle, unreadBytes == 0 { input = .dropped }
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

  /// No request under way can be answered.
  private mutating func giveUp() {
    input = .dropped
    content = IncomingContent()
    if queue.isEmpty { return }
    firstCancelled = queue.firstNumber
    queue.removeAll()
    due.insert(.cancel)
  }

  /// All answers are in the transport. Where the client may still be sending, only our direction is closed (RFC 9112
  /// §9.6).
  mutating func close() -> ServerAction {
    if mayStillSend || !parser.isIdle, !hasInputEnded {
      output = .lingering
      return .linger
    }
    output = .closing
    return .close
  }
}

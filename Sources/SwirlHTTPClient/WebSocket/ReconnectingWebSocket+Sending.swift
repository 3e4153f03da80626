public import SwirlDeferred
import SwirlNet
import SwirlReactor
public import SwirlWebSocket

extension ReconnectingWebSocket {
  /// Sends text, or queues it up to the next connection.
  ///
  /// The Deferred fires when the message is passed to a connection that takes more: at once while the peer reads. That
  /// is no sign that the peer has it; see ``Outage``. Cancelling it takes a queued message out. It fails with a
  /// `WebSocket.SendError` if the queue is full, or if this ends before.
  @discardableResult
  public func send(_ text: String) -> Deferred<Void> { send(.text(text)) }

  /// Sends bytes, as a binary message. See `send`.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Deferred<Void> { send(.binary(bytes)) }

  /// Sends a message. See `send`.
  @discardableResult
  public func send(_ message: WebSocket.Message) -> Deferred<Void> {
    if isEnding { return .fail(WebSocket.SendError.isClosed(end)) }
    // A message of `onConnect` must not wait for the Deferred that `onConnect` returns: it may be that of the message.
    if isInConnectCallback && isOpen || mayPassOn && queue.isEmpty && !isPumping {
      return passOn(message) ?? .succeed()
    }
    guard queuedBytes == 0 || queuedBytes + message.count <= configuration.connection.sendBufferSize else {
      return overflow()
    }
    let queued = QueuedMessage(
      message, Deferred<Void>(canceller: { [weak self] deferred in self?.remove(deferred) }))
    queue.append(queued)
    queuedBytes += message.count
    return queued.deferred
  }

  private func overflow() -> Deferred<Void> {
    switch configuration.connection.overflow {
    case .wait: return .fail(WebSocket.SendError.bufferIsFull)
    case .drop:
      droppedMessages += 1
      return .succeed()
    case .close:
      end(.policyViolation, "the peer reads too slowly", WebSocket.SendError.bufferIsFull)
      return .fail(WebSocket.SendError.isClosed(end))
    }
  }

  private func remove(_ deferred: Deferred<Void>) {
    queue.removeAll { $0.deferred === deferred }
    queuedBytes = queue.reduce(0) { $0 + $1.message.count }
  }

  /// Whether the connection takes messages.
  private var mayPassOn: Bool { isOpen && !isGreeting && !isBlocked }

  /// Passes on what is queued while the connection takes it.
  func pump() {
    // A callback that sends adds to the queue, which the loop further up goes through.
    if isPumping { return }
    isPumping = true
    while mayPassOn, let next = queue.popFirst() {
      queuedBytes -= next.message.count
      if let blocked = passOn(next.message) {
        blocked.addBoth { _ in next.deferred.callback() }
      } else {
        next.deferred.callback()
      }
    }
    isPumping = false
  }

  /// Returns nil if the peer takes more; otherwise what fires when it does, or when the connection breaks: the message
  /// is then in flight.
  private func passOn(_ message: WebSocket.Message) -> Deferred<Void>? {
    guard let connection else { return nil }
    unconfirmed.add(message)
    askForConfirmation()
    let sent: Deferred = connection.send(message)
    if sent.isFired {
      sent.addErrback { _ in }
      return nil
    }
    isBlocked = true
    return sent.addBoth { [self] _ in
      if connection !== self.connection { return }
      isBlocked = false
      // After the sender, who may have waited.
      reactor.callSoon { self.pump() }
    }
  }

  /// Sends what is queued, and closes behind it.
  func closeBehindQueue(_ code: WebSocket.CloseCode, _ reason: String) {
    if let connection, connection.isOpen, !isGreeting {
      while let next = queue.popFirst() {
        queuedBytes -= next.message.count
        unconfirmed.add(next.message)
        (connection.send(next.message) as Deferred<Void>).addBoth { _ in }
        next.deferred.callback()
      }
    }
    end(code, reason, nil)
  }

  func failQueue(_ close: WebSocket.Close) {
    let failed = queue.takeAll()
    queuedBytes = 0
    for message in failed { message.deferred.errback(WebSocket.SendError.isClosed(close)) }
  }

  // MARK: - Confirmation

  /// Asks for a pong a little later, so that many messages have one.
  private func askForConfirmation() {
    if confirmation != nil || isConfirming { return }
    confirmation = reactor.callLater(configuration.confirmationInterval, file: site.file, line: site.line) {
      [weak self] in self?.confirm()
    }
  }

  private func confirm() {
    confirmation = nil
    guard let connection, connection.isOpen else { return }
    isConfirming = true
    let count = unconfirmed.sent
    connection.ping().addBoth { [weak self] result in
      guard let self, case .success = result, connection === self.connection else { return }
      isConfirming = false
      unconfirmed.confirm(count)
      if !unconfirmed.isEmpty { askForConfirmation() }
    }
  }
}

/// A message that waits for a connection.
struct QueuedMessage {
  let message: WebSocket.Message
  let deferred: Deferred<Void>

  init(_ message: WebSocket.Message, _ deferred: Deferred<Void>) {
    self.message = message
    self.deferred = deferred
  }
}

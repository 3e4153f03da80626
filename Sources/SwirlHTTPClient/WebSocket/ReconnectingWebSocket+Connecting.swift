import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlWebSocket

extension ReconnectingWebSocket {
  // MARK: - Attempts

  /// Opens a connection.
  func connect() {
    guard let makeRequest, !isEnding else { return }
    attempts += 1
    breach?.attempts += 1
    set(.connecting(attempt: attempts))
    if isEnding { return }
    var limits = configuration.connection
    // The queue has the bound: messages are passed on while the connection takes more.
    limits.sendBufferSize = .max
    limits.overflow = .wait
    let opened = maybeDeferred(file: site.file, line: site.line, makeRequest).addCallback { [self] request in
      client.webSocket(request, protocols: protocols, configuration: limits, file: site.file, line: site.line)
    }
    attempt = opened
    opened.addBoth { [self] result in
      attempt = nil
      switch result {
      case .success(let socket) where isEnding: socket.close(.goingAway)
      case .success(let socket): connected(socket)
      case .failure(let error): failed(error)
      }
    }
  }

  private func failed(_ error: any Error) {
    if isEnding { return }
    guard configuration.mayPass(error) else { return finish(WebSocket.Close(failed: error)) }
    let field = (error as? HTTPStatusError)?.response["retry-after"]
    pauseAndConnect(after: error, asked: field.flatMap { RetryAfter($0, now: WallClock.now)?.delay })
  }

  /// - Parameter asked: the server's Retry-After.
  private func pauseAndConnect(after error: any Error, asked: Duration? = nil) {
    guard attempts < configuration.backoff.attempts else { return finish(WebSocket.Close(failed: error)) }
    // The sum, not the maximum: many clients receive the same Retry-After.
    let time = Swift.min(asked ?? .zero, Self.longestPause) + configuration.backoff.delay(after: attempts)
    pause = reactor.callLater(time, file: site.file, line: site.line) { [self] in
      pause = nil
      connect()
    }
    set(.waiting(time, after: error))
  }

  /// A server may ask for years.
  private static let longestPause = Duration.seconds(24 * 60 * 60)

  // MARK: - A connection

  private func connected(_ socket: WebSocket) {
    connection = socket
    openedAt = reactor.now
    isGreeting = true
    // The socket and this retain each other up to the socket's end, or the reactor's release.
    socket.endObserver = { [self] close, rest in disconnected(close, rest) }
    set(.open)
    if connection !== socket || isEnding { return }
    let outage = breach.take().map { breach in
      Outage(
        close: breach.close, duration: breach.time.duration(to: openedAt), attempts: breach.attempts,
        inFlight: breach.inFlight, unlistedInFlight: breach.unlisted, unwritten: breach.unwritten)
    }
    greet(socket, outage)
    if connection === socket { socket.onMessage { [self] message in received(message) } }
  }

  /// Calls `onConnect`, and begins with the queue when that is done.
  private func greet(_ socket: WebSocket, _ outage: Outage?) {
    isInConnectCallback = true
    var done: Deferred<Void>?
    do { done = try connectCallback?(socket, outage) } catch { done = .fail(error) }
    isInConnectCallback = false
    if configuration.resend == .all, let outage {
      for message in outage.inFlight.reversed() {
        queue.prepend(QueuedMessage(message, Deferred<Void>()))
        queuedBytes += message.count
      }
    }
    (done ?? .succeed()).addBoth { [self] result in
      guard connection === socket else { return }
      isGreeting = false
      switch result {
      // The connection broke meanwhile, or is about to.
      case .success, .failure(is WebSocket.SendError): pump()
      case .failure(let error): fail(inProgram: error, "onConnect")
      }
    }
  }

  /// The connection is over.
  private func disconnected(_ close: WebSocket.Close, _ rest: [WebSocket.Message]) {
    connection = nil
    isGreeting = false
    isBlocked = false
    confirmation.take()?.cancel()
    isConfirming = false
    if reactor.now - openedAt >= configuration.stableTime { attempts = 0 }
    if !isClosedHere { for message in rest { keep(message) } }
    // The connection waits with its next message, which it will not deliver.
    room.take()?.callback()
    let unlisted = unconfirmed.unlisted
    let inFlight = unconfirmed.takeAll()
    breach = Breach(
      close: close, time: reactor.now, inFlight: inFlight, unlisted: unlisted, unwritten: queue.map(\.message))
    if isEnding || close.isClean && configuration.finalCodes.contains(close.code) { return finish(close) }
    if configuration.resend == .nothing { failQueue(close) }
    if !isEnding { pauseAndConnect(after: WebSocket.ClosedError(close: close)) }
  }

  // MARK: - The end

  /// A callback of the program threw.
  func fail(inProgram error: any Error, _ name: String) {
    if isEnding { return }
    reactor.logError("\(name) of a ReconnectingWebSocket threw: \(error)")
    end(.internalError, "", error)
  }

  /// Ends for good, by closing the connection if there is one.
  func end(_ code: WebSocket.CloseCode, _ reason: String, _ error: (any Error)?) {
    if isEnding { return }
    isEnding = true
    if let connection {
      connection.close(code, reason: reason)
      return
    }
    pause.take()?.cancel()
    attempt?.cancel()
    finish(WebSocket.Close(code: code, reason: reason, isClean: false, error: error))
  }

  /// The reactor runs no callbacks after this: a Close frame is sent, and not waited for.
  func reactorStops() {
    if end != nil { return }
    isClosedHere = true
    isEnding = true
    pause.take()?.cancel()
    attempt?.cancel()
    if let connection = connection.take() {
      connection.endObserver = nil
      connection.close(.goingAway)
    }
    finish(WebSocket.Close(code: .goingAway, reason: "", isClean: false, error: nil))
  }

  /// It is over for the program.
  private func finish(_ close: WebSocket.Close) {
    if end != nil { return }
    isEnding = true
    end = close
    makeRequest = nil
    confirmation.take()?.cancel()
    if let shutdown = shutdown.take() { reactor.removeSystemEventTrigger(shutdown) }
    failQueue(close)
    set(.closed(close))
    // What came before the end is taken before it.
    if arrived.isEmpty && !isCallbackBusy || messageCallback == nil && !isInLoop { report(close) }
    // Last: this may be the only reference.
    reactor.handles.remove(self)
  }

  func set(_ state: State) {
    self.state = state
    stateCallback?(state)
  }
}

extension WebSocket.Close {
  /// No connection could be opened.
  fileprivate init(failed error: any Error) {
    let last = (error as? WebSocket.ClosedError)?.close
    self.init(
      code: last?.code ?? .abnormalClosure, reason: last?.reason ?? "", isClean: last?.isClean ?? false,
      error: last.map(\.error) ?? error)
  }
}

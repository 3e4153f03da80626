public import SwirlDeferred
import SwirlNet
import SwirlReactor

extension WebSocket {
  /// Begins to close: sends a Close frame behind all messages, and waits for the peer's, at most
  /// ``Configuration/closeTimeout``. Later messages of either end are not sent and not delivered. Does nothing if the
  /// socket is being closed; if the peer has closed it, messages that nothing has taken are dropped.
  ///
  /// - Parameters:
  ///   - code: one that may be sent (RFC 6455 §7.4). A program that passes on the end of another socket may give its
  ///     code: 1005 is sent as a Close frame without a code, 1006 as 1011.
  ///   - reason: a text for the peer's program; at most 123 bytes of it are sent.
  public func close(_ code: CloseCode = .normalClosure, reason: String = "") {
    require(
      code.isSendable || code == .noStatusReceived || code == .abnormalClosure,
      "the close code \(code) is never sent (RFC 6455 §7.4)")
    guard state == .open else { return dropUntaken() }
    isClosedHere = true
    startClosing(code == .abnormalClosure ? .internalError : code, reason, nil)
  }

  /// Sets what is called once, when the connection is over: with the peer's Close frame, or why there was no such
  /// frame. Tornado: `on_close`.
  public func onClose(_ callback: @escaping (Close) -> Void) {
    if let end { return callback(end) }
    closeCallback = callback
  }

  /// Fires when the connection is over. It does not close it.
  public func closed() -> Deferred<Close> {
    if let end { return .succeed(end) }
    let deferred = Deferred<Close>(canceller: { [weak self] deferred in
      self?.closers.removeAll { $0 === deferred }
    })
    closers.append(deferred)
    return deferred
  }

  // MARK: - The handshake of closing

  private func startClosing(_ code: CloseCode, _ reason: String, _ error: (any Error)?) {
    state = .closing
    closingError = error
    dropUntaken()
    borrowOutput()
    writer.close(code: code == .noStatusReceived ? nil : code.rawValue, reason: reason, to: &output)
    flush()
    refuseWaiting()
    timer?.cancel()
    timer = reactor.callLater(configuration.closeTimeout) { [unowned self] in
      finish(Close(code: code, reason: reason, isClean: false, error: error ?? LateClose()))
    }
    // The peer's Close frame may be behind messages that nothing takes.
    isDiscarding = true
    resume()
  }

  func closeReceived(_ code: UInt16?, _ reason: String) {
    if state == .closed { return }
    let answers = state == .open
    state = .closing
    if answers {
      borrowOutput()
      writer.close(code: code, reason: "", to: &output)
    }
    flush()
    finish(
      Close(
        code: code.map { CloseCode(rawValue: $0) } ?? .noStatusReceived, reason: reason, isClean: true,
        error: closingError))
  }

  /// The peer has broken the protocol (RFC 6455 §7.1.7).
  func fail(_ error: WebSocketError) {
    if state == .closed { return }
    if state == .open {
      borrowOutput()
      writer.close(code: error.code, reason: error.reason, to: &output)
    }
    flush()
    finish(Close(code: CloseCode(rawValue: error.code), reason: error.reason, isClean: false, error: error), .linger)
  }

  /// A callback of the program threw.
  func fail(inProgram error: any Error) {
    reactor.logError("a WebSocket's callback threw: \(error)")
    if state == .open { startClosing(.internalError, "", error) } else { dropUntaken() }
  }

  /// Ends at once, without a Close frame.
  func cutOff(_ code: CloseCode, _ reason: String, _ error: (any Error)? = nil) {
    if state == .closed { return }
    finish(Close(code: code, reason: reason, isClean: false, error: error), .abort)
  }

  /// What becomes of the connection at the end.
  private enum Ending {
    /// It ends when our last bytes are sent.
    case close
    /// Our direction ends. The peer may be sending: to close now would make the kernel answer that with a reset, which
    /// can overtake our Close frame (RFC 6455 §7.1.1).
    case linger
    case abort
  }

  /// The connection is over for the program.
  private func finish(_ close: Close, _ ending: Ending = .close) {
    state = .closed
    end = close
    timer.take()?.cancel()
    unread = []
    // The server ends the connection first (RFC 6455 §7.1.1).
    let waits = ending == .close && role == .client && close.isClean
    if ending == .abort {
      transport.abort()
    } else if waits || ending == .linger {
      if ending == .linger { transport.closeWrite() }
      timer = reactor.callLater(configuration.closeTimeout) { [transport] in transport.abort() }
      if isReadingPaused { transport.resumeReading() }
    } else {
      transport.close(within: configuration.closeTimeout)
    }
    for pong in pings.takeAll() { pong.errback(SendError.isClosed(close)) }
    refuseWaiting()
    if let observer = endObserver.take() {
      var rest: [Message] = []
      while !arrived.isEmpty { rest.append(takeArrived()) }
      observer(close, rest)
    }
    // What came before the end is taken before it.
    if arrived.isEmpty || messageCallback == nil && !isInLoop { report(close) }
  }

  /// Tells the program.
  func report(_ close: Close) {
    isReported = true
    messageCallback = nil
    let next = nextMessage.take()
    let callback = closeCallback.take()
    let waiting = closers
    closers = []
    callback?(close)
    for deferred in waiting { deferred.callback(close) }
    next.map { endLoop($0) }
  }

  private func refuseWaiting() {
    let waiting = waitingSends
    waitingSends = []
    for deferred in waiting { deferred.errback(SendError.isClosed(end)) }
  }

  /// The peer has ended its direction. A Close frame came before, or will not come.
  func inputEnded() -> Bool {
    if state != .closed { finish(Close(lost: closingError ?? LostConnection())) }
    return false
  }

  /// The connection has ended.
  func connectionLost(_ connection: ConnectionEnd) {
    timer.take()?.cancel()
    if state == .closed { return }
    finish(Close(lost: closingError ?? connection.error ?? LostConnection()))
  }
}

extension WebSocket {
  /// The reactor was released, and the connection with it: a socket that the program still has is closed. Calls no
  /// callback, and releases them all, and with them mostly this; a task in the loop resumes.
  func reactorReleased() {
    // The reactor has released its timers.
    timer = nil
    state = .closed
    if end == nil { end = Close(lost: LostReactor()) }
    isReported = true
    (messageCallback, closeCallback, endObserver) = (nil, nil, nil)
    nextMessage.take()?.errback(ReactorReleasedError())
    (closers, waitingSends) = ([], [])
    _ = pings.takeAll()
    dropUntaken()
    (unread, output) = ([], [])
    if hasShortFrames { shared.shortFrames.removeAll() }
    hasShortFrames = false
  }
}

extension WebSocket.Close {
  /// A connection that ended without the Close frames.
  fileprivate init(lost error: any Error) {
    self.init(code: .abnormalClosure, reason: "", isClean: false, error: error)
  }
}

/// The handler of a server.
extension WebSocket {
  /// Calls a handler that does not await; what it has not set is dropped.
  package func run(_ handler: () throws -> Void) {
    do { try handler() } catch { return fail(inProgram: error) }
    if messageCallback == nil { discardMessages() }
  }

  /// A handler that awaits has returned.
  package func handlerEnded(_ result: Result<Void, any Error>) {
    switch result {
    case .success: close()
    // It has seen the end.
    case .failure(is ClosedError), .failure(is SendError): close(.internalError)
    case .failure(let error): fail(inProgram: error)
    }
  }
}

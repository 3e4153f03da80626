public import SwirlDeferred
import SwirlReactor
public import SwirlWebSocket

extension ReconnectingWebSocket {
  /// Sets what is called with each connection, the first included, before the messages of the queue are sent.
  ///
  /// So a login and subscriptions belong here. What it sends by the connection is in no ``Outage``, as it is sent anew
  /// with each connection; messages of an outage that it sends again by this object are. The outage is nil for the
  /// first connection. An error that it throws is logged and ends this with 1011.
  @_disfavoredOverload
  public func onConnect(_ callback: @escaping (_ connection: WebSocket, _ outage: Outage?) throws -> Void) {
    connectCallback = { connection, outage in
      try callback(connection, outage)
      return nil
    }
  }

  /// Sets what is called with each connection, and takes its time: the queue is sent when the Deferred that it returns
  /// has its result. Until then send by the connection: after the call, this object's `send` waits for that Deferred,
  /// too. A failure is logged and ends this with 1011, unless it is a `WebSocket.SendError`.
  public func onConnect<Inner: DeferredType>(
    @DeferredBody _ callback: @escaping (_ connection: WebSocket, _ outage: Outage?) throws -> Inner
  ) {
    connectCallback = { try callback($0, $1).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Sets what is called with each connection; the queue is sent when the Deferred that it returns has its result.
  @_disfavoredOverload
  public func onConnect(
    @VoidDeferredBody _ callback: @escaping (_ connection: WebSocket, _ outage: Outage?) throws -> Deferred<Void>
  ) {
    connectCallback = { try callback($0, $1) }
  }

  /// Sets what is called with each new ``state``: to show that there is no connection, and why.
  public func onStateChange(_ callback: @escaping (State) -> Void) {
    if !isReported { stateCallback = callback }
  }

  /// Sets what is called with each message of the peer, over all connections; those that were kept come first, in this
  /// call. An error that it throws is logged and ends this with 1011.
  @_disfavoredOverload
  public func onMessage(_ callback: @escaping (WebSocket.Message) throws -> Void) {
    take { message in
      try callback(message)
      return nil
    }
  }

  /// Sets what is called with each message, and takes its time: the next comes when the Deferred that it returns has
  /// its result. A failure is logged and ends this with 1011, unless it is a `WebSocket.SendError`.
  public func onMessage<Inner: DeferredType>(@DeferredBody _ callback: @escaping (WebSocket.Message) throws -> Inner) {
    take { try callback($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Sets what is called with each message; the next comes when the Deferred that it returns has its result.
  @_disfavoredOverload
  public func onMessage(@VoidDeferredBody _ callback: @escaping (WebSocket.Message) throws -> Deferred<Void>) {
    take { try callback($0) }
  }

  /// Sets what is called with each text; a binary message ends this with 1003. See `onMessage`.
  @_disfavoredOverload
  public func onText(_ callback: @escaping (String) throws -> Void) {
    takeText { text in
      try callback(text)
      return nil
    }
  }

  /// Sets what is called with each text; the next comes when the Deferred that it returns has its result.
  public func onText<Inner: DeferredType>(@DeferredBody _ callback: @escaping (String) throws -> Inner) {
    takeText { try callback($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Sets what is called with each text; the next comes when the Deferred that it returns has its result.
  @_disfavoredOverload
  public func onText(@VoidDeferredBody _ callback: @escaping (String) throws -> Deferred<Void>) {
    takeText { try callback($0) }
  }

  private func takeText(_ callback: @escaping (String) throws -> Deferred<Void>?) {
    take { [unowned self] message in
      switch message {
      case .text(let text): return try callback(text)
      case .binary:
        dropArrived()
        end(.unsupportedData, "only text is expected", nil)
        return nil
      }
    }
  }

  /// Sets what is called once, when this is over for good: with the last connection's end, or the error for which no
  /// connection could be opened.
  public func onClose(_ callback: @escaping (WebSocket.Close) -> Void) {
    if isReported, let end { return callback(end) }
    closeCallback = callback
  }

  /// Fires when this is over for good. It does not close it.
  public func closed() -> Deferred<WebSocket.Close> {
    if isReported, let end { return .succeed(end) }
    let deferred = Deferred<WebSocket.Close>(canceller: { [weak self] deferred in
      self?.closers.removeAll { $0 === deferred }
    })
    closers.append(deferred)
    return deferred
  }

  /// Ends this for good. With a connection, sends what is queued and a Close frame, and waits for the peer's; without a
  /// connection, what is queued fails. Messages that come later are not delivered. Does nothing if it is over.
  ///
  /// - Parameters:
  ///   - code: one that may be sent (RFC 6455 §7.4).
  ///   - reason: a text for the peer's program; at most 123 bytes of it are sent.
  public func close(_ code: WebSocket.CloseCode = .normalClosure, reason: String = "") {
    require(code.isSendable, "the close code \(code) is never sent (RFC 6455 §7.4)")
    if isEnding { return }
    isClosedHere = true
    dropArrived()
    closeBehindQueue(code, reason)
  }
}

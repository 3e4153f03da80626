public import SwirlDeferred

extension WebSocket {
  /// Sets what is called with each message from the peer; those that were kept come first, in this call.
  ///
  /// An error that it throws is logged and closes the connection with 1011. Tornado: `on_message`.
  @_disfavoredOverload
  public func onMessage(_ callback: @escaping (Message) throws -> Void) {
    take { message in
      try callback(message)
      return nil
    }
  }

  /// Sets what is called with each message, and takes its time: the next comes when the Deferred that it returns has
  /// its result. The peer waits meanwhile, so that answers to messages never pile up:
  ///
  /// ```swift
  /// socket.onMessage { message in socket.send(message) }
  /// ```
  ///
  /// A failure is logged and closes the connection with 1011, unless it is a ``SendError``. A Deferred in the last
  /// statement is returned without `return` too: see `DeferredBody`.
  public func onMessage<Inner: DeferredType>(@DeferredBody _ callback: @escaping (Message) throws -> Inner) {
    // A Deferred without a value, such as that of `send`, needs no cast at each message.
    if let callback = callback as? (Message) throws -> Deferred<Void> { return take { try callback($0) } }
    take { try callback($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Sets what is called with each message; the next comes when the Deferred that it returns has its result.
  @_disfavoredOverload
  public func onMessage(@VoidDeferredBody _ callback: @escaping (Message) throws -> Deferred<Void>) {
    take { try callback($0) }
  }

  /// Sets what is called with each text; a binary message closes the connection with 1003. See `onMessage`.
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
        close(.unsupportedData, reason: "only text is expected")
        return nil
      }
    }
  }
}

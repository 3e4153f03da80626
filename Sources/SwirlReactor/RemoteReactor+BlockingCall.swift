public import SwirlDeferred

extension RemoteReactor {
  /// Runs `body` on the reactor's thread, and blocks this one until it has returned; returns its value or throws its
  /// error.
  ///
  /// For threads that may block, such as those of a pool: never on the reactor's own thread, which would wait for
  /// itself, nor in async code, which has ``run(file:line:_:)-(_,_,(Reactor)->Value)``. Throws
  /// ``ReactorReleasedError`` if the reactor is released first. Twisted: `blockingCallFromThread`.
  public func blockingCall<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) throws -> Value {
    try wait(file, line) { reactor, call in call.finish(Result { try body(reactor) }) }
  }

  /// Runs `body` on the reactor's thread, and blocks this one until the Deferred that it returns has its result.
  public func blockingCall<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Inner
  ) throws -> Inner.Value where Inner.Value: Sendable {
    try wait(file, line) { reactor, call in maybeDeferred { try body(reactor) }.addBoth { call.finish($0) } }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` on the reactor's thread, and blocks this one until the Deferred that it returns has its result.
  @_disfavoredOverload
  public func blockingCall<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) throws -> Value {
    try wait(file, line) { reactor, call in maybeDeferred { try body(reactor) }.addBoth { call.finish($0) } }
  }

  private func wait<Value: Sendable>(
    _ file: StaticString, _ line: UInt, _ start: @escaping @Sendable (Reactor, Teller<Value>) -> Void
  ) throws -> Value {
    require(
      !isCurrent && !(isMain && isMainThread),
      "a blocking call of a reactor on its own thread would wait for itself for ever")
    // This thread may be that of another reactor, for whose results tasks wait that this waits for.
    Reactor.running?.resumptions.send()
    let outcome = BlockedCall<Value>()
    do {
      let teller = Teller(outcome)
      callFromThread(file: file, line: line) { reactor in start(reactor, teller) }
    }
    return try outcome.wait().get()
  }
}

/// A call for which a thread is blocked.
///
/// Unchecked, because its state is only accessed under the lock.
private final class BlockedCall<Value: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private var result: Result<Value, any Error>?

  func finish(_ result: Result<Value, any Error>) {
    lock.withLock {
      if self.result == nil { self.result = result }
      lock.signal()
    }
  }

  func wait() -> Result<Value, any Error> {
    lock.withLock {
      while true {
        if let result { return result }
        lock.wait()
      }
    }
  }
}

/// Delivers the result. If it is released first, as with the reactor, it delivers that error.
private final class Teller<Value: Sendable>: Sendable {
  private let outcome: BlockedCall<Value>

  init(_ outcome: BlockedCall<Value>) { self.outcome = outcome }

  func finish(_ result: Result<Value, any Error>) { outcome.finish(result) }

  deinit { outcome.finish(.failure(ReactorReleasedError())) }
}

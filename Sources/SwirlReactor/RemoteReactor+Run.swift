public import SwirlDeferred

extension RemoteReactor {
  /// Runs `body` on the reactor's thread and returns its value, or throws its error.
  ///
  /// From any thread or actor; on the reactor's own thread `body` runs in the next turn. Throws
  /// ``ReactorReleasedError`` if the reactor is released first. asyncio: `run_coroutine_threadsafe`; Twisted:
  /// `deferToThread`'s counterpart, `blockingCallFromThread`, without blocking.
  @inlinable
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in .success(try body(reactor)) }
  }

  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result. Cancelling the
  /// task cancels the Deferred.
  ///
  /// ```swift
  /// let page = try await thread.run { _ in fetch(url).addCallback(\.text) }
  /// ```
  @inlinable
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Inner
  ) async throws -> Inner.Value where Inner.Value: Sendable {
    let call = AwaitedCall<Inner.Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in
      .deferred(try body(reactor).asDeferred)
    }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result.
  @_disfavoredOverload
  @inlinable
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in .deferred(try body(reactor)) }
  }
}

/// The error of an awaited call whose reactor was released before the call had its result.
public struct ReactorReleasedError: Error, Hashable, CustomStringConvertible {
  @usableFromInline package init() {}

  /// The error in words, and what to do.
  public var description: String {
    "the reactor was released before there was a result: keep it, and its thread, until what uses it has ended"
  }
}

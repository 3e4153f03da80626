public import SwirlDeferred
public import SwirlHTTPCore

extension EventSource {
  /// Sets what is called with each event, and connects. An error that it throws ends the source with that error.
  @discardableResult @_disfavoredOverload
  public func onEvent(_ callback: @escaping (ServerSentEvent) throws -> Void) -> Self {
    take { event in
      try callback(event)
      return nil
    }
    return self
  }

  /// Sets what is called with each event, and takes its time: the next comes when the Deferred that it returns has its
  /// result, and the server waits. A failure ends the source with that error.
  @discardableResult
  public func onEvent<Inner: DeferredType>(
    @DeferredBody _ callback: @escaping (ServerSentEvent) throws -> Inner
  ) -> Self {
    take { try callback($0).withoutValue }
    return self
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Sets what is called with each event; the next comes when the Deferred that it returns has its result.
  @discardableResult @_disfavoredOverload
  public func onEvent(@VoidDeferredBody _ callback: @escaping (ServerSentEvent) throws -> Deferred<Void>) -> Self {
    take { try callback($0) }
    return self
  }
}

/// The events, for one loop on the reactor's thread:
///
/// ```swift
/// for try await event in events(url) { print(event.data) }
/// ```
///
/// While the loop's body runs, the server waits. The loop ends when the source has ended, and throws the error that
/// ended it. Leaving the loop releases the source, which closes it, unless the program keeps it.
extension EventSource: AsyncSequence {
  /// The iterator of a loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let source: EventSource

    /// The next event, nil at the end. Throws `CancelledError` if the task is cancelled.
    public func next() async throws -> ServerSentEvent? { try await next(isolation: #isolation) }

    /// Like `next()`, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> ServerSentEvent? {
      try await source.next().value
    }
  }

  /// Starts a loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }
}

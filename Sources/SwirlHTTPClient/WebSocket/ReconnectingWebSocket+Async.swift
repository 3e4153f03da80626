public import SwirlDeferred
import SwirlReactor
public import SwirlWebSocket

/// The messages of all connections, for one loop:
///
/// ```swift
/// for try await message in feed {
///   print(message)
/// }
/// ```
///
/// The loop ends when this is closed here, or by the peer with 1000, 1001 or without a code where that is final;
/// otherwise it throws what ended this: a `WebSocket.ClosedError`. It is for code on the reactor's thread. Leaving
/// the loop leaves the socket open.
extension ReconnectingWebSocket: AsyncSequence {
  /// The iterator of a loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let socket: ReconnectingWebSocket

    /// The next message, nil at the end. Throws `CancelledError` if the task is cancelled.
    public func next() async throws -> WebSocket.Message? { try await next(isolation: #isolation) }

    /// Like `next()`, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> WebSocket.Message? {
      try await socket.receive().value
    }
  }

  /// Starts a loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(socket: self) }

  /// The next message; nil when this was closed in an orderly way. The same as one round of a loop, for callback style.
  public func receive() -> Deferred<WebSocket.Message?> {
    require(nextMessage == nil, "one receive(), or loop, at a time: a message goes to one receiver")
    isInLoop = true
    if messageCallback == nil, let message = takeArrived() {
      giveRoom()
      return .succeed(message)
    }
    let next = Deferred<WebSocket.Message?>(canceller: { [weak self] deferred in
      if self?.nextMessage === deferred { self?.nextMessage = nil }
    })
    if end == nil {
      nextMessage = next
    } else {
      deliver()
      endLoop(next)
    }
    return next
  }

  func endLoop(_ next: Deferred<WebSocket.Message?>) {
    guard let end else { return }
    if end.isOrderly || isClosedHere {
      next.callback(nil)
    } else {
      next.errback(WebSocket.ClosedError(close: end))
    }
  }

  /// Sends text, and returns when it is passed to a connection: at once while the peer reads.
  public func send(_ text: String) async throws { try await (send(text) as Deferred<Void>).value }

  /// Sends bytes, as a binary message. See `send`.
  public func send(_ bytes: [UInt8]) async throws { try await (send(bytes) as Deferred<Void>).value }

  /// Sends a message. See `send`.
  public func send(_ message: WebSocket.Message) async throws { try await (send(message) as Deferred<Void>).value }
}

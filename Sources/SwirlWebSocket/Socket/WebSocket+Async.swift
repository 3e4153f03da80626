public import SwirlDeferred

/// The messages, for one loop:
///
/// ```swift
/// for try await message in socket {
///   try await socket.send(message)
/// }
/// ```
///
/// The loop ends when the peer closes with 1000, 1001 or without a code, or when the socket is closed here; otherwise
/// it throws a ``ClosedError``. While the loop's body runs, at most 64 KiB of messages are kept, and the peer waits. It
/// is for code on the reactor's thread. Leaving the loop leaves the socket open.
extension WebSocket: AsyncSequence {
  /// The iterator of a loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let socket: WebSocket

    /// The next message, nil at the end. Throws `CancelledError` if the task is cancelled.
    public func next() async throws -> Message? { try await next(isolation: #isolation) }

    /// Like `next()`, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> Message? { try await socket.receive().value }
  }

  /// Starts a loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(socket: self) }

  /// The next message; nil when the connection was closed in an orderly way. The same as one round of a loop, for
  /// callback style. It fails with a ``ClosedError`` otherwise. aiohttp: `receive`.
  public func receive() -> Deferred<Message?> {
    require(nextMessage == nil, "one receive(), or loop, at a time: a message goes to one receiver")
    isInLoop = true
    if !arrived.isEmpty {
      let message = takeArrived()
      resume()
      return .succeed(message)
    }
    let next = Deferred<Message?>(canceller: { [weak self] deferred in
      if self?.nextMessage === deferred { self?.nextMessage = nil }
    })
    if end != nil {
      endLoop(next)
    } else {
      nextMessage = next
      resume()
    }
    return next
  }

  func endLoop(_ next: Deferred<Message?>) {
    guard let end else { return }
    if end.isOrderly || isClosedHere { next.callback(nil) } else { next.errback(ClosedError(close: end)) }
  }

  /// Sends text, and returns when there is room for more: at once while the peer reads.
  public func send(_ text: String) async throws { try await (send(text) as Deferred<Void>).value }

  /// Sends bytes, as a binary message. See `send`.
  public func send(_ bytes: [UInt8]) async throws { try await (send(bytes) as Deferred<Void>).value }

  /// Sends bytes of any collection, such as Foundation's `Data` or a slice, as a binary message. See `send`.
  public func send(_ bytes: some Sequence<UInt8>) async throws { try await send(Array(bytes)) }

  /// Sends a message. See `send`.
  public func send(_ message: Message) async throws { try await (send(message) as Deferred<Void>).value }
}

import SwirlDeferred
public import SwirlReactor

extension RequestClient where Response: Sendable {
  /// The messages that answer no request, of all connections, for async code on any thread.
  ///
  /// ```swift
  /// let news = listener.pushes()
  /// for try await message in news { print(message) }
  /// ```
  ///
  /// It takes the place of ``onPush``, from this call on. A loop that is slow applies back-pressure: with 1,024
  /// messages in the buffer the connection is not read, so responses wait, too, and its end is not noticed. Leaving the
  /// loop drops later messages, and leaves the client as it is. The loop ends when the client is closed; it throws a
  /// ``RequestError`` if it gives up. Python: redis-py's `pubsub.listen()`.
  public func pushes() -> ReactorStream<Response> { hub.pushes.makeStream(on: hub.reactor) }
}

extension RequestConnection where Response: Sendable {
  /// The messages that answer no request, for async code on any thread: see ``RequestClient``. The loop throws the
  /// ``RequestError`` of a connection that is lost.
  public func pushes() -> ReactorStream<Response> { pushHandler.makeStream(on: reactor) }
}

/// The receiver of the messages that answer no request, for all connections of a client.
final class PushHandler<Message> {
  private enum Receiver {
    case none
    case handler((Message) -> Void)
    /// A stream's buffer, and how to end it.
    case stream(put: (Message) -> Void, finish: ((any Error)?) -> Void)
  }
  private var receiver = Receiver.none
  /// Whether the stream's buffer is full.
  private var isPaused = false
  /// The present connection's.
  private weak var transport: (any Transport)?

  deinit { if case .stream(_, let finish) = receiver { finish(nil) } }

  var handler: ((Message) -> Void)? {
    get { if case .handler(let handler) = receiver { handler } else { nil } }
    set { replace(by: newValue.map { .handler($0) } ?? .none) }
  }

  func receive(_ message: Message) {
    switch receiver {
    case .none: break
    case .handler(let handler): handler(message)
    case .stream(let put, _): put(message)
    }
  }

  func connected(_ transport: any Transport) {
    self.transport = transport
    if isPaused { transport.pauseReading() }
  }

  /// Ends the stream, if there is one.
  func finish(throwing error: (any Error)? = nil) {
    if case .stream = receiver { replace(by: .none, throwing: error) }
  }

  private func replace(by receiver: Receiver, throwing error: (any Error)? = nil) {
    let replaced = self.receiver
    self.receiver = receiver
    setPaused(false)
    if case .stream(_, let finish) = replaced { finish(error) }
  }

  private func setPaused(_ isPaused: Bool) {
    guard isPaused != self.isPaused else { return }
    self.isPaused = isPaused
    if isPaused { transport?.pauseReading() } else { transport?.resumeReading() }
  }
}

extension PushHandler where Message: Sendable {
  func makeStream(on reactor: Reactor) -> ReactorStream<Message> {
    let buffer = StreamBuffer<Message>(on: reactor.remote, high: 1024, low: 256) { _ in 1 }
    buffer.setSource(
      .init(
        pause: { [weak self] in self?.setPaused(true) }, resume: { [weak self] in self?.setPaused(false) },
        stop: { [weak self] in self?.finish() }))
    replace(by: .stream(put: { buffer.put($0) }, finish: { buffer.finish(throwing: $0) }))
    return ReactorStream(buffer)
  }
}

public import SwirlDeferred
public import SwirlHTTPCore
import SwirlReactor

extension HTTPServer {
  /// Sends server-sent events to one client. See `Response.events`.
  ///
  /// Use it on the reactor's thread. A client that does not read is disconnected when more than a mebibyte is buffered
  /// for it: it reconnects with the ID of its last event, from which the program resumes.
  public final class EventWriter {
    private let body: BodyWriter
    private var keepAlive: DelayedCall?

    init(_ body: BodyWriter, keepAlive: Duration?) {
      self.body = body
      body.endWithServer()
      // A response that is collected may have no reactor.
      if let keepAlive, let reactor = Reactor.currentIfAny { startKeepAlive(keepAlive, on: reactor) }
    }

    deinit {
      keepAlive?.cancel()
      body.end()
    }

    /// Whether the client is connected, and `end()` was not called.
    public var isOpen: Bool { body.isOpen }

    /// Called once, when the client disconnects or the server stops. Tornado: `on_connection_close`.
    public var onDisconnect: (() -> Void)? {
      get { body.onDisconnect }
      set { body.onDisconnect = newValue }
    }

    /// Sends an event. Returns whether the send buffer has room: if false, wait for ``drained()``, or know that a
    /// client that does not read will be disconnected. Does nothing once the client has disconnected.
    @discardableResult
    public func send(_ event: ServerSentEvent) -> Bool { write(event.encoded) }

    /// Sends text as an event. See above.
    @discardableResult
    public func send(_ data: String, type: String = "message", id: String? = nil) -> Bool {
      send(ServerSentEvent(data, type: type, id: id))
    }

    /// Sends an event, and returns when the send buffer has room: at once while the client reads. Throws
    /// ``ClientDisconnectedError`` when the client has disconnected.
    public func send(_ event: ServerSentEvent) async throws {
      _ = write(event.encoded)
      try await drained().value
    }

    /// Sends text as an event, and returns when the send buffer has room. See above.
    public func send(_ data: String, type: String = "message", id: String? = nil) async throws {
      try await send(ServerSentEvent(data, type: type, id: id))
    }

    /// Fires when the send buffer has room, which may be at once; fails with ``ClientDisconnectedError``.
    public func drained() -> Deferred<Void> { body.drained() }

    /// Ends the stream. The client reconnects; to tell it to stop, answer its next request with 204.
    public func end() { body.end() }

    fileprivate func write(_ encoded: String) -> Bool {
      if body.write(encoded) { return true }
      // Without this event: a client that reads gets one of any size.
      if body.bufferedBytes - encoded.utf8.count > Self.mostBuffered { body.abort() }
      return false
    }

    private static let mostBuffered = 1 << 20

    private func startKeepAlive(_ interval: Duration, on reactor: Reactor) {
      require(interval > .zero, "a comment every \(interval) would fill the connection")
      keepAlive = reactor.callLater(interval) { [weak self] in
        guard let self, isOpen else { return }
        // A client that does not read needs no sign of life.
        if body.canWrite { body.write(":\n\n") }
        startKeepAlive(interval, on: reactor)
      }
    }
  }
}

extension Sequence where Element == HTTPServer.EventWriter {
  /// Sends an event to all clients; it is encoded once.
  public func broadcast(_ event: ServerSentEvent) {
    let encoded = event.encoded
    // A copy of the list: a client that is disconnected may leave it.
    for writer in Array(self) { _ = writer.write(encoded) }
  }

  /// Sends text as an event to all clients.
  public func broadcast(_ data: String, type: String = "message", id: String? = nil) {
    broadcast(ServerSentEvent(data, type: type, id: id))
  }
}

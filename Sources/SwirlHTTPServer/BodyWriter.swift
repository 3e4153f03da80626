public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer {
  /// Writes the body of one response, made by ``Response/stream(status:headers:length:_:)``.
  ///
  /// Keep it while there is something to write: when it is let go of before `end()`, the connection is broken, which tells the
  /// client that the body is not whole. All of it is used on the reactor's thread.
  public final class BodyWriter {
    private let body: StreamedBody

    init(_ body: StreamedBody) {
      self.body = body
    }

    deinit {
      body.writerGone()
    }

    /// Whether bytes are still taken: `end()` was not called and the client is there.
    public var isOpen: Bool { body.state == .open }

    /// Whether the network takes more at present.
    public var canWrite: Bool { body.canWrite }

    /// The bytes of content that were written.
    public var bytesWritten: Int { body.sent }

    /// Called whenever the network can take more after a `write` that returned false. Twisted: `resumeProducing`; Node: `drain`.
    public var onDrain: (() -> Void)? {
      get { body.onDrain }
      set { if isOpen { body.onDrain = newValue } }
    }

    /// Called once when the client goes away before the body has ended. Tornado: `on_connection_close`.
    public var onDisconnect: (() -> Void)? {
      get { body.onDisconnect }
      set { if isOpen { body.onDisconnect = newValue } }
    }

    /// Sends bytes. Returns whether the network takes more: when false, wait for ``onDrain`` or ``drained()``, or what is
    /// written waits in memory. When the client has gone, nothing happens.
    @discardableResult
    public func write(_ bytes: Span<UInt8>) -> Bool { body.write(bytes) }

    /// Sends bytes; see above.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool { body.write(bytes.span) }

    /// Sends text as UTF-8; see above.
    @discardableResult
    public func write(_ text: String) -> Bool { body.write(text.utf8.span) }

    /// Fires when the network takes more, which may be at once; fails with ``ClientDisconnectedError``.
    /// Tornado: `flush`; asyncio: `drain`.
    public func drained() -> Deferred<Void> { body.drained() }

    /// Ends the body, with fields behind it where it is sent in chunks (RFC 9110 §6.5); elsewhere those are left away.
    public func end(trailers: HTTPFields? = nil) { body.end(trailers) }

    /// Ends the body when `source` succeeds. When it fails, that is logged and the connection broken; when the client goes away,
    /// `source` is cancelled.
    public func end(after source: Deferred<Void>) { body.follow(source) }

    /// Breaks the connection, which tells the client that the body is not whole. Twisted: `loseConnection`.
    public func abort() { body.breakOff() }

    /// Fires when the body has ended, fails with ``ClientDisconnectedError`` when the client has gone before.
    /// Twisted: `notifyFinish`.
    public func notifyFinish() -> Deferred<Void> { body.finished() }
  }

  /// The failure of what waits for a client that has gone.
  public struct ClientDisconnectedError: Error, Hashable, CustomStringConvertible {
    init() {}
    /// What happened.
    public var description: String { "the client has gone before request and response were whole" }
  }
}

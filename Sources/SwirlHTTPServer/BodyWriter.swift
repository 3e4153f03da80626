public import HTTPTypes
public import SwirlDeferred
import SwirlContent
import SwirlHTTPCore
import SwirlNet

extension HTTPServer {
  /// Writes the body of one response, made by ``Response/stream(status:headers:length:_:)``.
  ///
  /// Retain it until `end()`: releasing it earlier breaks the connection, so that the client knows that the body is
  /// incomplete. Use it on the reactor's thread.
  public final class BodyWriter {
    private let body: StreamedBody

    init(_ body: StreamedBody) {
      self.body = body
    }

    deinit {
      body.writerGone()
    }

    /// Lets a graceful stop of the server end the body, with a call of ``onDisconnect``.
    func endWithServer() { body.endsWithServer = true }

    /// Breaks the connection, because the code that writes has failed.
    func fail(_ error: any Error) { body.fail(error) }

    /// Applies a content coding to all that is written. `length` is that of the content without it, if known.
    func encode(with encoder: ContentEncoder, _ share: EncoderMemory.Share, length: Int?) {
      body.encode(with: encoder, share, length: length)
    }

    /// Whether a content coding is applied to what is written.
    var isEncoding: Bool { body.encoded != nil }

    /// Whether `write` takes parts of files: else their bytes have to be read and written.
    var sendsFiles: Bool { body.sendsFiles }

    /// Sends a part of a file without a copy. The caller keeps to the length that was promised.
    func write(_ region: FileRegion) { body.write(region) }

    /// The number of bytes that are written and not sent.
    var bufferedBytes: Int { body.bufferedBytes }

    /// Whether it accepts bytes: `end()` was not called, and the client is connected.
    public var isOpen: Bool { body.state == .open }

    /// Whether the send buffer has room now.
    public var canWrite: Bool { body.canWrite }

    /// The number of content bytes written, before they are compressed.
    public var bytesWritten: Int { body.encoded?.taken ?? body.sent }

    /// Called when the send buffer has room again after a `write` that returned false. Twisted: `resumeProducing`;
    /// Node: `drain`.
    public var onDrain: (() -> Void)? {
      get { body.onDrain }
      set { if isOpen { body.onDrain = newValue } }
    }

    /// Called once if the client disconnects before the body has ended. Tornado: `on_connection_close`.
    public var onDisconnect: (() -> Void)? {
      get { body.onDisconnect }
      set { if isOpen { body.onDisconnect = newValue } }
    }

    /// Sends bytes. Returns whether the send buffer has room: if false, wait for ``onDrain`` or ``drained()``;
    /// otherwise memory grows. Does nothing once the client has disconnected.
    @discardableResult
    public func write(_ bytes: Span<UInt8>) -> Bool { body.write(bytes) }

    /// Sends bytes; see above.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool { body.write(bytes.span) }

    /// Sends text as UTF-8; see above.
    @discardableResult
    public func write(_ text: String) -> Bool { body.write(text.utf8.span) }

    /// Fires when the send buffer has room, which may be at once; fails with ``ClientDisconnectedError``. Tornado:
    /// `flush`; asyncio: `drain`.
    public func drained() -> Deferred<Void> { body.drained() }

    /// Ends the body, with trailer fields if it is chunked (RFC 9110 §6.5); otherwise those are omitted.
    public func end(trailers: HTTPFields? = nil) { body.end(trailers) }

    /// Ends the body when `source` succeeds. If it fails, that is logged and the connection broken; if the client
    /// disconnects, `source` is cancelled.
    public func end(after source: Deferred<Void>) { body.follow(source) }

    /// Breaks the connection, so that the client knows that the body is incomplete. Twisted: `loseConnection`.
    public func abort() { body.breakOff() }

    /// Fires when the body has ended; fails with ``ClientDisconnectedError`` if the client disconnects first. Twisted:
    /// `notifyFinish`.
    public func notifyFinish() -> Deferred<Void> { body.finished() }
  }

  /// The failure of a Deferred that waits for a disconnected client.
  public struct ClientDisconnectedError: Error, Hashable, CustomStringConvertible {
    init() {}
    /// The error in words.
    public var description: String { "the client disconnected before request and response were complete" }
  }
}

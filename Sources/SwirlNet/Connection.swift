package import SwirlDeferred
public import SwirlReactor

/// A connection for async code: a ``Transport`` for any thread and any actor.
///
/// ```swift
/// for try await bytes in connection.inbound {
///   try await connection.write(bytes)
/// }
/// ```
///
/// It ends when both directions have ended, when it is closed, when the loop over ``inbound`` is left early, or when it
/// is released: closing is optional. Its socket belongs to the reactor. A task's calls take effect on the reactor's
/// thread, in order: at once for a task that runs there. asyncio: `StreamReader` and `StreamWriter` in one.
public final class Connection: Sendable {
  /// The received bytes, in order, in pieces as they arrived; for one loop.
  ///
  /// It buffers at most 64 KiB and one read, then applies back-pressure to the peer. The loop ends at the peer's EOF,
  /// after which writing is still possible, or after ``close()``. It throws a ``NetError`` if the connection broke or
  /// was aborted, and `CancellationError` if its task is cancelled. Leaving the loop early, or cancelling its task,
  /// closes the connection: to read a part and then answer, use an iterator and its `next()`.
  public let inbound: ReactorStream<[UInt8]>

  /// The local address, if known.
  public let localAddress: SocketAddress?

  /// The peer's address, if known.
  public let peerAddress: SocketAddress?

  /// The parameters of TLS; nil for a connection that began without TLS.
  public let tlsInfo: TLSInfo?

  let link: ConnectionLink

  /// Takes over an open connection as its new protocol. Call it on the reactor's thread, for example in a protocol's
  /// `connectionMade`.
  public convenience init(_ transport: any Transport) {
    self.init(transport) { transport.streamProtocol = $0 }
  }

  /// Starts a connection that was just established.
  package convenience init(starting transport: any ConnectedTransport) {
    self.init(transport) { transport.start($0) }
  }

  private init(_ transport: any Transport, attach: (ConnectionProtocol) -> Void) {
    link = ConnectionLink(transport, inboundMarks: WaterMarks(high: 64 * 1024, low: 16 * 1024))
    inbound = ReactorStream(link.inbound)
    localAddress = transport.localAddress
    peerAddress = transport.peerAddress
    tlsInfo = transport.tlsInfo
    attach(ConnectionProtocol(link))
  }

  deinit { link.letGo() }

  /// Sends `bytes` after all earlier ones.
  ///
  /// It first waits until the send buffer is below the transport's high-water mark (64 KiB); it does not wait for
  /// `bytes` themselves. If it throws, no byte was sent: a ``NetError`` with the end of the connection, or
  /// `CancellationError` if the task is cancelled while it waits, which leaves the connection open. If the connection
  /// breaks later, the next call throws. Several tasks may write: the bytes of one call stay together. asyncio: `drain`
  /// and `write`.
  public func write(_ bytes: [UInt8]) async throws { try await link.write(bytes) }

  /// Sends `text` as UTF-8.
  public func write(_ text: String) async throws { try await link.write(Array(text.utf8)) }

  /// Waits until the send buffer is below the transport's high-water mark, like the next `write`, with the same errors.
  /// For a caller that wants to wait before it produces the next bytes. asyncio: `drain`.
  public func drain() async throws { try await link.write([]) }

  /// Ends our direction once all bytes are sent; the peer can continue sending. Any thread; does not wait. asyncio:
  /// `write_eof`.
  public func closeWrite() {
    link.refuseWriting("closeWrite() was called")
    link.perform { $0.closeWrite() }
  }

  /// Ends the connection once all bytes are sent; later input is ignored, and ``inbound`` ends. Any thread; does not
  /// wait: ``closed()`` does.
  public func close() {
    link.refuseWriting("the connection was closed here")
    link.perform { $0.close() }
  }

  /// Ends the connection at once; drops the send buffer, and the peer gets a reset. Any thread.
  public func abort() {
    link.refuseWriting("the connection was aborted here")
    link.perform { $0.abort() }
  }

  /// Awaits what `body` does with the transport, on the reactor's thread, behind the calls before.
  package func withTransport<Value: Sendable>(
    _ body: @escaping @Sendable (any Transport) -> Deferred<Value>
  ) async throws -> Value { try await link.withTransport(body) }

  /// Waits until the connection has ended, and returns how. It does not end the connection: see ``close()``. Throws
  /// `CancellationError` if the task is cancelled. asyncio: `wait_closed`.
  @discardableResult
  public func closed() async throws -> ConnectionEnd { try await link.ended() }
}

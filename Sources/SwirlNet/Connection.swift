public import SwirlReactor

/// One end of a connection, for code that awaits: a ``Transport`` that any thread and any actor may use.
///
/// ```swift
/// for try await bytes in connection.inbound {
///   try await connection.write(bytes)
/// }
/// ```
///
/// It ends when both ends are done, when it is closed, when the loop over ``inbound`` is left before its end, or when it is
/// let go of: nobody has to close it. Its sockets belong to the reactor, and what is done here happens on the reactor's
/// thread, in the order in which a task does it: at once for a task that runs there. asyncio: `StreamReader` and
/// `StreamWriter` in one.
public final class Connection: Sendable {
  /// The bytes that come, in order, in pieces as they came; for one loop.
  ///
  /// No more than 64 KiB and one read wait here: then the other end has to. The loop ends when the other end has sent all it
  /// wants, and we may go on to write; or after ``close()``. It throws a ``NetError`` when the connection broke or was
  /// aborted, and `CancellationError` when its task is cancelled. Leaving it before that closes the connection, as a cancelled
  /// task does: to read a part and then answer, keep an iterator instead, and call its `next()`.
  public let inbound: ReactorStream<[UInt8]>

  /// Where this end is, where that is known.
  public let localAddress: SocketAddress?

  /// Where the other end is, where that is known.
  public let peerAddress: SocketAddress?

  /// What the two ends agreed on, where the connection is secured.
  public let tlsInfo: TLSInfo?

  let link: ConnectionLink

  /// Takes over a connection that is open: this becomes what it is told to. On the reactor's thread, for example in a
  /// protocol's `connectionMade`.
  public convenience init(_ transport: any Transport) {
    self.init(transport) { transport.streamProtocol = $0 }
  }

  /// Starts a connection that was just made.
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

  /// Sends `bytes` after what was written before.
  ///
  /// While more waits to be sent than the transport's high water mark (64 KiB), it waits first; it does not wait for `bytes`
  /// themselves. All of them are sent or, when it throws, none: a ``NetError`` that tells how the connection ended, or
  /// `CancellationError` when the task is cancelled while it waits, which leaves the connection open. A connection that breaks
  /// later is told by the next call. Several tasks may write: the bytes of one call stay together. asyncio: `drain` and
  /// `write`.
  public func write(_ bytes: [UInt8]) async throws { try await link.write(bytes) }

  /// Sends `text` as UTF-8.
  public func write(_ text: String) async throws { try await link.write(Array(text.utf8)) }

  /// Waits until no more is on its way than the transport's high water mark, as the next `write` would; throws what that would. For
  /// whoever wants to know before the next bytes are made. asyncio: `drain`.
  public func drain() async throws { try await link.write([]) }

  /// Ends our direction when all that was written is sent; the other end can go on sending. Any thread; does not wait.
  /// asyncio: `write_eof`.
  public func closeWrite() {
    link.refuseWriting("closeWrite() was called")
    link.perform { $0.closeWrite() }
  }

  /// Ends the connection when all that was written is sent; what comes meanwhile is not taken, and ``inbound`` ends.
  /// Any thread; does not wait: ``closed()`` does.
  public func close() {
    link.refuseWriting("the connection was closed here")
    link.perform { $0.close() }
  }

  /// Ends the connection at once; what waits is dropped, and the other end gets a reset. Any thread.
  public func abort() {
    link.refuseWriting("the connection was aborted here")
    link.perform { $0.abort() }
  }

  /// Waits until the connection has ended, and tells how. It ends nothing itself: see ``close()``. Throws
  /// `CancellationError` when the task is cancelled. asyncio: `wait_closed`.
  @discardableResult
  public func closed() async throws -> ConnectionEnd { try await link.ended() }
}

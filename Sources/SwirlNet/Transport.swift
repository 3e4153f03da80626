import SwirlDeferred
public import SwirlReactor

/// One side of a connection: an ordered stream of bytes in each direction.
///
/// It delivers received bytes to a ``StreamProtocol``. It sends written bytes at once as far as the kernel takes them,
/// and buffers the rest. All calls are on the reactor's thread. Twisted: `ITransport`.
public protocol Transport: AnyObject {
  /// The reactor whose thread this belongs to.
  var reactor: Reactor { get }

  /// The local address, if known.
  var localAddress: SocketAddress? { get }

  /// The peer's address, if known.
  var peerAddress: SocketAddress? { get }

  /// The parameters of TLS; nil without TLS.
  var tlsInfo: TLSInfo? { get }

  /// The protocol of this connection; it may be replaced, for an upgrade. Retained until the connection has ended, so a
  /// protocol and its transport may retain each other. While it is nil the transport does not read; after the end it
  /// makes no calls.
  var streamProtocol: (any StreamProtocol)? { get set }

  /// Sends `bytes` after all earlier ones. Does nothing after `close`, `closeWrite` or the end.
  ///
  /// If the connection is broken, the protocol learns of it after this has returned.
  func write(_ bytes: Span<UInt8>)

  /// Sends `bytes`, and buffers them without a copy.
  func write(_ bytes: [UInt8])

  /// The number of bytes buffered here because the kernel's send buffer is full.
  var bufferedBytes: Int { get }

  /// The number of unsent bytes: `bufferedBytes`, and the bytes dropped when the connection broke or was aborted.
  var unsentBytes: Int { get }

  /// The numbers of buffered bytes at which the protocol pauses (``StreamProtocol/pauseWriting()``) and resumes.
  var waterMarks: WaterMarks { get set }

  /// Stops reading until `resumeReading()`, which applies back-pressure to the peer. EOF is noticed only then, too,
  /// unless a write fails.
  func pauseReading()

  /// Resumes reading.
  func resumeReading()

  /// Ends this direction once all bytes are sent; the peer can continue sending. When that has ended too, the
  /// connection ends. Twisted: `loseWriteConnection`.
  func closeWrite()

  /// Ends the connection once all bytes are sent; input received meanwhile is ignored. `connectionLost` is called in a
  /// later turn.
  ///
  /// If the peer does not read, it waits as long as the peer keeps the connection open: see ``close(within:)``. If the
  /// peer is still sending, the kernel responds with a reset, which may overtake our last bytes: to prevent that, use
  /// ``closeWrite()`` and close in `endReceived`. Twisted: `loseConnection`.
  func close()

  /// Ends the connection at once; drops the send buffer, and the peer gets a reset. Twisted: `abortConnection`.
  func abort()

  /// Whether it was closed or aborted here, or has ended: it ignores further input. Twisted: `disconnecting`; asyncio:
  /// `is_closing`.
  var isClosing: Bool { get }
}

/// The numbers of buffered bytes at which a protocol stops and resumes writing.
public struct WaterMarks: Sendable, Hashable {
  /// Above this, `pauseWriting`.
  public var high: Int
  /// At this or less, `resumeWriting`.
  public var low: Int

  /// - Parameters:
  ///   - high: above this number of buffered bytes the protocol pauses.
  ///   - low: at this number or below it resumes; nil is a quarter of `high`.
  public init(high: Int = 64 * 1024, low: Int? = nil) {
    require(high >= 0 && (low ?? 0) <= high, "water marks must be 0 ≤ low ≤ high")
    self.high = high
    self.low = low ?? high / 4
  }
}

extension Transport {
  /// No TLS.
  public var tlsInfo: TLSInfo? { nil }

  /// False by default.
  public var isClosing: Bool { false }

  /// Only the buffered bytes.
  public var unsentBytes: Int { bufferedBytes }

  /// Sends `text` as UTF-8.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// Like `close()`, but aborts if the peer has not taken all bytes within `limit`.
  public func close(within limit: Duration) {
    close()
    if bufferedBytes > 0 { reactor.callLater(limit) { [weak self] in self?.abort() } }
  }
}

/// The callbacks of a connection: the program's side of a ``Transport``. Twisted: `IProtocol`.
///
/// All calls are on the reactor's thread. Only ``dataReceived(_:)`` is required. The compiler refuses usual
/// misspellings of the others: see ``StreamProtocolSpelling``.
public protocol StreamProtocol: StreamProtocolSpelling {
  /// The connection is established. Called once, before all others.
  func connectionMade(_ transport: any Transport)

  /// Bytes have arrived. They are valid during the call only.
  func dataReceived(_ bytes: Span<UInt8>)

  /// Offers a buffer for the next bytes, to save a copy if their destination is known: calls `read` with it, once, and
  /// returns true. After `read` the buffer has the bytes. By default false: bytes come through `dataReceived`, as they
  /// do if the buffer has no room.
  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool

  /// The peer has sent EOF. Returns whether to keep our direction open; by default the connection closes once all bytes
  /// are sent. After `closeWrite()` the connection ends in any case. asyncio: `eof_received`.
  func endReceived() -> Bool

  /// The buffer is above the high-water mark: stop writing until `resumeWriting`. Called inside the `write`.
  func pauseWriting()

  /// The buffer is down to the low-water mark.
  func resumeWriting()

  /// All buffered bytes are sent: `bufferedBytes` is zero.
  func writeBufferEmptied()

  /// The connection has ended. Called once, after all others.
  func connectionLost(_ end: ConnectionEnd)
}

extension StreamProtocol {
  /// Does nothing.
  public func connectionMade(_ transport: any Transport) {}
  /// Offers no buffer.
  public func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool { false }
  /// Closes the connection.
  public func endReceived() -> Bool { false }
  /// Does nothing.
  public func pauseWriting() {}
  /// Does nothing.
  public func resumeWriting() {}
  /// Does nothing.
  public func writeBufferEmptied() {}
  /// Does nothing.
  public func connectionLost(_ end: ConnectionEnd) {}
}

/// How a connection ended.
public struct ConnectionEnd: Sendable, CustomStringConvertible {
  /// The kind of end.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// An orderly end of both directions: `close()` here, or the peer's EOF followed by ours.
    public static let closed = Code(rawValue: 0)
    /// `abort()` was called here.
    public static let aborted = Code(rawValue: 1)
    /// The network or the peer broke it; `error` has the reason.
    public static let failed = Code(rawValue: 2)
  }

  /// The kind of end.
  public let code: Code
  /// The cause, with `.failed`.
  public let error: NetError?

  package init(_ code: Code, error: NetError? = nil) {
    self.code = code
    self.error = error
  }

  /// How it ended, in words.
  public var description: String {
    switch code {
    case .closed: "closed"
    case .aborted: "aborted here"
    default: error?.description ?? "failed"
    }
  }
}

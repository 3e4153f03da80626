import SwirlDeferred
public import SwirlReactor

/// One end of a connection: bytes in order, both ways.
///
/// What comes in is told to a ``StreamProtocol``; what is written goes out at once as far as the kernel takes it, and the
/// rest waits here. All of it happens on the reactor's thread. Twisted: `ITransport`.
public protocol Transport: AnyObject {
  /// The reactor whose thread this belongs to.
  var reactor: Reactor { get }

  /// Where this end is, where that is known.
  var localAddress: SocketAddress? { get }

  /// Where the other end is, where that is known.
  var peerAddress: SocketAddress? { get }

  /// What the two ends agreed on, where the connection is secured.
  var tlsInfo: TLSInfo? { get }

  /// What is told of this connection; it may be changed, for an upgrade. Kept until the connection has ended, so that a
  /// protocol and its transport may hold each other. While it is nil nothing is read; after the end nothing is told.
  var streamProtocol: (any StreamProtocol)? { get set }

  /// Sends `bytes` after what was written before. After `close`, `closeWrite` or the end nothing is sent.
  ///
  /// A connection that turns out to be broken is told after this has returned.
  func write(_ bytes: Span<UInt8>)

  /// Sends `bytes`, which are kept without a copy while they wait.
  func write(_ bytes: [UInt8])

  /// The bytes that wait here because the kernel does not take them yet.
  var bufferedBytes: Int { get }

  /// The bytes that were written and not sent: those of `bufferedBytes`, and once the connection has broken or was aborted those
  /// that it dropped.
  var unsentBytes: Int { get }

  /// How many waiting bytes make the protocol be told to pause (``StreamProtocol/pauseWriting()``), and how few to resume.
  var waterMarks: WaterMarks { get set }

  /// Takes no more from the other end until `resumeReading()`: its writes will fill up and wait. Its end, too, is noticed
  /// only then, unless something is written.
  func pauseReading()

  /// Takes what comes again.
  func resumeReading()

  /// Ends this direction when all that was written is sent; the other end can go on sending. When that has ended too, the
  /// connection ends. Twisted: `loseWriteConnection`.
  func closeWrite()

  /// Ends the connection when all that was written is sent; what comes meanwhile is not taken. `connectionLost` is called in
  /// a later turn.
  ///
  /// It waits for an end that does not read for as long as that keeps the connection open: see ``close(within:)``. To an end
  /// that is still sending, the kernel answers with a reset, which may overtake the last bytes: send those with
  /// ``closeWrite()`` and close when `endReceived` comes. Twisted: `loseConnection`.
  func close()

  /// Ends the connection at once; what waits is dropped, and the other end gets a reset. Twisted: `abortConnection`.
  func abort()

  /// Whether it was closed or aborted here, or has ended: what comes is not taken any more. Twisted: `disconnecting`; asyncio:
  /// `is_closing`.
  var isClosing: Bool { get }
}

/// When a protocol is told to stop writing and to go on, in bytes that wait.
public struct WaterMarks: Sendable, Hashable {
  /// At more than this, `pauseWriting`.
  public var high: Int
  /// At this or less, `resumeWriting`.
  public var low: Int

  /// - Parameters:
  ///   - high: at more waiting bytes than this the protocol is told to pause.
  ///   - low: at this many or fewer it is told to go on; a quarter of `high` when nil.
  public init(high: Int = 64 * 1024, low: Int? = nil) {
    require(high >= 0 && (low ?? 0) <= high, "water marks must be 0 ≤ low ≤ high")
    self.high = high
    self.low = low ?? high / 4
  }
}

extension Transport {
  /// Not secured.
  public var tlsInfo: TLSInfo? { nil }

  /// Not, as far as is known.
  public var isClosing: Bool { false }

  /// Those that wait.
  public var unsentBytes: Int { bufferedBytes }

  /// Sends `text` as UTF-8.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// As `close()`, but what the other end has not taken when `limit` has passed is dropped, as by `abort()`.
  public func close(within limit: Duration) {
    close()
    if bufferedBytes > 0 { reactor.callLater(limit) { [weak self] in self?.abort() } }
  }
}

/// What is told of a connection: the program's side of a ``Transport``. Twisted: `IProtocol`.
///
/// All of it is called on the reactor's thread. Only ``dataReceived(_:)`` has to be written.
public protocol StreamProtocol: AnyObject {
  /// The connection is there. Called once, before anything else.
  func connectionMade(_ transport: any Transport)

  /// Bytes have come. They are valid during the call only.
  func dataReceived(_ bytes: Span<UInt8>)

  /// Offers a place for the next bytes, in order to save a copy when their destination is known: calls `read` with it, once,
  /// and returns true. By then what was read is in it. By default false: bytes come through `dataReceived`, as they do
  /// when there is no room in the place.
  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool

  /// The other end will send no more. Returns whether ours goes on sending; by default the connection is closed when all
  /// that was written is sent. After `closeWrite()` the connection ends, whatever this returns. asyncio: `eof_received`.
  func endReceived() -> Bool

  /// More bytes wait than the high water mark: write no more until `resumeWriting`. Called from within the `write`.
  func pauseWriting()

  /// The waiting bytes are down to the low water mark.
  func resumeWriting()

  /// All bytes that have waited are sent: `bufferedBytes` has come down to zero.
  func writeBufferEmptied()

  /// The connection has ended. Called once, after everything else.
  func connectionLost(_ end: ConnectionEnd)
}

extension StreamProtocol {
  /// Does nothing.
  public func connectionMade(_ transport: any Transport) {}
  /// No place of its own.
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
  /// Who ended it, and how.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// Both directions were ended in order: `close()` here, or the end of the other side followed by ours.
    public static let closed = Code(rawValue: 0)
    /// `abort()` was called here.
    public static let aborted = Code(rawValue: 1)
    /// The network or the other end broke it; `error` says how.
    public static let failed = Code(rawValue: 2)
  }

  /// Who ended it, and how.
  public let code: Code
  /// What broke it, with `.failed`.
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

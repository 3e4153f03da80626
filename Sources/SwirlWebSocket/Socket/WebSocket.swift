import SwirlDeferred
public import SwirlNet
public import SwirlReactor

/// One end of a WebSocket connection (RFC 6455): messages in both directions.
///
/// ```swift
/// HTTPServer { request in
///   .webSocket { socket in
///     socket.onMessage { message in socket.send(message) }
///   }
/// }
/// ```
///
/// It belongs to the reactor's thread, on which all callbacks run. A message that comes before `onMessage` is set
/// or a loop over the socket begins is kept: after 64 KiB of them the socket does not read. Pings of the peer are
/// answered by the socket.
///
/// Tornado: `WebSocketHandler`, `websocket_connect`; aiohttp: `WebSocketResponse`, `ClientWebSocketResponse`; Twisted:
/// `WebSocketServerProtocol` of Autobahn.
public final class WebSocket {
  /// The subprotocol on which both ends agreed; nil without one (RFC 6455 §1.9).
  public let subprotocol: String?

  /// The reactor whose thread this belongs to.
  public var reactor: Reactor { transport.reactor }

  /// The peer's address, if known.
  public var peerAddress: SocketAddress? { transport.peerAddress }

  /// The parameters of TLS; nil without TLS.
  public var tlsInfo: TLSInfo? { transport.tlsInfo }

  /// Whether messages can be sent: neither end has begun to close.
  public var isOpen: Bool { state == .open }

  /// The time between the last ping of ``Configuration/pingInterval``, or of ``ping()``, and its pong; nil before the
  /// first.
  public internal(set) var roundTrip: Duration?

  /// The number of bytes that the peer has not taken yet.
  public var bufferedBytes: Int {
    transport.bufferedBytes + output.count + (hasShortFrames ? shared.shortFrames.count : 0)
  }

  /// How many messages were dropped because the peer is slow: by ``Overflow/drop``, and by `broadcast`.
  public internal(set) var droppedMessages = 0

  let shared: SharedConfiguration
  var configuration: Configuration { shared.configuration }
  let role: WebSocketRole
  let transport: any Transport
  // Those that each message needs are exempt from run-time checks for overlapping access: nothing that is called while
  // one of them changes comes back.
  @safe @exclusivity(unchecked) var reader: WebSocketReader
  @safe @exclusivity(unchecked) var writer: WebSocketWriter

  enum State { case open, closing, closed }
  @safe @exclusivity(unchecked) var state = State.open
  /// Set once, when the connection is over.
  var end: Close?
  /// Whether the program knows the end.
  var isReported = false
  /// Called when the connection is over, before the program knows, with the messages that nothing has taken.
  package var endObserver: ((Close, [Message]) -> Void)?
  /// Whether the program has closed it.
  var isClosedHere = false
  /// Why we have begun to close.
  var closingError: (any Error)?

  // MARK: Receiving
  @safe @exclusivity(unchecked) var messageCallback: ((Message) throws -> Deferred<Void>?)?
  /// The last message's Deferred has not fired.
  @safe @exclusivity(unchecked) var isCallbackBusy = false
  var closeCallback: ((Close) -> Void)?
  /// Messages that nothing has taken yet, and the bytes of their content.
  @safe @exclusivity(unchecked) var arrived = RingBuffer<Message>()
  @safe @exclusivity(unchecked) var arrivedBytes = 0
  /// Received bytes that are not read yet.
  @safe @exclusivity(unchecked) var unread: [UInt8] = []
  @safe @exclusivity(unchecked) var isReading = false
  @safe @exclusivity(unchecked) var isReadingPaused = false
  /// Whether a loop takes the messages.
  @safe @exclusivity(unchecked) var isInLoop = false
  /// The loop that waits for the next message.
  @safe @exclusivity(unchecked) var nextMessage: Deferred<Message?>?
  var isDiscarding = false

  // MARK: Sending
  /// Frames of the present read, sent together.
  @safe @exclusivity(unchecked) var output: [UInt8] = []
  /// Whether frames of the present read are in the memory for short ones, before those of `output`.
  @safe @exclusivity(unchecked) var hasShortFrames = false
  @safe @exclusivity(unchecked) var isWritingPaused = false
  /// The number of bytes that the transport got.
  @safe @exclusivity(unchecked) var writtenBytes = 0
  /// Fire when the peer has taken enough.
  var waitingSends: [Deferred<Void>] = []

  // MARK: Ending and liveness
  var timer: DelayedCall?
  @safe @exclusivity(unchecked) var lastReceived: Int64
  var closers: [Deferred<Close>] = []
  var pings = SentPings()

  /// Begins on a connection whose handshake is over; the transport gets a ``WebSocketProtocol``.
  package init(
    _ transport: any Transport, role: WebSocketRole, subprotocol: String?, deflate: WebSocketDeflate.Agreed?,
    configuration: Configuration
  ) {
    self.transport = transport
    self.role = role
    self.subprotocol = subprotocol
    shared = SharedConfiguration.of(configuration, on: transport.reactor)
    let most = configuration.maximumMessageSize
    reader = WebSocketReader(role: role, limits: WebSocketLimits(frame: most, message: most), deflate: deflate)
    writer = WebSocketWriter(role: role, deflate: deflate)
    lastReceived = transport.reactor.turnTime
    // A send that fires at once leaves room for the next.
    let high = Swift.min(transport.waterMarks.high, Swift.max(0, configuration.sendBufferSize / 2))
    if high < transport.waterMarks.high { transport.waterMarks = WaterMarks(high: high) }
  }

  deinit { timer?.cancel() }
}

extension WebSocket {
  /// A message: text or bytes (RFC 6455 §5.6).
  public enum Message: Sendable, Hashable {
    case text(String)
    case binary([UInt8])

    /// The text; nil for bytes.
    public var text: String? {
      if case .text(let text) = self { text } else { nil }
    }

    /// The content; of text, its UTF-8.
    public var bytes: [UInt8] {
      switch self {
      case .text(let text): Array(text.utf8)
      case .binary(let bytes): bytes
      }
    }

    package var count: Int {
      switch self {
      case .text(let text): text.utf8.count
      case .binary(let bytes): bytes.count
      }
    }
  }
}

@available(*, unavailable, message: "A WebSocket belongs to the thread of its reactor")
extension WebSocket: Sendable {}

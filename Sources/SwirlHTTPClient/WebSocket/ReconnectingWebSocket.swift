import SwirlDeferred
import SwirlNet
public import SwirlReactor
public import SwirlWebSocket

/// A client's WebSocket that opens a new connection when the last is lost, until it is closed for good.
///
/// ```swift
/// let feed = reconnectingWebSocket("wss://feed.example/ticks")
/// feed.onConnect { connection, outage in
///   connection.send("subscribe")
///   if let outage { print("away for \(outage.duration), not confirmed: \(outage.inFlight)") }
/// }
/// feed.onText { print($0) }
/// feed.onClose { print("over: \($0)") }
/// ```
///
/// A WebSocket has no acknowledgements: when a connection breaks, the last messages of either end may be lost. The
/// messages of this end are in the ``Outage`` that `onConnect` gets; what the peer sent meanwhile is unknown, so a
/// program asks for it again there. Messages that are sent while there is no connection wait in a bounded queue. A
/// program that takes no messages sets `onMessage { _ in }`: otherwise 64 KiB of them are kept, and nothing more is
/// read, confirmations and the peer's close included.
///
/// It is over when the program closes it, when the peer closes with a code of ``Configuration/finalCodes``, when an
/// error is one that does not pass (as a 404), and after the attempts of ``Configuration/backoff``. A stop of the
/// reactor ends it, too. Until then it lives without a reference of the program, and is one of the reactor's
/// `openHandles`.
///
/// It belongs to the reactor's thread, on which all callbacks run, and never before the call that made it has
/// returned. Python's websockets: `async for websocket in connect(…)`; JavaScript: reconnecting-websocket.
public final class ReconnectingWebSocket: ReactorHandle {
  /// Where it is between two connections.
  public enum State: Sendable {
    /// A connection is being opened. The number counts from one, and begins anew after a connection that lasted.
    case connecting(attempt: Int)
    /// There is a connection.
    case open
    /// The last attempt or connection has failed with the error. The next attempt is after the pause.
    case waiting(Duration, after: any Error)
    /// It is over for good.
    case closed(WebSocket.Close)
  }

  /// The present state; see `onStateChange`.
  public internal(set) var state = State.connecting(attempt: 1)

  /// The reactor whose thread this belongs to.
  public var reactor: Reactor { client.reactor }

  /// The present connection; nil while there is no connection. Its messages come by this object's `onMessage` or loop.
  /// What is sent by it directly is in no ``Outage``.
  public internal(set) var connection: WebSocket?

  /// Whether there is a connection.
  public var isOpen: Bool { connection?.isOpen ?? false }

  /// The number of bytes of messages that wait for a connection, or for the peer to read.
  public internal(set) var queuedBytes = 0

  /// How many messages were dropped because the queue was full: by `WebSocket.Overflow.drop`.
  public internal(set) var droppedMessages = 0

  let configuration: Configuration
  let client: HTTPClient
  let protocols: [String]
  let site: CallSite
  /// Makes the request of each attempt; nil when it is over.
  var makeRequest: (() throws -> Deferred<HTTPClient.Request>)?

  // MARK: Connecting
  /// Weak: its last callback retains this, and a reactor that is released never fires it.
  weak var attempt: Deferred<WebSocket>?
  var attempts = 0
  var pause: DelayedCall?
  var openedAt = Instant(nanoseconds: 0)
  /// The break whose end `onConnect` has not seen; nil before the first connection.
  var breach: Breach?
  /// How it ends, once that is decided; the connection may still be closing.
  var isEnding = false
  /// Whether the program has closed it.
  var isClosedHere = false
  var end: WebSocket.Close?
  var shutdown: SystemEventTrigger?

  // MARK: Sending
  var queue = RingBuffer<QueuedMessage>()
  /// Whether `onConnect` runs: its messages are sent before the queue.
  var isInConnectCallback = false
  /// Whether the Deferred of `onConnect` has not fired.
  var isGreeting = false
  /// The peer does not read: the connection has the message of this Deferred, and should get no more.
  var isBlocked = false
  var isPumping = false
  /// Those that the peer has not confirmed.
  var unconfirmed: UnconfirmedMessages
  var confirmation: DelayedCall?
  var isConfirming = false

  // MARK: Receiving
  var messageCallback: ((WebSocket.Message) throws -> Deferred<Void>?)?
  var isCallbackBusy = false
  var arrived = RingBuffer<WebSocket.Message>()
  var arrivedBytes = 0
  /// Fires when there is room for the connection's next message.
  var room: Deferred<Void>?
  var isInLoop = false
  var nextMessage: Deferred<WebSocket.Message?>?

  // MARK: The program's callbacks
  var connectCallback: ((WebSocket, Outage?) throws -> Deferred<Void>?)?
  var stateCallback: ((State) -> Void)?
  var closeCallback: ((WebSocket.Close) -> Void)?
  var closers: [Deferred<WebSocket.Close>] = []
  var isReported = false

  init(
    _ client: HTTPClient, _ protocols: [String], _ configuration: Configuration, _ site: CallSite,
    _ makeRequest: @escaping () throws -> Deferred<HTTPClient.Request>
  ) {
    self.client = client
    self.protocols = protocols
    self.configuration = configuration
    self.site = site
    self.makeRequest = makeRequest
    unconfirmed = UnconfirmedMessages(limit: configuration.connection.sendBufferSize)
    shutdown = reactor.addSystemEventTrigger(.during, .shutdown) { [weak self] () -> Void in self?.reactorStops() }
    reactor.insertHandle(self, at: site)
  }

  // MARK: The reactor's list, which retains it until it is over
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .reconnectingWebSocket }
  package var handlePeer: String? { connection?.peerAddress?.description }

  /// The reactor is being released. A task in the loop resumes; callbacks, which mostly retain this, are released.
  package func abandon() {
    makeRequest = nil
    connection = nil
    messageCallback = nil
    connectCallback = nil
    stateCallback = nil
    closeCallback = nil
    _ = queue.takeAll()
    nextMessage.take()?.errback(ReactorReleasedError())
  }
}

@available(*, unavailable, message: "A ReconnectingWebSocket belongs to the thread of its reactor")
extension ReconnectingWebSocket: Sendable {}

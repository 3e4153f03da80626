import SwirlPlatform
import SwirlReactor

/// A port or path that is listened on: each connection that comes gets a protocol of its own.
///
/// The reactor keeps it until ``stop()``. It is used on the reactor's thread. Twisted: `IListeningPort`; asyncio: `Server`.
public final class Listener: Kept {
  /// Where it listens; the port is the one the kernel chose when zero was asked for. Known after `stop()` too.
  public let localAddress: SocketAddress

  /// How a connection is accepted; a test puts one that fails in its place.
  var accept: (_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress?) = { Socket.accept($0) }
  private let makeProtocol: (SocketAddress?) -> (any StreamProtocol)?
  /// How connections are secured, before they get their protocol.
  private var security: TLSContext?
  /// What that was made of.
  private let tls: TLSConfiguration?
  /// For a client that does not speak TLS to a port that does: what takes the connection, to say so in the client's own language.
  package var makePlainProtocol: (() -> any StreamProtocol)?
  /// How many connections are accepted, and not secured yet.
  package internal(set) var handshakeCount = 0
  private var descriptor: Int32
  private var event: FileEvent!
  private unowned let reactor: Reactor
  /// What is removed when a Unix socket is listened on no more.
  private let socketFile: SocketFile?
  private var isPaused = false
  /// While descriptors are scarce: when accepting is tried again.
  private var retryCall: DelayedCall?
  private var isScarcityLogged = false
  var keptAt: Int?

  /// How many connections are accepted before other events get their turn.
  private static let acceptsPerTurn = 64
  /// How long accepting rests when the process or the system has no descriptor left.
  static let retryDelay = Duration.milliseconds(100)

  /// Takes over a listening, non-blocking socket.
  init(
    _ descriptor: Int32, at address: SocketAddress, security: TLSContext? = nil, tls: TLSConfiguration? = nil,
    on reactor: Reactor, _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?
  ) {
    socketFile = SocketFile(of: address)
    self.descriptor = descriptor
    self.reactor = reactor
    self.security = security
    self.tls = tls
    self.makeProtocol = makeProtocol
    localAddress = address
    event = reactor.fileEvent(descriptor, .read) { [unowned self] in acceptReady() }
  }

  deinit { closeDescriptor() }

  /// Begins to accept; from now on the reactor keeps this.
  func start() throws(NetError) {
    guard event.enable() else { throw NetError(.listen, localAddress, errno: errno) }
    Listeners.of(reactor).insert(self)
  }

  /// Whether it has not been stopped.
  public var isListening: Bool { descriptor >= 0 }

  /// Accepts no more connections until ``resumeAccepting()``: those that come wait in the kernel's queue.
  public func pauseAccepting() {
    isPaused = true
    event.disable()
  }

  /// Accepts connections again.
  public func resumeAccepting() {
    isPaused = false
    if isListening, retryCall == nil { event.enable() }
  }

  /// Listens no more: the port is free at once, the path is removed, and connections that wait to be accepted are reset. Those that have
  /// their protocol go on; those in the middle of a TLS handshake are closed. A second call does nothing. Twisted: `stopListening`.
  public func stop() {
    guard isListening else { return }
    closeDescriptor()
    retryCall?.cancel()
    Listeners.of(reactor).remove(self)
    if handshakeCount > 0 { for handshake in TLSHandshakes.of(reactor).of(self) { handshake.cancel() } }
  }

  /// Reads the files of its certificates and keys again: connections that come from now on are secured with what they hold now, those
  /// that are open stay as they are. Without TLS nothing happens. nginx: `-s reload`.
  /// - Throws: ``NetError`` of code `.configureTLS` where that cannot be used; then all stays as it was.
  public func reload() throws {
    guard let tls, isListening else { return }
    security = try TLSContext.of(reactor, tls, .server)
  }

  func closeDescriptor() {
    guard isListening else { return }
    event.close()
    Socket.close(descriptor)
    descriptor = -1
    socketFile?.remove()
  }

  private func acceptReady() {
    for _ in 0..<Self.acceptsPerTurn {
      // A protocol that was just made may have stopped or paused this.
      guard isListening, !isPaused else { return }
      let (accepted, peer) = accept(descriptor)
      if accepted >= 0 {
        isScarcityLogged = false
        start(accepted, peer)
      } else {
        switch errno {
        case EAGAIN, EWOULDBLOCK: return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return rest(errno)
        // The connection ended before it was accepted, or brought an error of its own: it is gone, the next may be well.
        default: continue
        }
      }
    }
  }

  private func start(_ accepted: Int32, _ peer: SocketAddress?) {
    let transport = SocketTransport(accepted, peer: peer, on: reactor)
    guard let security else {
      if let made = makeProtocol(peer) { transport.start(made) }
      return
    }
    do {
      let timeout = security.configuration.handshakeTimeout
      let handshake = try TLSHandshake(transport, security, timeout: timeout) { [makeProtocol, reactor] result in
        switch result {
        case .success(let transport): if let made = makeProtocol(peer) { transport.start(made) }
        // As common as wrong numbers are: whoever wants to know turns the log on.
        case .failure(let error): reactor.note("\(error)")
        }
      }
      handshake.listener = self
      handshakeCount += 1
      if let makePlainProtocol { handshake.onPlainPeer = { $0.start(makePlainProtocol()) } }
    } catch { reactor.warn("\(error)") }
  }

  /// The connection stays in the queue and the socket readable: to be asked again at once would take all the time there is.
  private func rest(_ errno: Int32) {
    if !isScarcityLogged {
      isScarcityLogged = true
      reactor.warn("\(NetError(.accept, localAddress, errno: errno)); connections wait meanwhile")
    }
    event.disable()
    retryCall = reactor.callLater(Self.retryDelay) { [weak self] in
      guard let self else { return }
      retryCall = nil
      if isListening, !isPaused { event.enable() }
    }
  }
}

/// The listeners of a reactor: it keeps them until they are stopped. When it is let go of, they are closed.
final class Listeners: BegunWork {
  private var list = KeptList<Listener>()
  var listeners: [Listener] { list.elements }

  static func of(_ reactor: Reactor) -> Listeners { reactor.attached(Listeners.self) { Listeners() } }

  var begunWork: String? { listeners.count.of("listening socket") }

  func insert(_ listener: Listener) { list.insert(listener) }
  func remove(_ listener: Listener) { list.remove(listener) }

  deinit { for listener in listeners { listener.closeDescriptor() } }
}

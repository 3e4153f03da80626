import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// A port or path that is listened on: each connection that comes gets a protocol of its own.
///
/// The reactor keeps it until ``stop()``. It is used on the reactor's thread. Twisted: `IListeningPort`; asyncio: `Server`.
public final class Listener: ReactorHandle {
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
  private var socket: StreamSocket
  private var event: FileEvent!
  private unowned let reactor: Reactor
  /// What is removed when a Unix socket is listened on no more.
  private let socketFile: SocketFile?
  private var isPaused = false
  /// While descriptors are scarce: when accepting is tried again.
  private var retryCall: DelayedCall?
  private var isScarcityLogged = false
  private let site: CallSite
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .listener }
  package var handlePeer: String? { localAddress.description }
  package var begunWork: (count: Int, name: String)? { (1, "listening socket") }

  /// How many connections are accepted before other events get their turn.
  private static let acceptsPerTurn = 64
  /// How long accepting rests when the process or the system has no descriptor left.
  static let retryDelay = Duration.milliseconds(100)

  /// Takes over a listening, non-blocking socket.
  init(
    _ socket: StreamSocket, at address: SocketAddress, security: TLSContext? = nil, tls: TLSConfiguration? = nil,
    on reactor: Reactor, at site: CallSite = CallSite(),
    _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?
  ) {
    self.site = site
    socketFile = SocketFile(of: address)
    self.socket = socket
    self.reactor = reactor
    self.security = security
    self.tls = tls
    self.makeProtocol = makeProtocol
    localAddress = address
    event = socket.fileEvent(on: reactor, .read) { [unowned self] in acceptReady() }
  }

  deinit { closeDescriptor() }

  /// Begins to accept; from now on the reactor keeps this.
  func start() throws(NetError) {
    guard event.enable() else { throw NetError(.listen, localAddress, errno: errno) }
    reactor.insertHandle(self, at: site)
  }

  /// Whether it has not been stopped.
  public var isListening: Bool { socket.isOpen }

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
    reactor.handles.remove(self)
    if handshakeCount > 0 {
      for handshake in reactor.handles.all(TLSHandshake.self) where handshake.listener === self { handshake.cancel() }
    }
  }

  /// Reads the files of its certificates and keys again: connections that come from now on are secured with what they hold now, those
  /// that are open stay as they are. Without TLS nothing happens. nginx: `-s reload`.
  /// - Throws: ``NetError`` of code `.configureTLS` where that cannot be used; then all stays as it was.
  public func reload() throws {
    guard let tls, isListening else { return }
    security = try TLSContext.of(reactor, tls, .server)
  }

  package func abandon() { closeDescriptor() }

  private func closeDescriptor() {
    guard isListening else { return }
    event.close()
    socket.close()
    socket = .closed
    socketFile?.remove()
  }

  private func acceptReady() {
    for _ in 0..<Self.acceptsPerTurn {
      // A protocol that was just made may have stopped or paused this.
      guard isListening, !isPaused else { return }
      let (accepted, peer) = acceptNext()
      if accepted.isOpen {
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

  private func acceptNext() -> (socket: StreamSocket, peer: SocketAddress?) {
    guard socket.simulated == nil else { return socket.accept() }
    let (accepted, peer) = accept(socket.descriptor)
    return (StreamSocket(accepted), peer)
  }

  private func start(_ accepted: StreamSocket, _ peer: SocketAddress?) {
    let transport = SocketTransport(accepted, peer: peer, on: reactor, at: site)
    guard let security else {
      if let made = makeProtocol(peer) { transport.start(made) }
      return
    }
    do {
      let timeout = security.configuration.handshakeTimeout
      let handshake = try TLSHandshake(transport, security, timeout: timeout, at: site) {
        [makeProtocol, reactor] result in
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

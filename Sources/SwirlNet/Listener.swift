import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// A listening port or path: each accepted connection gets its own protocol.
///
/// The reactor retains it until ``stop()``. Use it on the reactor's thread. Twisted: `IListeningPort`; asyncio:
/// `Server`.
public final class Listener: ReactorHandle {
  /// The listening address, with the port that the kernel chose for port zero. Known after `stop()` too.
  public let localAddress: SocketAddress

  /// The port of ``localAddress``; zero for a Unix socket.
  public var port: Int { localAddress.port }

  /// What is decided on a connection.
  package enum Admission {
    case unlimited
    /// It counts until it is closed, which releases the object.
    case counted(AnyObject)
    /// It is closed at once.
    case refused
  }

  /// Accepts a connection; a test replaces it by one that fails.
  var accept: (_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress?) = { Socket.accept($0) }
  private var makeProtocol: (SocketAddress?) -> (any StreamProtocol)?
  /// The context of its secured connections, for the handshake before they get their protocol.
  private var security: (any SecurityContext)?
  /// The maker of that context.
  private let provider: (any SecurityProvider)?
  /// Whose connections begin with a header that names the client; nil, the default, if no proxy is in front. Set it
  /// before the loop runs.
  public var proxyProtocol: ProxyProtocol?
  /// Makes the protocol for a client that speaks plain text to a TLS port, to answer it in its own protocol.
  package var makePlainProtocol: (() -> any StreamProtocol)?
  /// Decides on each accepted connection, by the client's address; nil takes all.
  package var admit: ((SocketAddress?) -> Admission)?
  /// Takes each accepted connection, for a reactor on another thread; nil keeps them here.
  package var handOn: ((AcceptedSocket) -> Void)?
  /// The number of accepted connections in the TLS handshake, or whose proxy has not named the client yet.
  package internal(set) var handshakeCount = 0
  private var socket: StreamSocket
  private var event: FileEvent!
  package unowned let reactor: Reactor
  /// The file of a Unix socket, which `stop()` removes; nil if it belongs to another process.
  private let socketFile: SocketFile?
  private var isPaused = false
  /// The timer of the next accept, while descriptors are exhausted.
  private var retryCall: DelayedCall?
  private var isScarcityLogged = false
  private let site: CallSite
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .listener }
  package var handlePeer: String? { localAddress.description }
  package var begunWork: (count: Int, name: String)? { (1, "listening socket") }

  /// The number of accepts before other events get their turn.
  private static let acceptsPerTurn = 64
  /// The number of connections that a stop still accepts from the queue: clients may not prolong it for ever.
  private static let acceptsAtStop = 16_384
  /// How long accepting pauses when the process or the system has no free descriptor.
  static let retryDelay = Duration.milliseconds(100)

  /// Takes over a listening, non-blocking socket.
  init(
    _ socket: StreamSocket, at address: SocketAddress, security: (any SecurityContext)? = nil,
    provider: (any SecurityProvider)? = nil, ownsFile: Bool = true, on reactor: Reactor, at site: CallSite = CallSite(),
    _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?
  ) {
    self.site = site
    socketFile = ownsFile ? SocketFile(of: address) : nil
    self.socket = socket
    self.reactor = reactor
    self.security = security
    self.provider = provider
    self.makeProtocol = makeProtocol
    localAddress = address
    event = socket.fileEvent(on: reactor, .read) { [unowned self] in acceptReady() }
  }

  deinit { closeDescriptor() }

  /// Starts to accept; from now on the reactor retains this.
  func start() throws(NetError) {
    guard event.enable() else { throw NetError(.listen, localAddress, errno: errno) }
    reactor.insertHandle(self, at: site)
  }

  /// Whether it still listens.
  public var isListening: Bool { socket.isOpen }

  /// Accepts no more connections until ``resumeAccepting()``: new ones wait in the kernel's queue.
  public func pauseAccepting() {
    isPaused = true
    event.disable()
  }

  /// Resumes accepting connections.
  public func resumeAccepting() {
    isPaused = false
    if isListening, retryCall == nil { event.enable() }
  }

  /// Stops listening: frees the port at once, removes the path, and resets the connections in the kernel's queue.
  /// Established connections continue; those in a TLS handshake are closed. A second call does nothing. Twisted:
  /// `stopListening`.
  public func stop() { stop(keepingHandshakes: false) }

  private func stop(keepingHandshakes keepsHandshakes: Bool) {
    guard isListening else { return }
    closeDescriptor()
    retryCall?.cancel()
    reactor.handles.remove(self)
    if !keepsHandshakes { cancelHandshakes() }
  }

  /// Closes the accepted connections that are in the TLS handshake, or whose proxy has not named the client yet.
  package func cancelHandshakes() {
    guard handshakeCount > 0 else { return }
    for handshake in reactor.handles.all(SecurityHandshake.self) where handshake.listener === self {
      handshake.cancel()
    }
    for reader in reactor.handles.all(ProxyHeaderReader.self) where reader.listener === self { reader.cancel() }
  }

  /// Accepts the connections in the kernel's queue, which closing the socket would reset, and then stops.
  package func stopAfterQueue(keepsHandshakes: Bool) {
    for _ in 0..<Self.acceptsAtStop where isListening {
      let (accepted, peer) = acceptNext()
      if accepted.isOpen {
        if let handOn { handOn(AcceptedSocket(accepted.descriptor, peer)) } else { start(accepted, peer) }
      } else if [EAGAIN, EWOULDBLOCK, EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
        break
      }
    }
    stop(keepingHandshakes: keepsHandshakes)
  }

  /// Starts a connection that the listener of another thread has accepted; false if this has stopped.
  package func take(_ accepted: AcceptedSocket) -> Bool {
    guard isListening else { return false }
    start(StreamSocket(accepted.take()), accepted.peer)
    return true
  }

  /// A second descriptor of the listening socket: the two share its queue.
  /// - Throws: ``NetError`` with the code `.listen` if this has stopped, or no descriptor is free.
  public func listeningSocket() throws -> ListeningSocket {
    try ListeningSocket(duplicating: socket.descriptor, localAddress)
  }

  /// Reads the files of its certificates and keys again. New connections use their current contents; open ones stay
  /// unchanged. Does nothing without TLS. nginx: `-s reload`.
  /// - Throws: ``NetError`` with the code `.configureTLS` if they are unusable; then nothing changes.
  public func reload() throws {
    guard let provider, isListening else { return }
    security = try provider.serverContext(on: reactor)
  }

  package func abandon() { closeDescriptor() }

  private func closeDescriptor() {
    guard isListening else { return }
    event.close()
    socket.close()
    socket = .closed
    socketFile?.removeUnlessServed(at: localAddress)
    // What they make protocols of may retain this.
    makeProtocol = { _ in nil }
    makePlainProtocol = nil
    admit = nil
    handOn = nil
  }

  private func acceptReady() {
    for _ in 0..<Self.acceptsPerTurn {
      // A new protocol may have stopped or paused this.
      guard isListening, !isPaused else { return }
      let (accepted, peer) = acceptNext()
      if accepted.isOpen {
        isScarcityLogged = false
        if let handOn { handOn(AcceptedSocket(accepted.descriptor, peer)) } else { start(accepted, peer) }
      } else {
        switch errno {
        case EAGAIN, EWOULDBLOCK: return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return rest(errno)
        // The connection ended before it was accepted, or had an error of its own: skip it and try the next.
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
    guard let proxyProtocol, proxyProtocol.expectsHeader(from: peer) else {
      return begin(accepted, peer, security, makeProtocol, makePlainProtocol)
    }
    // A listener that is stopped loses them.
    let (security, makeProtocol, makePlainProtocol) = (security, makeProtocol, makePlainProtocol)
    let reader = ProxyHeaderReader(accepted, of: peer, within: proxyProtocol.timeout, on: reactor, at: site) {
      [self] result in
      switch result {
      case .success(let client): begin(accepted, client ?? peer, security, makeProtocol, makePlainProtocol)
      case .failure(let error): reactor.note("\(error)")
      }
    }
    reader.listener = self
    handshakeCount += 1
  }

  /// Begins with the content of a connection, or with its TLS.
  private func begin(
    _ accepted: StreamSocket, _ peer: SocketAddress?, _ security: (any SecurityContext)?,
    _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?,
    _ makePlainProtocol: (() -> any StreamProtocol)?
  ) {
    let admission = admit?(peer) ?? .unlimited
    if case .refused = admission { return accepted.close() }
    let transport = SocketTransport(accepted, peer: peer, on: reactor, at: site)
    if case .counted(let count) = admission { transport.admission = count }
    guard let security else {
      if let made = makeProtocol(peer) { transport.start(made) }
      return
    }
    do {
      let timeout = security.handshakeTimeout
      let handshake = try SecurityHandshake(transport, security, timeout: timeout, at: site) {
        [reactor] result in
        switch result {
        case .success(let transport): if let made = makeProtocol(peer) { transport.start(made) }
        // Failed handshakes are frequent: log them at the level `debug`.
        case .failure(let error): reactor.note("\(error)")
        }
      }
      handshake.listener = self
      handshakeCount += 1
      if let makePlainProtocol { handshake.onPlainPeer = { $0.start(makePlainProtocol()) } }
    } catch { reactor.warn("\(error)") }
  }

  /// Pauses accepting: the connection stays in the queue and the socket readable, which would otherwise be a busy loop.
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

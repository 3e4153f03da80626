import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

/// A ``Transport`` over a connected stream socket.
///
/// It reads into a buffer that all connections of a reactor share, or directly into the protocol's own. It writes at
/// once, and buffers only the bytes that the kernel refuses, and those of large writes that others' turns come before.
/// Reading is in `SocketTransport+Reading.swift`, writing in `SocketTransport+Writing.swift`.
package final class SocketTransport: ConnectedTransport, ReactorHandle {
  enum State {
    /// Connected, but `start` was not called: no reads or writes yet, and no protocol.
    case made
    /// Both directions are open.
    case open
    /// `startSecurity`: sends the buffered bytes in plain text, then does the handshake; keeps what is written
    /// meanwhile.
    case securing
    /// `closeWrite()`: sends the buffered bytes, then ends our direction.
    case closingWrite
    /// Our direction has ended; the peer's continues.
    case writeClosed
    /// `close()`: sends the buffered bytes, then ends the connection. Does not read.
    case closing
    /// The end is decided; the next turn notifies the protocol. No reads or writes.
    case ending
    /// The descriptor is closed.
    case ended
  }

  package unowned let reactor: Reactor
  package let peerAddress: SocketAddress?
  // Exempt from run-time checks for overlapping access, because each read accesses it; it is replaced before its
  // observer runs.
  @exclusivity(unchecked) package var streamProtocol: (any StreamProtocol)? {
    didSet {
      // A new protocol was not paused yet: the next write above the mark pauses it.
      isWritingPaused = false
      updateReading()
    }
  }
  package var waterMarks = WaterMarks() {
    didSet { updateWriting() }
  }

  // Exempt from run-time checks for overlapping access, because each read and write accesses it; it is replaced once,
  // by one that carries descriptors, outside of both.
  @exclusivity(unchecked) var socket: StreamSocket
  let scratch: ReadBuffer
  // These, and some below, are exempt from run-time checks for overlapping access, because each read and write, or each
  // connection, accesses them: they are not held during a call that could be re-entrant.
  /// The security between bytes and socket; nil for a plain connection.
  @exclusivity(unchecked) private(set) var security: (any ConnectionSecurity)?
  var state = State.made
  /// The change to a secured connection, in the state `.securing`.
  var securing: SecurityStart?
  private var readEvent: FileEvent!
  var writeEvent: FileEvent?
  @exclusivity(unchecked) var outgoing = WriteQueue()
  /// Whether the next bytes are sent in its turn among the large writes; the socket is not watched meanwhile.
  var isAwaitingTurn = false
  var isReadingPaused = false
  var isEndReceived = false
  var isReadingSoon = false
  /// Bytes that a protocol gave back: the next one gets them before what is read.
  @exclusivity(unchecked) var unread: [UInt8] = []
  /// Whether the last read filled its buffer: the socket may have more.
  @exclusivity(unchecked) var hasLastReadFilled = false
  /// What large writes have sent at once since the reads of this turn began.
  @exclusivity(unchecked) var sentInReads = 0
  var isWritingPaused = false
  /// The bytes dropped because the connection broke or was aborted.
  var droppedBytes = 0
  @exclusivity(unchecked) package var onEnd: ((ConnectionEnd) -> Void)?
  /// The end to report, once it is decided.
  @exclusivity(unchecked) private var verdict: ConnectionEnd?
  /// The place where the program made it or its listener.
  private let site: CallSite
  /// Counts the connection until it is closed.
  var admission: AnyObject?
  @exclusivity(unchecked) package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .connection }
  package var handlePeer: String? { peerAddress?.description }

  /// Takes over a connected, non-blocking socket. It closes when the connection ends, or when the last reference to
  /// this is released.
  init(_ socket: StreamSocket, peer: SocketAddress?, on reactor: Reactor, at site: CallSite) {
    self.socket = socket
    self.site = site
    self.reactor = reactor
    peerAddress = peer
    scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    readEvent = socket.fileEvent(on: reactor, .read) { [unowned self] in readReady() }
  }

  deinit { closeDescriptor() }

  /// Whether it has no protocol yet: who made it closes it.
  var isUnstarted: Bool { state == .made }

  /// From here all bytes pass through `security`, whose handshake is complete.
  func secure(with security: any ConnectionSecurity) {
    precondition(state == .made || state == .securing, "a connection is secured once")
    self.security = security
  }

  package var tlsInfo: TLSInfo? { security?.info }

  package func start(_ streamProtocol: any StreamProtocol) {
    precondition(state == .made, "start(_:) is called once, on an open connection")
    reactor.insertHandle(self, at: site)
    self.streamProtocol = streamProtocol
    state = .open
    streamProtocol.connectionMade(self)
    updateReading()
  }

  /// Takes the connection back from its protocol, which gets no further calls, as if it was not started. Returns false,
  /// and does nothing, if it has ended or broken, or has unsent bytes.
  func detach() -> Bool {
    guard state == .open, outgoing.isEmpty else { return false }
    readEvent.disable()
    streamProtocol = nil
    reactor.handles.remove(self)
    state = .made
    return true
  }

  /// A closed descriptor's number may already refer to another file.
  package var localAddress: SocketAddress? { state == .ended ? nil : socket.localAddress }

  // MARK: - Reading

  /// Whether it delivers received bytes.
  var isReading: Bool {
    switch state {
    case .open, .closingWrite, .writeClosed: !isReadingPaused && !isEndReceived
    case .made, .securing, .closing, .ending, .ended: false
    }
  }

  /// Watches the socket while the protocol reads. Otherwise unread bytes or EOF would be reported in every turn.
  func updateReading() {
    if isReading, streamProtocol != nil {
      if !readEvent.enable() { endSoon(.failed, NetError(.read, peerName, errno: errno)) }
      if !unread.isEmpty || security?.hasPending == true { readSoon() }
    } else {
      readEvent.disable()
    }
  }

  package func pauseReading() {
    isReadingPaused = true
    updateReading()
  }

  package func resumeReading() {
    isReadingPaused = false
    updateReading()
  }

  /// The peer has sent EOF.
  func receivedEnd() {
    // The protocol may have closed the connection during delivery.
    guard isReading else { return }
    isEndReceived = true
    updateReading()
    let goesOn = streamProtocol?.endReceived() == true
    // Both directions have ended.
    if state == .writeClosed { return end(.closed) }
    if !goesOn { close() }
  }

  // MARK: - Ending

  package func closeWrite() {
    securing?.endsWriting = true
    guard state == .open else { return }
    state = .closingWrite
    if outgoing.isEmpty { shutDownWriting() }
  }

  func shutDownWriting() {
    state = .writeClosed
    // A plain shutdown would look like truncation: TLS has its own close_notify, after which the other direction
    // continues.
    if let security { security.sendEnd() } else { socket.shutdownWriting() }
    if isEndReceived { endSoon(.closed) }
  }

  package func close() {
    switch state {
    case .made: closeDescriptor()
    case .open, .closingWrite:
      state = .closing
      updateReading()
      if outgoing.isEmpty {
        security?.sendEnd()
        endSoon(.closed)
      }
    case .writeClosed, .securing: endSoon(.closed)
    case .closing, .ended: break
    case .ending: isReadingPaused = true
    }
  }

  package func abort() {
    guard state != .ended else { return }
    socket.resetOnClose()
    if state == .made { return closeDescriptor() }
    isReadingPaused = true
    endSoon(.aborted)
  }

  package var isClosing: Bool {
    switch state {
    case .made, .open, .securing, .closingWrite, .writeClosed: false
    // Bytes received before it broke are still delivered.
    case .ending: isReadingPaused || verdict?.code != .failed
    case .closing, .ended: true
    }
  }

  /// The error that broke the connection.
  func failure(_ code: NetError.Code, _ errno: Int32) -> NetError {
    security?.failure ?? NetError(code, peerName, errno: errno)
  }

  package var isBroken: Bool { state == .ending && verdict?.code == .failed }

  /// Decides how the connection ends, and notifies the protocol in the next turn, outside its callbacks.
  func endSoon(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    // A reset overrides an orderly end in progress; a broken connection stays the reason.
    if verdict == nil || code == .aborted && verdict?.code == .closed { verdict = ConnectionEnd(code, error: error) }
    guard state != .ending else { return }
    state = .ending
    securing.take()?.end(error)
    drop(outgoing.count)
    outgoing.removeAll()
    updateReading()
    writeEvent?.disable()
    reactor.callSoon { [self] in
      if verdict?.code == .failed { readRest() }
      end(code, error)
    }
  }

  /// Ends the connection now. Only the loop calls it, so that no callback of the protocol is running.
  func end(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    guard state != .ended else { return }
    closeDescriptor()
    let told = streamProtocol
    streamProtocol = nil
    reactor.handles.remove(self)
    let end = verdict ?? ConnectionEnd(code, error: error)
    told?.connectionLost(end)
    onEnd.take()?(end)
  }

  /// Closes it, and calls no `connectionLost`: there is no loop left to do that in.
  package func abandon() {
    closeDescriptor()
    // The two retain each other. Release the protocol after the change, because its deinit may use the transport.
    let unnotified = streamProtocol
    streamProtocol = nil
    onEnd = nil
    (unnotified as? any ReactorReleaseObserver)?.reactorReleased()
    withExtendedLifetime(unnotified) {}
  }

  /// Frees the connection's kernel resources.
  func closeDescriptor() {
    guard state != .ended else { return }
    state = .ended
    admission = nil
    securing.take()?.end(nil)
    readEvent.close()
    writeEvent?.close()
    socket.close()
    drop(outgoing.count)
    outgoing.removeAll()
  }

  var peerName: String { peerAddress?.description ?? "the peer" }
}

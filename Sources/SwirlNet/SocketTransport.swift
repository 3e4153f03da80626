import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

/// A ``Transport`` over a connected stream socket.
///
/// It reads into a buffer that all connections of a reactor share, or directly into the protocol's own. It writes at
/// once, and buffers only the bytes that the kernel refuses. Reading is in `SocketTransport+Reading.swift`.
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
  // Exempt from run-time checks for overlapping access, because each read and write accesses them: neither is held
  // during a call that could be re-entrant.
  /// The security between bytes and socket; nil for a plain connection.
  @exclusivity(unchecked) private(set) var security: (any ConnectionSecurity)?
  var state = State.made
  /// The change to a secured connection, in the state `.securing`.
  var securing: SecurityStart?
  private var readEvent: FileEvent!
  private var writeEvent: FileEvent?
  @exclusivity(unchecked) var outgoing = WriteQueue()
  var isReadingPaused = false
  var isEndReceived = false
  var isReadingSoon = false
  /// Bytes that a protocol gave back: the next one gets them before what is read.
  @exclusivity(unchecked) var unread: [UInt8] = []
  /// Whether the last read filled its buffer: the socket may have more.
  @exclusivity(unchecked) var hasLastReadFilled = false
  private var isWritingPaused = false
  /// The bytes dropped because the connection broke or was aborted.
  private var droppedBytes = 0
  package var onEnd: ((ConnectionEnd) -> Void)?
  /// The end to report, once it is decided.
  private var verdict: ConnectionEnd?
  /// The place where the program made it or its listener.
  private let site: CallSite
  /// Counts the connection until it is closed.
  var admission: AnyObject?
  package var handleIndex: Int?
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

  // MARK: - Writing

  package var bufferedBytes: Int { outgoing.count }
  package var unsentBytes: Int { outgoing.count + droppedBytes }

  package func write(_ bytes: Span<UInt8>) {
    guard state == .open, !bytes.isEmpty else { return keepOrDrop(bytes) }
    var sent = 0
    if outgoing.isEmpty {
      guard let count = send(bytes) else { return drop(bytes.count) }
      sent = count
    }
    if sent < bytes.count {
      outgoing.append(bytes.extracting(droppingFirst: sent))
      hasKept()
    }
  }

  package func write(_ bytes: [UInt8]) {
    guard state == .open, !bytes.isEmpty else { return keepOrDrop(bytes.span) }
    var sent = 0
    if outgoing.isEmpty {
      guard let count = send(bytes.span) else { return drop(bytes.count) }
      sent = count
    }
    if sent < bytes.count {
      outgoing.append(bytes, sent: sent)
      hasKept()
    }
  }

  func drop(_ count: Int) { droppedBytes += count }

  private func keepOrDrop(_ bytes: Span<UInt8>) {
    if let securing { securing.held.append(bytes) } else { drop(bytes.count) }
  }

  /// Sends as much as the kernel takes; nil if the connection broke. The protocol learns of that, as of every end,
  /// after the caller has returned: never inside a `write`.
  private func send(_ bytes: Span<UInt8>) -> Int? {
    let count = bytes.withUnsafeBufferPointer { security == nil ? socket.send($0) : security!.write($0) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS { return 0 }
    endSoon(.failed, failure(.write, errno))
    return nil
  }

  /// The error that broke the connection.
  func failure(_ code: NetError.Code, _ errno: Int32) -> NetError {
    security?.failure ?? NetError(code, peerName, errno: errno)
  }

  /// Calls `writeReady` when the send buffer has room; false if the connection broke.
  @discardableResult
  func watchWriting() -> Bool {
    let event = writeEvent ?? socket.fileEvent(on: reactor, .write) { [unowned self] in writeReady() }
    writeEvent = event
    if event.enable() { return true }
    endSoon(.failed, NetError(.write, peerName, errno: errno))
    return false
  }

  /// Waits for room in the send buffer, and pauses the protocol above the high-water mark.
  func hasKept() {
    if watchWriting() { updateWriting() }
  }

  /// Pauses or resumes the protocol when the buffer crosses a mark: a paused protocol is always resumed at the low
  /// mark.
  private func updateWriting() {
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    } else if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      // After a close the protocol cannot write.
      if state == .open { streamProtocol?.resumeWriting() }
    }
  }

  private func writeReady() {
    if let security, security.needsToWriteToRead {
      readReady()
      // The read may have ended the connection, or the protocol its direction.
      guard state != .ending, state != .ended else { return }
    }
    while let (piece, sent) = outgoing.next {
      let region = piece.isEmpty ? outgoing.nextRegion : nil
      let rest = region?.count ?? (piece.count - sent)
      guard let count = region.map({ send($0) }) ?? send(piece.span.extracting(droppingFirst: sent)) else { return }
      outgoing.removeFirst(count)
      // A short write means the send buffer is full; another `send` would return EAGAIN.
      if count < rest { break }
    }
    if outgoing.isEmpty {
      writeEvent?.disable()
      streamProtocol?.writeBufferEmptied()
      switch state {
      case .closing:
        security?.sendEnd()
        return end(.closed)
      case .closingWrite: shutDownWriting()
      case .securing: securing?.plainBytesSent()
      default: break
      }
    } else if security?.needsToReadToWrite == true {
      // The socket stays writable meanwhile; reading resumes the write.
      writeEvent?.disable()
    }
    updateWriting()
  }

  // MARK: - Ending

  package func closeWrite() {
    securing?.endsWriting = true
    guard state == .open else { return }
    state = .closingWrite
    if outgoing.isEmpty { shutDownWriting() }
  }

  private func shutDownWriting() {
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

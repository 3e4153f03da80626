import SwirlDeferred
package import SwirlReactor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A ``Transport`` over a connected stream socket.
///
/// It reads into one buffer that all connections of a reactor share, or straight into the protocol's own; it writes at
/// once, and only what the kernel refuses is kept. Reading is in `SocketTransport+Reading.swift`.
package final class SocketTransport: ConnectedTransport, ReactorHandle {
  enum State {
    /// Connected, but `start` was not called: nothing is read or written yet, and there is nobody to tell anything.
    case made
    /// Bytes go both ways.
    case open
    /// `closeWrite()`: what waits is sent, then our direction ends.
    case closingWrite
    /// Our direction has ended; the other goes on.
    case writeClosed
    /// `close()`: what waits is sent, then all ends. Nothing is read.
    case closing
    /// How it ends is decided, and told in the next turn. Nothing is read or written.
    case ending
    /// The descriptor is closed.
    case ended
  }

  package unowned let reactor: Reactor
  package let peerAddress: SocketAddress?
  package var streamProtocol: (any StreamProtocol)? {
    didSet {
      // A successor was never told to pause: the next write that is too much tells it.
      isWritingPaused = false
      updateReading()
    }
  }
  package var waterMarks = WaterMarks() {
    didSet { updateWriting() }
  }

  let socket: StreamSocket
  let scratch: ReadBuffer
  // Exempt from run-time checks for overlapping access, since each is touched for every read and write: neither is held while
  // something is called that could come back.
  /// What stands between the bytes and the socket, where the connection is secured.
  @exclusivity(unchecked) private(set) var tls: TLSSession?
  private(set) var state = State.made
  private var readEvent: FileEvent!
  private var writeEvent: FileEvent?
  @exclusivity(unchecked) private var outgoing = WriteQueue()
  var isReadingPaused = false
  var isEndReceived = false
  var isReadingSoon = false
  /// Whether the last read took as much as there was room for: the socket may hold more.
  @exclusivity(unchecked) var hasLastReadFilled = false
  private var isWritingPaused = false
  /// What was written and will not be sent, since the connection broke or was aborted.
  private var droppedBytes = 0
  /// What will be told, from the moment it is decided.
  private var verdict: ConnectionEnd?
  /// Where the program made it, or its listener.
  private let site: CallSite
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .connection }
  package var handlePeer: String? { peerAddress?.description }

  /// Takes over a connected, non-blocking socket: it is closed when the connection ends, or when the last reference to this is released.
  init(_ socket: StreamSocket, peer: SocketAddress?, on reactor: Reactor, at site: CallSite) {
    self.socket = socket
    self.site = site
    self.reactor = reactor
    peerAddress = peer
    scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    readEvent = socket.fileEvent(on: reactor, .read) { [unowned self] in readReady() }
  }

  deinit { closeDescriptor() }

  /// From here on all bytes go through `tls`, whose handshake has been made.
  func secure(with tls: TLSSession) {
    precondition(state == .made, "a connection is secured before it is started")
    self.tls = tls
  }

  package var tlsInfo: TLSInfo? { tls?.info }

  package func start(_ streamProtocol: any StreamProtocol) {
    precondition(state == .made, "start(_:) is called once, on an open connection")
    reactor.insertHandle(self, at: site)
    self.streamProtocol = streamProtocol
    state = .open
    streamProtocol.connectionMade(self)
    updateReading()
  }

  /// Takes the connection back from its protocol, which is told nothing more: it is as it was before it was started. False where it has
  /// ended or broken, or what was written is not all sent: then nothing happens.
  func detach() -> Bool {
    guard state == .open, outgoing.isEmpty else { return false }
    readEvent.disable()
    streamProtocol = nil
    reactor.handles.remove(self)
    state = .made
    return true
  }

  /// A descriptor that is closed may already be someone else's.
  package var localAddress: SocketAddress? { state == .ended ? nil : socket.localAddress }

  // MARK: - Reading

  /// Whether bytes that come are taken.
  var isReading: Bool {
    switch state {
    case .open, .closingWrite, .writeClosed: !isReadingPaused && !isEndReceived
    case .made, .closing, .ending, .ended: false
    }
  }

  /// Watches the socket while what comes is wanted and there is someone to tell: otherwise what nobody takes, or the end,
  /// would be told in every turn.
  func updateReading() {
    if isReading, streamProtocol != nil {
      if !readEvent.enable() { endSoon(.failed, NetError(.read, peerName, errno: errno)) }
      if let tls, tls.hasPending { readSoon() }
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

  /// The other end will send no more.
  func receivedEnd() {
    // The protocol may have closed the connection while it was read.
    guard isReading else { return }
    isEndReceived = true
    updateReading()
    let goesOn = streamProtocol?.endReceived() == true
    // Both directions have ended, unless the protocol has decided otherwise.
    if state == .writeClosed { return end(.closed) }
    if !goesOn { close() }
  }

  // MARK: - Writing

  package var bufferedBytes: Int { outgoing.count }
  package var unsentBytes: Int { outgoing.count + droppedBytes }

  package func write(_ bytes: Span<UInt8>) {
    guard state == .open, !bytes.isEmpty else { return drop(bytes.count) }
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
    guard state == .open, !bytes.isEmpty else { return drop(bytes.count) }
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

  private func drop(_ count: Int) { droppedBytes += count }

  /// Sends what the kernel takes; nil when the connection broke. That is told after the caller has returned, as every end
  /// is: never in the middle of a `write`.
  private func send(_ bytes: Span<UInt8>) -> Int? {
    let count = bytes.withUnsafeBufferPointer { tls == nil ? socket.send($0) : tls!.write($0) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS { return 0 }
    endSoon(.failed, failure(.write, errno))
    return nil
  }

  /// What broke the connection.
  func failure(_ code: NetError.Code, _ errno: Int32) -> NetError {
    tls?.failure ?? NetError(code, peerName, errno: errno)
  }

  /// Calls `writeReady` when the kernel has room; false when the connection broke.
  @discardableResult
  func watchWriting() -> Bool {
    let event = writeEvent ?? socket.fileEvent(on: reactor, .write) { [unowned self] in writeReady() }
    writeEvent = event
    if event.enable() { return true }
    endSoon(.failed, NetError(.write, peerName, errno: errno))
    return false
  }

  /// Waits for room in the kernel, and tells the protocol when too much waits.
  private func hasKept() {
    if watchWriting() { updateWriting() }
  }

  /// Tells the protocol to pause or to resume where what waits has crossed a mark: a protocol that was told to pause is always told to
  /// resume, at the low mark.
  private func updateWriting() {
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    } else if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      // After a close there is nothing to go on with.
      if state == .open { streamProtocol?.resumeWriting() }
    }
  }

  private func writeReady() {
    if let tls, tls.needsToWriteToRead {
      readReady()
      // What was read may have ended the connection, or the protocol its writing.
      guard state != .ending, state != .ended else { return }
    }
    while let (piece, sent) = outgoing.next {
      let rest = piece.count - sent
      guard let count = send(piece.span.extracting(droppingFirst: sent)) else { return }
      outgoing.removeFirst(count)
      // The kernel is full: asking again would only tell so.
      if count < rest { break }
    }
    if outgoing.isEmpty {
      writeEvent?.disable()
      streamProtocol?.writeBufferEmptied()
      switch state {
      case .closing:
        tls?.sendEnd()
        return end(.closed)
      case .closingWrite: shutDownWriting()
      default: break
      }
    } else if tls?.needsToReadToWrite == true {
      // The socket has room all the while; reading goes on with it.
      writeEvent?.disable()
    }
    updateWriting()
  }

  // MARK: - Ending

  package func closeWrite() {
    guard state == .open else { return }
    state = .closingWrite
    if outgoing.isEmpty { shutDownWriting() }
  }

  private func shutDownWriting() {
    state = .writeClosed
    // The end of the socket would be seen as a cut: TLS has its own, after which the other direction goes on.
    if let tls { tls.sendEnd() } else { socket.shutdownWriting() }
    if isEndReceived { endSoon(.closed) }
  }

  package func close() {
    switch state {
    case .made: closeDescriptor()
    case .open, .closingWrite:
      state = .closing
      updateReading()
      if outgoing.isEmpty {
        tls?.sendEnd()
        endSoon(.closed)
      }
    case .writeClosed: endSoon(.closed)
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
    case .made, .open, .closingWrite, .writeClosed: false
    // What had come before it broke is still told.
    case .ending: isReadingPaused || verdict?.code != .failed
    case .closing, .ended: true
    }
  }

  package var isBroken: Bool { state == .ending && verdict?.code == .failed }

  /// Decides how the connection ends, and tells it in the next turn, when nothing of the protocol is under way.
  private func endSoon(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    // A reset overtakes an orderly end that is under way; nothing overtakes a connection that broke.
    if verdict == nil || code == .aborted && verdict?.code == .closed { verdict = ConnectionEnd(code, error: error) }
    guard state != .ending else { return }
    state = .ending
    drop(outgoing.count)
    outgoing.removeAll()
    updateReading()
    writeEvent?.disable()
    reactor.callSoon { [self] in
      if verdict?.code == .failed { readRest() }
      end(code, error)
    }
  }

  /// Ends the connection now: only called by the loop, so that nothing of the protocol is under way.
  func end(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    guard state != .ended else { return }
    closeDescriptor()
    let told = streamProtocol
    streamProtocol = nil
    reactor.handles.remove(self)
    told?.connectionLost(verdict ?? ConnectionEnd(code, error: error))
  }

  /// Closes it, and calls no `connectionLost`: there is no loop left to do that in.
  package func abandon() {
    closeDescriptor()
    // The two hold each other. Released after the change, since the protocol's deinit may use the transport.
    let unnotified = streamProtocol
    streamProtocol = nil
    (unnotified as? any ReactorReleaseObserver)?.reactorReleased()
    withExtendedLifetime(unnotified) {}
  }

  /// Frees what the connection holds of the kernel.
  func closeDescriptor() {
    guard state != .ended else { return }
    state = .ended
    readEvent.close()
    writeEvent?.close()
    socket.close()
    drop(outgoing.count)
    outgoing.removeAll()
  }

  var peerName: String { peerAddress?.description ?? "the other end" }
}

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
/// once, and only what the kernel refuses is kept.
package final class SocketTransport: Transport {
  private enum State {
    /// Bytes go both ways.
    case open
    /// `closeWrite()`: what waits is sent, then our direction ends.
    case closingWrite
    /// Our direction has ended.
    case writeClosed
    /// `close()`: what waits is sent, then all ends.
    case closing
    /// The descriptor is closed.
    case ended
  }

  package unowned let reactor: Reactor
  package let peerAddress: SocketAddress?
  package var streamProtocol: (any StreamProtocol)?
  package var waterMarks = WaterMarks()

  private let descriptor: Int32
  private let scratch: ReadBuffer
  private var state = State.open
  private var readEvent: FileEvent!
  private var writeEvent: FileEvent?
  private var outgoing = WriteQueue()
  private var isReadingPaused = false
  private var isEndReceived = false
  private var isWritingPaused = false

  /// Takes over a connected, non-blocking socket: it is closed when the connection ends, or when this is let go of.
  init(_ descriptor: Int32, peer: SocketAddress?, on reactor: Reactor) {
    self.descriptor = descriptor
    self.reactor = reactor
    peerAddress = peer
    scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    readEvent = reactor.fileEvent(descriptor, .read) { [unowned self] in readReady() }
  }

  deinit { closeDescriptor() }

  /// Hands the connection to its protocol and starts reading.
  package func start(_ streamProtocol: any StreamProtocol) {
    self.streamProtocol = streamProtocol
    OpenTransports.of(reactor).insert(self)
    streamProtocol.connectionMade(self)
    if state != .ended, !isReadingPaused { readEvent.enable() }
  }

  package var localAddress: SocketAddress? { Socket.localAddress(descriptor) }

  // MARK: - Reading

  /// How much is read before other connections get their turn.
  private static let readsPerTurn = 4

  private func readReady() {
    for _ in 0..<Self.readsPerTurn {
      guard state != .ended, !isReadingPaused, !isEndReceived, let streamProtocol else { return }
      var count = 0
      var room = 0
      let isDirect = streamProtocol.readDirectly { span in
        room = span.freeCapacity
        count = receive(into: &span)
      }
      if !isDirect {
        room = scratch.capacity
        count = recv(descriptor, scratch.base, room, 0)
        if count > 0 { scratch.withBytes(count, streamProtocol.dataReceived) }
      }
      if count == 0 { return receivedEnd() }
      if count < 0 {
        if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR { return }
        return end(.failed, NetError(.read, peerName, errno: errno))
      }
      // A short read has emptied the socket: asking again would only tell so.
      if count < room { return }
    }
  }

  private func receive(into span: inout OutputSpan<UInt8>) -> Int {
    span.withUnsafeMutableBufferPointer { buffer, initialized in
      let count = recv(descriptor, buffer.baseAddress! + initialized, buffer.count - initialized, 0)
      if count > 0 { initialized += count }
      return count
    }
  }

  private func receivedEnd() {
    isEndReceived = true
    readEvent.disable()
    if state == .writeClosed { return end(.closed) }
    if streamProtocol?.endReceived() != true { close() }
  }

  package func pauseReading() {
    isReadingPaused = true
    readEvent.disable()
  }

  package func resumeReading() {
    guard isReadingPaused else { return }
    isReadingPaused = false
    if state != .ended, !isEndReceived { readEvent.enable() }
  }

  // MARK: - Writing

  package var bufferedBytes: Int { outgoing.count }

  package func write(_ bytes: Span<UInt8>) {
    guard state == .open, !bytes.isEmpty else { return }
    var sent = 0
    if outgoing.isEmpty {
      guard let count = send(bytes) else { return }
      sent = count
    }
    if sent < bytes.count {
      outgoing.append(bytes.extracting(droppingFirst: sent))
      hasKept()
    }
  }

  package func write(_ bytes: [UInt8]) {
    guard state == .open, !bytes.isEmpty else { return }
    var sent = 0
    if outgoing.isEmpty {
      guard let count = send(bytes.span) else { return }
      sent = count
    }
    if sent < bytes.count {
      outgoing.append(bytes, sent: sent)
      hasKept()
    }
  }

  /// Sends what the kernel takes; nil when the connection broke, which ends it.
  private func send(_ bytes: Span<UInt8>) -> Int? {
    let count = bytes.withUnsafeBufferPointer { Socket.send(descriptor, $0) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS { return 0 }
    failLater(NetError(.write, peerName, errno: errno))
    return nil
  }

  /// A write that fails is told after the caller has returned, as every end is: never in the middle of a `write`.
  private func failLater(_ error: NetError) {
    state = .writeClosed
    outgoing.removeAll()
    reactor.callSoon { [self] in end(.failed, error) }
  }

  /// Waits for room in the kernel, and tells the protocol when too much waits.
  private func hasKept() {
    if writeEvent == nil { writeEvent = reactor.fileEvent(descriptor, .write) { [unowned self] in writeReady() } }
    writeEvent?.enable()
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    }
  }

  private func writeReady() {
    while let (piece, sent) = outgoing.next {
      guard let count = send(piece.span.extracting(droppingFirst: sent)), count > 0 else { break }
      outgoing.removeFirst(count)
    }
    guard state != .ended else { return }
    if outgoing.isEmpty {
      writeEvent?.disable()
      switch state {
      case .closing: return end(.closed)
      case .closingWrite: shutDownWriting()
      default: break
      }
    }
    if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      streamProtocol?.resumeWriting()
    }
  }

  // MARK: - Ending

  package func closeWrite() {
    guard state == .open else { return }
    state = .closingWrite
    if outgoing.isEmpty { shutDownWriting() }
  }

  private func shutDownWriting() {
    state = .writeClosed
    shutdown(descriptor, Int32(SHUT_WR))
    if isEndReceived { endSoon(.closed) }
  }

  package func close() {
    switch state {
    case .open, .closingWrite:
      state = .closing
      readEvent.disable()
      isReadingPaused = true
      if outgoing.isEmpty { endSoon(.closed) }
    case .writeClosed: endSoon(.closed)
    case .closing, .ended: break
    }
  }

  package func abort() {
    guard state != .ended else { return }
    Socket.resetOnClose(descriptor)
    state = .closing
    outgoing.removeAll()
    readEvent.disable()
    writeEvent?.disable()
    endSoon(.aborted)
  }

  private func endSoon(_ code: ConnectionEnd.Code) {
    reactor.callSoon { [self] in end(code) }
  }

  private func end(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    guard state != .ended else { return }
    closeDescriptor()
    let told = streamProtocol
    streamProtocol = nil
    OpenTransports.of(reactor).remove(self)
    told?.connectionLost(ConnectionEnd(code, error: error))
  }

  /// Frees what the connection holds of the kernel. The reactor that is let go of calls it for those that are open.
  func closeDescriptor() {
    guard state != .ended else { return }
    state = .ended
    readEvent.close()
    writeEvent?.close()
    Socket.close(descriptor)
    outgoing.removeAll()
  }

  private var peerName: String { peerAddress?.description ?? "the other end" }
}

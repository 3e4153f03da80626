import SwirlDeferred
public import SwirlNet
import SwirlPlatform
public import SwirlReactor

/// One side of a ``MemoryConnection``.
public final class MemoryTransport: Transport {
  /// The pieces in which bytes arrive, independent of the writes.
  public enum Delivery: Sendable, Hashable {
    /// All available bytes at once.
    case whole
    /// In pieces of these sizes, in order; the rest arrives whole.
    case pieces([Int])
    /// One byte at a time.
    case bytes
  }

  private enum State {
    /// Not started: arriving bytes are kept for the protocol.
    case idle
    /// Both directions are open.
    case open
    /// `closeWrite()`: sends the buffered bytes, then ends our direction.
    case closingWrite
    /// Our direction has ended.
    case writeClosed
    /// `close()`: sends the buffered bytes, then ends the connection.
    case closing
    /// It has ended; the next step notifies the protocol.
    case ending(ConnectionEnd)
    /// It has ended, and the protocol was notified.
    case ended
  }

  /// The reactor to whose thread this belongs. If the test pumps the connection, the reactor need not run.
  public let reactor: Reactor
  // Weak: the connection retains both sides.
  weak var peer: MemoryTransport?
  /// Called when there may be work.
  var hasWork: () -> Void = {}
  /// The address that this side reports; a test may change it.
  public var localAddress: SocketAddress?
  /// The address that this side reports for its peer.
  public var peerAddress: SocketAddress?
  /// The protocol of this side. Retained until the connection has ended.
  public var streamProtocol: (any StreamProtocol)? { didSet { isWritingPaused = false } }
  /// The numbers of buffered bytes at which the protocol pauses and resumes writing.
  public var waterMarks = WaterMarks() { didSet { updateWriting() } }
  /// The pieces in which bytes arrive here, from the next piece.
  public var delivery: Delivery { didSet { nextPiece = 0 } }
  /// Bytes that this side has written and that have not arrived: those in the "kernel", then those buffered here.
  public var unreadBytes: [UInt8] { (peer.map { Array($0.incoming) } ?? []) + outgoing }

  private let name: String
  private let bufferSize: Int
  private var state = State.idle
  private var nextPiece = 0
  /// The kernel buffer of the direction to this side.
  private var incoming: ArraySlice<UInt8> = []
  /// Whether EOF follows `incoming`.
  private var isEndIncoming = false
  private var isEndReceived = false
  /// Whether the peer has reset the connection.
  private var isReset = false
  /// Bytes that do not fit in the peer's kernel buffer.
  private var outgoing: ArraySlice<UInt8> = []
  private var droppedBytes = 0
  /// Whether bytes were left after the last flush.
  private var hasKept = false
  private var isReadingPaused = false
  private var isWritingPaused = false

  init(_ name: String, _ reactor: Reactor, _ delivery: Delivery, _ bufferSize: Int) {
    self.name = name
    self.reactor = reactor
    self.delivery = delivery
    self.bufferSize = bufferSize
  }

  func start(_ streamProtocol: any StreamProtocol) {
    guard case .idle = state else { fatalError("the \(name)'s end was started before") }
    state = .open
    self.streamProtocol = streamProtocol
    streamProtocol.connectionMade(self)
    hasWork()
  }

  /// Releases the protocol without calling it.
  func letGo() {
    state = .ended
    streamProtocol = nil
  }

  private var isOver: Bool {
    switch state {
    case .ending, .ended: true
    default: false
    }
  }

  // MARK: - Moving

  /// Delivers the end of the connection, one piece of data, or EOF.
  func step() -> Bool {
    switch state {
    case .ending(let end):
      tell(end)
      return true
    case .open, .closingWrite, .writeClosed:
      return !isReadingPaused && !isEndReceived && receive()
    case .idle, .closing, .ended: return false
    }
  }

  private func receive() -> Bool {
    if !incoming.isEmpty {
      deliver(atMost: nextPieceSize())
      peer?.flush()
    } else if isReset {
      end(.failed, NetError(.read, peerName, errno: ECONNRESET))
    } else if isEndIncoming {
      isEndReceived = true
      let goesOn = streamProtocol?.endReceived() == true
      if case .writeClosed = state {
        end(.closed)
      } else if !goesOn {
        close()
      }
    } else {
      return false
    }
    return true
  }

  private func nextPieceSize() -> Int {
    switch delivery {
    case .whole: return .max
    case .bytes: return 1
    case .pieces(let sizes):
      guard nextPiece < sizes.count else { return .max }
      defer { nextPiece += 1 }
      require(sizes[nextPiece] > 0, "a piece of \(sizes[nextPiece]) bytes cannot be delivered")
      return sizes[nextPiece]
    }
  }

  private func deliver(atMost size: Int) {
    guard let streamProtocol else { return }
    let piece = incoming.prefix(size)
    var count = 0
    let isDirect = streamProtocol.readDirectly { span in
      count = min(span.freeCapacity, piece.count)
      for byte in piece.prefix(count) { span.append(byte) }
    }
    require(!isDirect || count > 0, "readDirectly returned true, but offered no room or did not call read")
    if !isDirect { count = piece.count }
    // Remove the piece first: the protocol may end the connection, which drops the rest.
    incoming.removeFirst(count)
    if !isDirect { streamProtocol.dataReceived(Array(piece).span) }
  }

  /// Stops delivery until `resumeReading()`: the peer's writes fill the buffer, then stay in the peer's transport.
  public func pauseReading() { isReadingPaused = true }

  /// Resumes delivery from the next step.
  public func resumeReading() {
    isReadingPaused = false
    hasWork()
  }

  // MARK: - Writing

  /// The number of bytes buffered here because the connection's buffer is full.
  public var bufferedBytes: Int { outgoing.count }

  /// Those, and the bytes dropped when the connection was reset or aborted.
  public var unsentBytes: Int { outgoing.count + droppedBytes }

  /// Sends `bytes`: they arrive in the next steps.
  public func write(_ bytes: Span<UInt8>) {
    write(bytes.withUnsafeBufferPointer { Array($0) })
  }

  /// Sends `bytes`: they arrive in the next steps.
  public func write(_ bytes: [UInt8]) {
    guard case .open = state, !bytes.isEmpty else {
      droppedBytes += bytes.count
      return
    }
    if isReset {
      droppedBytes += bytes.count
      return end(.failed, NetError(.write, peerName, errno: EPIPE))
    }
    outgoing += bytes
    flush()
    updateWriting()
  }

  /// Pauses or resumes the protocol if the buffer has crossed a mark.
  private func updateWriting() {
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    } else if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      streamProtocol?.resumeWriting()
    }
  }

  /// Moves buffered bytes into the peer's buffer as far as they fit, then completes a pending close.
  private func flush() {
    guard !isOver else { return }
    let hasWaited = hasKept
    if let peer, !peer.isOver {
      let taken = outgoing.prefix(bufferSize - peer.incoming.count)
      peer.incoming += taken
      outgoing.removeFirst(taken.count)
      if !taken.isEmpty { hasWork() }
    } else if !outgoing.isEmpty {
      // The peer has closed: bytes sent to it cause a reset, which the next read or write meets.
      droppedBytes += outgoing.count
      outgoing = []
      isReset = true
      hasWork()
    }
    hasKept = !outgoing.isEmpty
    if outgoing.isEmpty {
      if hasWaited { streamProtocol?.writeBufferEmptied() }
      switch state {
      case .closing: return end(.closed)
      case .closingWrite: shutDownWriting()
      default: break
      }
    }
    if isWritingPaused { updateWriting() }
  }

  // MARK: - Ending

  /// Ends this direction once all bytes are in the connection's buffer.
  public func closeWrite() {
    guard case .open = state else { return }
    state = .closingWrite
    if outgoing.isEmpty { shutDownWriting() }
  }

  private func shutDownWriting() {
    state = .writeClosed
    peer?.isEndIncoming = true
    hasWork()
    if isEndReceived { end(.closed) }
  }

  /// Ends the connection once all bytes are in its buffer; the next step notifies the protocol.
  public func close() {
    switch state {
    case .open, .closingWrite:
      state = .closing
      if outgoing.isEmpty { end(.closed) }
    case .idle, .writeClosed: end(.closed)
    case .closing, .ending, .ended: break
    }
  }

  /// Ends the connection at once: drops buffered bytes and those in flight, and the peer's next read fails.
  public func abort() {
    guard !isOver else { return }
    peer?.incoming = []
    peer?.isReset = true
    end(.aborted)
  }

  /// Whether this side closed or aborted it, or it has ended.
  public var isClosing: Bool { if case .closing = state { true } else { isOver } }

  /// Ends it now; the next step notifies the protocol.
  private func end(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    state = .ending(ConnectionEnd(code, error: error))
    incoming = []
    droppedBytes += outgoing.count
    outgoing = []
    peer?.isEndIncoming = true
    // Bytes buffered on the peer's side have no receiver any more: flush them, which causes the reset.
    peer?.flush()
    hasWork()
  }

  private func tell(_ end: ConnectionEnd) {
    state = .ended
    let told = streamProtocol
    streamProtocol = nil
    told?.connectionLost(end)
  }

  private var peerName: String { peerAddress?.description ?? "the peer" }
}

@available(*, unavailable, message: "A transport belongs to the thread of its reactor")
extension MemoryTransport: Sendable {}

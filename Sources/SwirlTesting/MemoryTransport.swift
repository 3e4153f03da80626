import SwirlDeferred
public import SwirlNet
import SwirlPlatform
public import SwirlReactor

/// One end of a ``MemoryConnection``.
public final class MemoryTransport: Transport {
  /// In which pieces bytes arrive, however they were written.
  public enum Delivery: Sendable, Hashable {
    /// All that is there at once.
    case whole
    /// In pieces of these sizes, one after the other; what comes after them arrives whole.
    case pieces([Int])
    /// One byte at a time.
    case bytes
  }

  private enum State {
    /// Not started: what arrives waits for the protocol.
    case idle
    /// Bytes go both ways.
    case open
    /// `closeWrite()`: what waits is sent, then our direction ends.
    case closingWrite
    /// Our direction has ended.
    case writeClosed
    /// `close()`: what waits is sent, then all ends.
    case closing
    /// It is over; the protocol is told with the next step.
    case ending(ConnectionEnd)
    /// It is over, and the protocol was told.
    case ended
  }

  /// The reactor whose thread this belongs to. In a connection that is pumped nobody has to run it.
  public let reactor: Reactor
  // The connection keeps both ends, so that they need not keep each other.
  weak var peer: MemoryTransport?
  /// Called when there may be something to do.
  var hasWork: () -> Void = {}
  /// Where this end is said to be; a test may say something else.
  public var localAddress: SocketAddress?
  /// Where the other end is said to be.
  public var peerAddress: SocketAddress?
  /// What is told of this connection. Kept until the connection has ended.
  public var streamProtocol: (any StreamProtocol)? { didSet { isWritingPaused = false } }
  /// How many waiting bytes make the protocol be told to pause, and how few to resume.
  public var waterMarks = WaterMarks() { didSet { updateWriting() } }
  /// In which pieces bytes arrive here, from the next on.
  public var delivery: Delivery { didSet { nextPiece = 0 } }
  /// What this end has written that has not arrived: what the "kernel" has, then what waits here.
  public var unreadBytes: [UInt8] { (peer.map { Array($0.incoming) } ?? []) + outgoing }

  private let name: String
  private let bufferSize: Int
  private var state = State.idle
  private var nextPiece = 0
  /// The kernel's buffer for the direction to this end.
  private var incoming: ArraySlice<UInt8> = []
  /// Whether the end comes behind `incoming`.
  private var isEndIncoming = false
  private var isEndReceived = false
  /// Whether the other end has broken the connection.
  private var isReset = false
  /// What does not fit in the kernel's buffer of the other end.
  private var outgoing: ArraySlice<UInt8> = []
  private var droppedBytes = 0
  /// Whether bytes waited after the last flush.
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

  /// Forgets the protocol, without a word.
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

  /// Tells the end, or one piece of what arrived, or that no more will come.
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
    // The protocol may end the connection, which drops what is left: it is taken out first.
    incoming.removeFirst(count)
    if !isDirect { streamProtocol.dataReceived(Array(piece).span) }
  }

  /// Stops taking what comes, until `resumeReading()`: the other end's writes fill the buffer and then wait there.
  public func pauseReading() { isReadingPaused = true }

  /// Takes what comes again, from the next step on.
  public func resumeReading() {
    isReadingPaused = false
    hasWork()
  }

  // MARK: - Writing

  /// The bytes that wait here because the buffer of the connection is full.
  public var bufferedBytes: Int { outgoing.count }

  /// Those, and what was dropped when the connection broke or was aborted.
  public var unsentBytes: Int { outgoing.count + droppedBytes }

  /// Sends `bytes`: they arrive with the next steps.
  public func write(_ bytes: Span<UInt8>) {
    write(bytes.withUnsafeBufferPointer { Array($0) })
  }

  /// Sends `bytes`: they arrive with the next steps.
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

  /// Tells the protocol to pause or to resume where what waits has crossed a mark.
  private func updateWriting() {
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    } else if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      streamProtocol?.resumeWriting()
    }
  }

  /// Moves what waits into the buffer of the other end, as far as there is room, and does what waited for that.
  private func flush() {
    guard !isOver else { return }
    let hasWaited = hasKept
    if let peer, !peer.isOver {
      let taken = outgoing.prefix(bufferSize - peer.incoming.count)
      peer.incoming += taken
      outgoing.removeFirst(taken.count)
      if !taken.isEmpty { hasWork() }
    } else if !outgoing.isEmpty {
      // Nobody is there any more. What is sent to them comes back as a reset, which the next read or write meets.
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

  /// Ends this direction when all that was written is in the buffer of the connection.
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

  /// Ends the connection when all that was written is in its buffer; the protocol is told with the next step.
  public func close() {
    switch state {
    case .open, .closingWrite:
      state = .closing
      if outgoing.isEmpty { end(.closed) }
    case .idle, .writeClosed: end(.closed)
    case .closing, .ending, .ended: break
    }
  }

  /// Ends the connection at once: what waits and what is on the way is lost, and the other end's next read fails.
  public func abort() {
    guard !isOver else { return }
    peer?.incoming = []
    peer?.isReset = true
    end(.aborted)
  }

  /// Whether it was closed or aborted here, or has ended.
  public var isClosing: Bool { if case .closing = state { true } else { isOver } }

  /// Ends it now, and tells it with the next step.
  private func end(_ code: ConnectionEnd.Code, _ error: NetError? = nil) {
    state = .ending(ConnectionEnd(code, error: error))
    incoming = []
    droppedBytes += outgoing.count
    outgoing = []
    peer?.isEndIncoming = true
    // What waits over there finds nobody here.
    peer?.flush()
    hasWork()
  }

  private func tell(_ end: ConnectionEnd) {
    state = .ended
    let told = streamProtocol
    streamProtocol = nil
    told?.connectionLost(end)
  }

  private var peerName: String { peerAddress?.description ?? "the other end" }
}

@available(*, unavailable, message: "A transport belongs to the thread of its reactor")
extension MemoryTransport: Sendable {}

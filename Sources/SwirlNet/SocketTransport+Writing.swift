import SwirlPlatform
import SwirlReactor

extension SocketTransport {
  package var bufferedBytes: Int { outgoing.count }
  package var unsentBytes: Int { outgoing.count + droppedBytes }

  package func write(_ bytes: Span<UInt8>) {
    // One comparison for no bytes and for many: the usual answer passes it.
    guard state == .open, UInt(bitPattern: bytes.count &- 1) < WriteTurns.small else { return writeLarge(bytes) }
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
    guard state == .open, UInt(bitPattern: bytes.count &- 1) < WriteTurns.small else { return writeLarge(bytes) }
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

  private func writeLarge(_ bytes: Span<UInt8>) {
    guard state == .open, !bytes.isEmpty else { return keepOrDrop(bytes) }
    guard let sent = sendShare(bytes) else { return drop(bytes.count) }
    if sent < bytes.count {
      outgoing.append(bytes.extracting(droppingFirst: sent))
      hasKept(sent, ofShare: WriteTurns.share)
    }
  }

  private func writeLarge(_ bytes: [UInt8]) {
    guard state == .open, !bytes.isEmpty else { return keepOrDrop(bytes.span) }
    guard let sent = sendShare(bytes.span) else { return drop(bytes.count) }
    if sent < bytes.count {
      outgoing.append(bytes, sent: sent)
      hasKept(sent, ofShare: WriteTurns.share)
    }
  }

  /// Sends what this connection may send in this turn; nil if the connection broke.
  private func sendShare(_ bytes: Span<UInt8>) -> Int? {
    guard outgoing.isEmpty else { return 0 }
    let sent = turns.sendNow { send(bytes.extracting(first: WriteTurns.share)) }
    sentInReads &+= sent ?? 0
    return sent
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

  // MARK: - The rest

  var turns: WriteTurns { reactor.attached(WriteTurns.self) { WriteTurns(on: reactor) } }

  /// Waits for room in the send buffer, and pauses the protocol above the high-water mark.
  private func hasKept() {
    if watchWriting() { updateWriting() }
  }

  /// The same after a large write, of which the kernel has taken `sent` bytes.
  func hasKept(_ sent: Int, ofShare share: Int) {
    let isFull = sent > 0 && sent < share
    // A queue that was not empty is waiting already.
    if !isFull, !isAwaitingTurn, writeEvent?.isEnabled != true { awaitTurn() }
    hasKept()
  }

  /// Calls `writeReady` when the send buffer has room; false if the connection broke.
  @discardableResult
  func watchWriting() -> Bool {
    if isAwaitingTurn { return true }
    let event = writeEvent ?? socket.fileEvent(on: reactor, .write) { [unowned self] in writeReady() }
    writeEvent = event
    if event.enable() { return true }
    endSoon(.failed, NetError(.write, peerName, errno: errno))
    return false
  }

  /// Sends more behind the other connections whose turn comes before. The socket would be writable meanwhile.
  private func awaitTurn() {
    writeEvent?.disable()
    isAwaitingTurn = true
    turns.add(self)
  }

  /// Its turn among the large writes has come.
  func takeTurn() {
    isAwaitingTurn = false
    // Closed meanwhile.
    guard state != .ending, state != .ended else { return }
    writeReady(isTurn: true)
  }

  /// Pauses or resumes the protocol when the buffer crosses a mark: a paused protocol is always resumed at the low
  /// mark.
  func updateWriting() {
    if !isWritingPaused, outgoing.count > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    } else if isWritingPaused, outgoing.count <= waterMarks.low {
      isWritingPaused = false
      // After a close the protocol cannot write.
      if state == .open { streamProtocol?.resumeWriting() }
    }
  }

  private func writeReady(isTurn: Bool = false) {
    if let security, security.needsToWriteToRead {
      readReady()
      // The read may have ended the connection, or the protocol its direction.
      guard state != .ending, state != .ended else { return }
    }
    let isLarge = outgoing.count > WriteTurns.small
    if isLarge, !isTurn, !turns.isFree { return awaitTurn() }
    guard let (cost, isFull) = sendKept() else { return }
    if isLarge { turns.count(cost) }
    // Without a turn the socket is watched already.
    if isTurn, !outgoing.isEmpty { isFull ? _ = watchWriting() : awaitTurn() }
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

  /// Sends the share of a turn of what is buffered, and gives its cost; nil if the connection broke.
  private func sendKept() -> (cost: Int, isFull: Bool)? {
    var share = WriteTurns.share
    while share > 0, let (piece, sent) = outgoing.next {
      let region = piece.isEmpty ? outgoing.nextRegion : nil
      let factor = region == nil ? 1 : WriteTurns.fileFactor
      let rest = min(region?.count ?? (piece.count - sent), share * factor)
      guard
        let count = region.map({ send($0.prefix(rest)) })
          ?? send(piece.span.extracting(droppingFirst: sent).extracting(first: rest))
      else { return nil }
      outgoing.removeFirst(count)
      share -= (count + factor - 1) / factor
      // A short write means the send buffer is full; another `send` would return EAGAIN.
      if count < rest { return (WriteTurns.share - share, true) }
    }
    return (WriteTurns.share - share, false)
  }
}

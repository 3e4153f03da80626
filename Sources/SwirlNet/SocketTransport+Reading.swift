import SwirlPlatform
import SwirlReactor

extension SocketTransport {
  /// The outcome of one `recv`.
  private enum ReadOutcome {
    /// The buffer was filled: the socket may have more.
    case full
    /// A short read: the socket is empty; another `recv` would return EAGAIN.
    case short
    /// EAGAIN.
    case nothing
    /// EOF.
    case end
    /// The connection broke.
    case failed(errno: Int32)
  }

  /// The size of the reads before other connections get their turn.
  private static let bytesPerTurn = 4 * ReadBuffer.usual

  func readReady() {
    var left = Self.bytesPerTurn
    var room = ReadBuffer.usual
    sentInReads = 0
    while left > 0 {
      // The protocol may have paused, closed or detached during the previous delivery.
      guard isReading, let streamProtocol else { return }
      left &-= room
      if !unread.isEmpty {
        deliverUnread(to: streamProtocol)
        continue
      }
      switch read(for: streamProtocol, room) {
      // A protocol that has sent as much as it got, and so keeps nothing, gets the rest of its turn in one call, unless
      // its peer has not taken all. TLS reads a record at a time.
      case .full: if sentInReads >= ReadBuffer.usual, outgoing.isEmpty, security == nil { room = left }
      case .short, .nothing:
        // A renegotiation by the peer may have ended.
        if security?.needsToReadToWrite == true, bufferedBytes > 0 { watchWriting() }
        return
      case .end: return receivedEnd()
      case .failed(let errno): return state == .ending ? () : end(.failed, failure(.read, errno))
      }
    }
    if !unread.isEmpty || security?.hasPending == true { readSoon() }
  }

  package func putBack(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { unread.append(contentsOf: $0) } }

  private func deliverUnread(to streamProtocol: any StreamProtocol) {
    var bytes: [UInt8] = []
    swap(&bytes, &unread)
    streamProtocol.dataReceived(bytes.span)
  }

  /// Reads data that is already taken from the socket, which the kernel does not report: after others have had their
  /// turn.
  func readSoon() {
    guard !isReadingSoon else { return }
    isReadingSoon = true
    reactor.callSoon { [weak self] in
      guard let self else { return }
      isReadingSoon = false
      readReady()
    }
  }

  /// Delivers the bytes received before the connection broke. A server that refuses a request body answers and closes,
  /// which breaks our writing; its response is still in the kernel.
  func readRest() {
    // At most as much as the largest receive buffer holds.
    for _ in 0..<256 {
      guard !isReadingPaused, !isEndReceived, let streamProtocol else { return }
      if !unread.isEmpty { deliverUnread(to: streamProtocol) }
      switch read(for: streamProtocol, ReadBuffer.usual) {
      case .full, .short: continue
      case .nothing, .end, .failed: return
      }
    }
  }

  /// Reads once and delivers the bytes.
  /// - Parameter most: the size of the read, unless the protocol offers a buffer.
  private func read(for streamProtocol: any StreamProtocol, _ most: Int) -> ReadOutcome {
    var count = 0
    var room = 0
    // Save errno at once: the protocol's code may change it.
    var error: Int32 = 0
    _ = streamProtocol.readDirectly { span in
      room = span.freeCapacity
      guard room > 0 else { return }
      count = receive(into: &span)
      if count < 0 { error = errno }
    }
    // No buffer was offered, or it has no room; a zero-length read would look like EOF.
    if room == 0 {
      room = most
      count = receive(scratch.base, room)
      if count < 0 { error = errno }
      if count > 0 { scratch.withBytes(count) { streamProtocol.dataReceived($0) } }
    }
    if count > 0 { return count < room && security?.hasPending != true ? .short : .full }
    if count == 0 { return .end }
    if let security, security.needsToWriteToRead { watchWriting() }
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? .nothing : .failed(errno: error)
  }

  private func receive(into span: inout OutputSpan<UInt8>) -> Int {
    span.withUnsafeMutableBufferPointer { buffer, initialized in
      // `freeCapacity` is not zero, so the buffer has a base address, and `recv` initializes as many bytes as it
      // returns.
      let count = receive(buffer.baseAddress! + initialized, buffer.count - initialized)
      if count > 0 { initialized += count }
      return count
    }
  }

  /// Like `recv`.
  private func receive(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    let count = security == nil ? socket.receive(base, room) : security!.read(base, room)
    hasLastReadFilled = count == room
    return count
  }

  /// Checks for EOF or a reset without reading: for a protocol that has paused reading. A reset ends the connection, as
  /// when it is read. Only the loop calls it, never inside a protocol's callback.
  /// - Returns: whether the peer has ended its direction, or reset the connection.
  package func checkPeer() -> Bool {
    guard state == .open, !isEndReceived else { return false }
    switch socket.peerState {
    case .open: return false
    case .ended: return true
    case .broken:
      let error = socket.takeError()
      end(.failed, failure(.read, error == 0 ? ECONNRESET : error))
      return true
    }
  }

  /// Whether the peer has sent undelivered input: bytes, EOF, or a reset. TLS's own messages, such as session tickets,
  /// do not count. Also true for a connection that is no longer open.
  ///
  /// It does not consume the connection's input.
  ///
  /// - Parameter hasJustRead: whether no input can have arrived since the last read. Then it peeks at the socket, a
  ///   system call, only if that read may have left bytes there.
  package func hasUndeliveredInput(hasJustRead: Bool) -> Bool {
    guard state == .open, !isEndReceived else { return true }
    if let security { return security.hasUndeliveredInput(hasJustRead: hasJustRead) }
    if hasJustRead, !hasLastReadFilled { return false }
    return socket.peek() >= 0 || errno != EAGAIN && errno != EWOULDBLOCK
  }
}

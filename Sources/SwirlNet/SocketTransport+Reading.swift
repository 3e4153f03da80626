import SwirlReactor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension SocketTransport {
  /// What one `recv` gave.
  private enum ReadOutcome {
    /// As many bytes as there was room for: there may be more.
    case full
    /// Fewer: the socket is empty, and asking again would only tell so.
    case short
    /// Nothing now.
    case nothing
    /// The other end will send no more.
    case end
    /// The connection broke.
    case failed(errno: Int32)
  }

  /// How much is read before other connections get their turn.
  private static let readsPerTurn = 4

  func readReady() {
    for _ in 0..<Self.readsPerTurn {
      // The protocol may have paused, closed or left with the bytes before.
      guard isReading, let streamProtocol else { return }
      switch read(for: streamProtocol) {
      case .full: continue
      case .short, .nothing:
        // A handshake that the other end began anew may be over.
        if tls?.needsToReadToWrite == true, bufferedBytes > 0 { watchWriting() }
        return
      case .end: return receivedEnd()
      case .failed(let errno): return state == .ending ? () : end(.failed, failure(.read, errno))
      }
    }
    if let tls, tls.hasPending { readSoon() }
  }

  /// Reads what was taken from the socket already, of which it will not tell: after others have had their turn.
  func readSoon() {
    guard !isReadingSoon else { return }
    isReadingSoon = true
    reactor.callSoon { [weak self] in
      guard let self else { return }
      isReadingSoon = false
      readReady()
    }
  }

  /// Delivers what had come before the connection broke: a server that does not want to read a request to its end answers,
  /// closes, and so breaks our writing; the answer is still in the kernel.
  func readRest() {
    // As much as the largest receive buffer may hold, whatever the error was.
    for _ in 0..<256 {
      guard !isReadingPaused, !isEndReceived, let streamProtocol else { return }
      switch read(for: streamProtocol) {
      case .full, .short: continue
      case .nothing, .end, .failed: return
      }
    }
  }

  /// Reads once and hands over what came.
  private func read(for streamProtocol: any StreamProtocol) -> ReadOutcome {
    var count = 0
    var room = 0
    // Read at once: what the protocol does next may change it.
    var error: Int32 = 0
    _ = streamProtocol.readDirectly { span in
      room = span.freeCapacity
      guard room > 0 else { return }
      count = receive(into: &span)
      if count < 0 { error = errno }
    }
    // No place was offered, or there is no room in it; a read of no bytes would look like the end.
    if room == 0 {
      room = scratch.capacity
      count = receive(scratch.base, room)
      if count < 0 { error = errno }
      if count > 0 { scratch.withBytes(count) { streamProtocol.dataReceived($0) } }
    }
    if count > 0 { return count < room && tls?.hasPending != true ? .short : .full }
    if count == 0 { return .end }
    if let tls, tls.needsToWriteToRead { watchWriting() }
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? .nothing : .failed(errno: error)
  }

  private func receive(into span: inout OutputSpan<UInt8>) -> Int {
    span.withUnsafeMutableBufferPointer { buffer, initialized in
      // The room beyond `initialized` is what `freeCapacity` told, so there is a base address, and `recv` initializes as many
      // bytes as it returns.
      let count = receive(buffer.baseAddress! + initialized, buffer.count - initialized)
      if count > 0 { initialized += count }
      return count
    }
  }

  /// As `recv`.
  private func receive(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    let count = tls == nil ? socket.receive(base, room) : tls!.read(base, room)
    hasLastReadFilled = count == room
    return count
  }

  /// Asks the kernel whether the peer has gone, and reads nothing: for a protocol that has paused reading. A reset ends the connection, as when
  /// it is read. Only called by the loop, with nothing of the protocol under way.
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

  /// Whether the peer has sent anything that was not delivered: bytes, its end of the connection, or a reset. Messages of TLS itself, such
  /// as session tickets, do not count. Also true for a connection that is no longer open.
  ///
  /// It takes nothing from the socket that it would not take anyway.
  ///
  /// - Parameter hasJustRead: whether nothing can have arrived since the last read. Then it looks into the socket, which is a system
  ///   call, only if that read may have left something there.
  package func hasUndeliveredInput(hasJustRead: Bool) -> Bool {
    guard state == .open, !isEndReceived else { return true }
    if let tls { return tls.hasUndeliveredInput(hasJustRead: hasJustRead) }
    if hasJustRead, !hasLastReadFilled { return false }
    return socket.peek() >= 0 || errno != EAGAIN && errno != EWOULDBLOCK
  }
}

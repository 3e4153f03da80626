import CSwirlSystem
import SwirlPlatform

extension SocketTransport: FileTransport {
  package var sendsFiles: Bool {
    #if os(Linux)
    security == nil && securing == nil && socket.descriptor >= 0
    #else
    false
    #endif
  }

  package func write(_ region: FileRegion) {
    guard state == .open, region.count > 0 else { return drop(region.count) }
    var sent = 0
    if outgoing.isEmpty {
      let factor = WriteTurns.fileFactor
      let count = turns.sendNow(factor: factor) { send(region.prefix(WriteTurns.share * factor)) }
      guard let count else { return drop(region.count) }
      sent = count
    }
    if sent < region.count {
      outgoing.append(region, sent: sent)
      hasKept(sent, ofShare: WriteTurns.share * WriteTurns.fileFactor)
    }
  }

  /// Sends as much of the region as the kernel takes; nil if the connection broke, or the file is shorter than it was.
  func send(_ region: FileRegion) -> Int? {
    let count = swirl_send_file(
      socket.descriptor, region.file.descriptor, off_t(region.range.lowerBound), region.count)
    if count > 0 { return count }
    if count == 0 {
      endSoon(.failed, NetError(.write, peerName, reason: "the file that is sent has become shorter"))
      return nil
    }
    if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS { return 0 }
    endSoon(.failed, failure(.write, errno))
    return nil
  }
}

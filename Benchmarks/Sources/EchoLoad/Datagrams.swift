import Glibc
import Measure

/// A datagram there and back on each of some connected sockets, again and again. What is lost is sent again after a
/// second; a server that loses many fails.
func datagrams(sockets count: Int, size: Int) {
  let sockets = (0..<count).map { _ in DatagramPeer(port, size: size) }
  var trips = 0
  var lost = 0
  let start = Usage.now
  repeat {
    for socket in sockets { socket.send() }
    for socket in sockets {
      while !socket.receive() {
        lost += 1
        if lost > 10 { fail("\(lost) datagrams were lost") }
        socket.send()
      }
    }
    trips += count
  } while monotonicSeconds() < start.wall + seconds
  Report(operations: trips, from: start).send()
}

/// A blocking UDP socket.
private final class DatagramPeer {
  private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  private let outgoing: [UInt8]
  private var incoming = [UInt8](repeating: 0, count: 65_535)

  init(_ port: UInt16, size: Int) {
    outgoing = [UInt8](repeating: 120, count: size)
    let result = connectHere(descriptor, port)
    if result != 0 { fail("no socket for 127.0.0.1:\(port)") }
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  func send() {
    if write(descriptor, outgoing, outgoing.count) != outgoing.count { fail("write: \(errno)") }
  }

  /// False if no datagram came in time.
  func receive() -> Bool {
    let count = read(descriptor, &incoming, incoming.count)
    if count == outgoing.count { return true }
    if count < 0, errno == EAGAIN { return false }
    fail("a datagram of \(count) bytes came back: \(errno)")
  }
}

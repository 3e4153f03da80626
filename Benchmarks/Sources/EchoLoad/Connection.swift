import Glibc
import Measure

/// A blocking socket.
final class Connection: @unchecked Sendable {
  private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  private let outgoing = [UInt8](repeating: 120, count: 64 * 1024)
  private var incoming = [UInt8](repeating: 0, count: 64 * 1024)

  init(_ port: UInt16) {
    let result = connectHere(descriptor, port)
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    if result != 0 { fail("no connection to 127.0.0.1:\(port)") }
  }

  func send(_ count: Int) {
    var sent = 0
    while sent < count {
      let result = outgoing.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, count - sent) }
      if result <= 0 { fail("write: \(errno)") }
      sent += result
    }
  }

  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let result = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
      if result <= 0 { fail("write: \(errno)") }
      sent += result
    }
  }

  /// The next bytes.
  func received(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      let result = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + received, count - received) }
      if result <= 0 { fail("read: \(errno)") }
      received += result
    }
    return bytes
  }

  /// Byte by byte up to an end.
  func receive(until end: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    while !bytes.suffix(end.count).elementsEqual(end) { bytes += received(1) }
    return bytes
  }

  func receive(_ count: Int) {
    var received = 0
    while received < count {
      let result = incoming.withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress!, min($0.count, count - received))
      }
      if result <= 0 { fail("read: \(errno)") }
      received += result
    }
  }
}

/// Connects a socket to a port of 127.0.0.1.
func connectHere(_ descriptor: Int32, _ port: UInt16) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}

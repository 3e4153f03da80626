import Glibc
import Measure

/// Where a server listens, and the bytes of a request to it.
struct Target {
  let request: [UInt8]
  private let port: UInt16

  init(_ url: String) {
    let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
    let host = parts.count > 1 ? parts[1].split(separator: ":") : []
    guard parts.first == "http:", host.count == 2, host[0] == "127.0.0.1", let port = UInt16(host[1]) else {
      fail("\(url) is not http://127.0.0.1:PORT/PATH")
    }
    self.port = port
    let path = parts.count > 2 ? parts[2] : ""
    request = Array("GET /\(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
  }

  /// A connection from the address 127.0.0.`last`: one address alone has ports for fewer than 30,000.
  func connect(from last: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if descriptor < 0 { fail("socket: \(String(cString: strerror(errno)))") }
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
    // The port is chosen by `connect`, which knows which are free for this server.
    setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &on, size)
    let results = [
      withAddress(last, 0) { bind(descriptor, $0, $1) }, withAddress(1, port) { Glibc.connect(descriptor, $0, $1) },
    ]
    if results.contains(where: { $0 != 0 }) { fail("no connection: \(String(cString: strerror(errno)))") }
    return descriptor
  }

  private func withAddress(
    _ last: Int, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = (0x7F00_0000 + UInt32(last)).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}

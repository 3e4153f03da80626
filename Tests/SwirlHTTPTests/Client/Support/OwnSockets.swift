import Foundation
import SwirlPlatform

@testable import SwirlNet

/// The TCP sockets of this process that involve a port of an address. Other tests run in parallel: counting all
/// descriptors would include theirs, and so would UDP sockets, whose ports are numbers of their own.
struct OwnSockets {
  /// The sockets connected to the port: the clients' side.
  private(set) var connected = 0
  /// The sockets bound to the port: the listener and the server's side.
  private(set) var atPort = 0

  var count: Int { connected + atPort }

  /// - Parameter port: nil for all of an address that no other test has.
  init(of port: Int?, at address: String = "127.0.0.1") {
    let wanted = inet_addr(address)
    #if os(Linux)
    let folder = "/proc/self/fd"
    #else
    let folder = "/dev/fd"
    #endif
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard let descriptor = Int32(name), Self.isStream(descriptor) else { continue }
      if Self.isAt(port, of: wanted, descriptor, getsockname) {
        atPort += 1
      } else if Self.isAt(port, of: wanted, descriptor, getpeername) {
        connected += 1
      }
    }
  }

  private static func isStream(_ descriptor: Int32) -> Bool {
    var kind: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0 && kind == Socket.streamType
  }

  private static func isAt(
    _ port: Int?, of wanted: in_addr_t, _ descriptor: Int32,
    _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
  ) -> Bool {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
    }
    guard code == 0, Int32(address.sin_family) == AF_INET else { return false }
    guard let port else { return address.sin_addr.s_addr == wanted }
    return [wanted, INADDR_ANY].contains(address.sin_addr.s_addr) && Int(UInt16(bigEndian: address.sin_port)) == port
  }
}

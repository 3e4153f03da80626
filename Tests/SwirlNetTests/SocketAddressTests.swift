import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet

@Suite struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1", SocketAddress.Family.ipv4, "127.0.0.1:80"), ("::1", .ipv6, "[::1]:80"),
    ("0:0:0:0:0:0:0:1", .ipv6, "[::1]:80"), ("::ffff:127.0.0.1", .ipv6, "[::ffff:127.0.0.1]:80"),
  ])
  func `A number is an address`(host: String, family: SocketAddress.Family, text: String) {
    let address = SocketAddress(ip: host, port: 80)
    #expect(address?.family == family)
    #expect(address?.description == text)
  }

  @Test(arguments: [
    "", "localhost", "example.com", "256.0.0.1", "127.0.0.1\0", "::1::", "[::1]", "127.1", "010.0.0.1", "0x7f.0.0.1",
    "1",
  ])
  func `A name is no address`(host: String) { #expect(SocketAddress(ip: host, port: 80) == nil) }

  @Test(arguments: [-1, 65536, Int.max]) func `What is no port makes no address`(port: Int) throws {
    #expect(SocketAddress(ip: "127.0.0.1", port: port) == nil)
    let reactor = Reactor(clock: .virtual())
    #expect(try failureResult(of: reactor.resolver.resolve("127.0.0.1", port: port)) is NetError)
  }

  @Test func `Addresses are equal when they name the same place`() {
    #expect(SocketAddress(ip: "::1", port: 1) == SocketAddress(ip: "0::1", port: 1))
    #expect(SocketAddress(ip: "::1", port: 1) != SocketAddress(ip: "::1", port: 2))
    #expect(SocketAddress(ip: "::1", port: 1)?.with(port: 2) == SocketAddress(ip: "::1", port: 2))
  }

  @Test func `An IPv4 address in IPv6's clothes can be shown as what it is (RFC 4291 §2.5.5.2)`() {
    #expect(SocketAddress(ip: "::ffff:127.0.0.1", port: 80)?.unmapped.description == "127.0.0.1:80")
    #expect(SocketAddress(ip: "::1", port: 80)?.unmapped.description == "[::1]:80")
  }
}

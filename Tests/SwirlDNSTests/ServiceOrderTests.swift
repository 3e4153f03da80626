import SwirlTesting
import Testing

@testable import SwirlDNS

@Suite struct ServiceOrderTests {
  private func server(_ priority: UInt16, _ weight: UInt16, _ target: DNSName) -> SRVRecord {
    SRVRecord(priority: priority, weight: weight, port: 1, target: target)
  }

  @Test func `lower priorities are first, and all servers are there (RFC 2782)`() {
    var random = SeededGenerator(seed: 1)
    let servers = [server(10, 0, "c"), server(0, 5, "a"), server(10, 60, "d"), server(0, 5, "b"), server(20, 0, "e")]
    for _ in 0..<50 {
      let order = servers.inTryOrder(using: &random)
      #expect(order.map(\.priority) == [0, 0, 10, 10, 20] && Set(order) == Set(servers))
    }
    #expect([SRVRecord]().inTryOrder(using: &random).isEmpty)
  }

  @Test func `the first of a priority is chosen in proportion to the weights`() {
    var random = SeededGenerator(seed: 2)
    let servers = [server(1, 10, "a"), server(1, 30, "b"), server(1, 60, "c"), server(1, 0, "z")]
    var firsts: [DNSName: Int] = [:]
    for _ in 0..<10_000 { firsts[servers.inTryOrder(using: &random)[0].target, default: 0] += 1 }
    #expect((850...1150).contains(firsts["a"] ?? 0) && (2700...3300).contains(firsts["b"] ?? 0), "\(firsts)")
    // RFC 2782: weight 0 has a very small chance.
    #expect((20...220).contains(firsts["z"] ?? 0), "\(firsts)")
  }

  @Test func `all weights may be zero, and all the greatest`() {
    var random = SeededGenerator(seed: 3)
    for weight: UInt16 in [0, 65535] {
      let servers = (0..<100).map { SRVRecord(priority: 1, weight: weight, port: $0, target: "a") }
      #expect(Set(servers.inTryOrder(using: &random)).count == 100)
    }
  }
}

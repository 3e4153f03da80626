import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// What clients of one address may have.
@Suite struct ClientLimitTests {
  private func limits(
    connections: Int? = nil, rate: Double? = nil, burst: Int? = nil, exempt: [AddressRange] = [],
    knownAddresses: Int = 1000, _ lines: LogLines = LogLines()
  ) -> HTTPServer.ClientLimits {
    HTTPServer.ClientLimits(connections, rate, burst, exempt, knownAddresses: knownAddresses, lines.logger())
  }

  private func key(_ address: String) throws -> ClientKey {
    let address = try #require(SocketAddress(ip: address, port: 1))
    return try #require(ClientKey(address))
  }

  @Test func `an IPv6 address counts with its network, a mapped one as IPv4`() throws {
    #expect(try key("2001:db8::1") == key("2001:db8::ffff:2"))
    #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
    #expect(try key("::ffff:192.0.2.1") == key("192.0.2.1"))
    #expect(try key("192.0.2.1") != key("192.0.2.2"))
    // Its last four bytes are not an IPv4 address.
    #expect(try key("::1") != key("0.0.0.0"))
    #expect(ClientKey(try #require(SocketAddress(unixPath: "/tmp/a"))) == nil)
  }

  // MARK: - The rate

  private let second: Int64 = 1_000_000_000

  @Test func `a bucket is refilled at the rate`() throws {
    let limits = limits(rate: 2, burst: 3)
    let address = SocketAddress(ip: "192.0.2.1", port: 1)
    let times: [Int64] = [0, 0, 0, 0, 0, second / 2, second / 2, 10 * second]
    #expect(times.map { limits.retryAfter(address, at: $0) } == [nil, nil, nil, 1, 1, nil, 1, nil])
    #expect(limits.retryAfter(SocketAddress(ip: "192.0.2.2", port: 1), at: 0) == nil)
    #expect(limits.refusedRequests == 3)
  }

  @Test func `Retry-After says when there is a token, in whole seconds`() {
    let limits = limits(rate: 0.1, burst: 1)
    let address = SocketAddress(ip: "192.0.2.1", port: 1)
    #expect([0, 0, second / 2, 9 * second].map { limits.retryAfter(address, at: $0) } == [nil, 10, 10, 1])
  }

  @Test func `exempt addresses and those not known have no limit`() {
    let limits = limits(connections: 0, rate: 1, burst: 1, exempt: ["192.0.2.0/24"])
    for address in [nil, SocketAddress(ip: "192.0.2.1", port: 1), SocketAddress(unixPath: "/tmp/a")] {
      #expect((0..<3).allSatisfy { _ in limits.retryAfter(address, at: 0) == nil })
      guard case .unlimited = limits.admit(address) else {
        Issue.record("\(address as Any) is counted")
        continue
      }
    }
  }

  @Test func `many addresses take bounded memory, and those that ask are not forgotten`() throws {
    let rates = RequestRates(perSecond: 1, burst: 1, knownAddresses: 1000)
    let busy = try key("198.51.100.1")
    #expect(rates.take(busy, at: 0) == nil)
    var most = 0
    for number in 0..<50_000 {
      let address = "10.0.\(number >> 8 & 255).\(number & 255)"
      guard let client = ClientKey(SocketAddress(ip: address, port: 1)!) else { continue }
      _ = rates.take(client, at: 0)
      if number % 400 == 0 {
        #expect(rates.take(busy, at: 0) == 1)
        most = max(most, rates.clients)
      }
    }
    #expect(most <= 1000)
  }

  @Test func `the log has a line in ten seconds`() {
    let lines = LogLines()
    let limits = limits(rate: 1, burst: 1, lines)
    for time in 0..<20 { _ = limits.retryAfter(SocketAddress(ip: "192.0.2.1", port: 1), at: Int64(time) * second / 10) }
    _ = limits.retryAfter(SocketAddress(ip: "192.0.2.1", port: 1), at: 11 * second)
    _ = limits.retryAfter(SocketAddress(ip: "192.0.2.1", port: 1), at: 11 * second)
    #expect(lines.all.count == 2)
    #expect(lines.all[0] == "notice 192.0.2.1 sends more than 1.0 requests a second: 429, 1 so far")
  }

  // MARK: - In a server

  @Test func `requests beyond the rate get 429 before their content, and the handler is not called`() throws {
    var handled: [String] = []
    var configuration = HTTPServer.Configuration()
    configuration.clientLimits = limits(rate: 1, burst: 2)
    let server = HTTPServer(configuration: configuration) { request in
      handled.append(request.path)
      return .text("")
    }
    let transport = ServerMemoryTransport(server, on: Reactor(clock: .virtual()))
    transport.send(get("/1") + "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + get("/3"))
    transport.send("POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(handled == ["/1", "/2"])
    let text = transport.text
    #expect(text.statuses == [200, 200, 429, 429])
    #expect(text.components(of: "Retry-After: 1\r\n") == 2 && !text.contains("100 Continue"))
  }

  @Test(arguments: [true, false])
  func `the rate is that of a client behind a trusted proxy`(isTrusted: Bool) throws {
    var configuration = HTTPServer.Configuration()
    configuration.clientLimits = limits(rate: 1, burst: 1)
    if isTrusted { configuration.trustedProxies = .init(["192.0.2.0/24"]) }
    let server = HTTPServer(configuration: configuration) { _ in .text("") }
    let transport = ServerMemoryTransport(server, on: Reactor(clock: .virtual()))
    for client in 1...3 { transport.send(get("/", "X-Forwarded-For: 203.0.113.\(client)\r\n")) }
    #expect(transport.text.statuses == (isTrusted ? [200, 200, 200] : [200, 429, 429]))
  }

  @Test(arguments: ["plain", "router", "streaming"])
  func `the rate holds for each kind of handler and version`(kind: String) throws {
    var configuration = HTTPServer.Configuration()
    configuration.clientLimits = limits(rate: 0.001, burst: 4)
    let router = Router()
    router.post("/") { _ in .text("") }
    let server =
      switch kind {
      case "plain": HTTPServer(configuration: configuration) { _ in .text("") }
      case "router": HTTPServer(configuration: configuration, router)
      default: HTTPServer.streaming(configuration: configuration) { _ in .succeed(.text("")) }
      }
    var statuses: [Int] = []
    try serving(server, isVirtual: true) { reactor, port in
      let clients = [HTTPClient(on: reactor), HTTPClient(.secondVersion, on: reactor)]
      return gatherResults(clients + clients + clients, atMost: 1) { client in
        client.fetch(HTTPClient.Request("http://127.0.0.1:\(port)/", method: .post, body: .text("abc")))
      }.addCallback { pages in
        statuses = pages.map { $0.status.code }
        for client in clients { client.close() }
      }
    }
    #expect(statuses == [200, 200, 200, 200, 429, 429])
  }

  @Test func `connections beyond the limit are closed, and count until they are`() throws {
    var configuration = HTTPServer.Configuration()
    let lines = LogLines()
    let limits = limits(connections: 2, lines)
    configuration.clientLimits = limits
    let server = HTTPServer(configuration: configuration) { _ in .text("hello") }
    var texts: [String] = []
    try serving(server, isVirtual: true) { reactor, port in
      let connect = { reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: "") } }
      return connect().addCallback { first in
        connect().addCallback { second in
          connect().addCallback { third in
            third.ended.addCallback { () -> Deferred<Void> in
              texts.append(third.text)
              #expect(server.connectionCount == 2 && limits.open.clients == 1)
              first.transport?.write(Array(get("/", "Connection: close\r\n").utf8))
              return first.ended
            }.addCallback { reactor.sleep(.milliseconds(1)) }.addCallback { connect() }.addCallback { fourth in
              fourth.transport?.write(Array(get("/", "Connection: close\r\n").utf8))
              second.transport?.abort()
              return fourth.ended.addCallback { texts.append(fourth.text.withoutDate) }
            }
          }
        }
      }.addCallback { reactor.sleep(.seconds(1)) }
    }
    #expect(texts.count == 2 && texts[0] == "" && texts[1].hasSuffix("hello"))
    #expect(limits.refusedConnections == 1 && limits.open.clients == 0)
    #expect(lines.all == ["notice 127.0.0.1 has 2 connections, and more are closed; 1 so far"])
  }

  @Test func `a trusted proxy may have any number of connections`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.clientLimits = limits(connections: 1)
    configuration.trustedProxies = .init(AddressRange.loopback)
    let server = HTTPServer(configuration: configuration) { _ in .text("") }
    try serving(server, isVirtual: true) { reactor, port in
      gatherResults(Array(0..<5), atMost: 5) { _ in
        reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: "") }
      }
      .addCallback { clients in
        #expect(server.connectionCount == 5)
        for client in clients { client.transport?.abort() }
      }
    }
  }
}

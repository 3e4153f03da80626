import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct MemoryNetworkHTTPTests {
  let network = MemoryNetwork(seed: 11, link: .init(latency: .milliseconds(10)))
  var reactor: Reactor { network.reactor }

  /// Stops both, and shows that nothing is left open.
  private func end(_ server: HTTPServer?, _ client: HTTPClient) {
    client.close()
    _ = server?.stop()
    reactor.runUntilIdle()
    #expect(reactor.openHandles.map(\.kind) == [.client])
  }

  @Test func `A GET takes two round trips on a new connection and one on a kept one`() throws {
    let server = HTTPServer { .text("hello, \($0.path)") }
    try server.listen(80, interface: "server.test", on: reactor)
    let client = HTTPClient(on: reactor)
    var seen: [String] = []
    let start = reactor.now
    client.fetch(.init("http://server.test/one")) { [reactor] result in
      seen.append("\(try result.get().text) \(reactor.now - start)")
      client.fetch(.init("http://server.test/two")) { result in
        seen.append("\(try result.get().text) \(reactor.now - start)")
      }
    }
    reactor.run(for: .seconds(1))
    #expect(seen == ["hello, /one 0.04 seconds", "hello, /two 0.06 seconds"])
    #expect(client.counts.idle == 1 && server.connectionCount == 1)
    end(server, client)
  }

  @Test func `https runs over the network in memory, and the kept connection is closed after its idle time`() throws {
    let authority = TestAuthority()
    let server = HTTPServer { .text("secret \($0.path)") }
    try server.listen(
      443, interface: "server.test", tls: .server(authority.identity(for: "server.test")), on: reactor)
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    let client = HTTPClient(configuration, on: reactor)
    var text: String?
    client.fetch(.init("https://server.test/page")) { text = try $0.get().text }
    reactor.run(for: .seconds(29))
    #expect(text == "secret /page" && client.counts.idle == 1)
    reactor.run(for: .seconds(2))
    #expect(client.counts.idle == 0 && server.connectionCount == 0)
    end(server, client)
  }

  @Test func `A certificate for another name fails the handshake`() throws {
    let authority = TestAuthority()
    let server = HTTPServer { _ in .text("") }
    try server.listen(
      443, interface: "server.test", tls: .server(authority.identity(for: "other.test")), on: reactor)
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    let client = HTTPClient(configuration, on: reactor)
    var problem: CertificateProblem?
    client.fetch(.init("https://server.test/")) { result in
      if case .failure(let error as HTTPError) = result { problem = error.network?.certificate }
    }
    reactor.run(for: .seconds(1))
    #expect(problem == .wrongHost)
    end(server, client)
  }

  @Test func `Every limit of the client comes at its own moment`() throws {
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      request.path == "/slow" ? Deferred(canceller: { _ in }) : .succeed(.text("fast"))
    }
    try server.listen(80, interface: "server.test", on: reactor)
    network.addHost("hole.test")
    network.cut("hole.test")
    let client = HTTPClient(on: reactor)
    let start = reactor.now
    var ends: [String] = []
    for (url, timeout) in [("http://server.test/slow", 60), ("http://hole.test/", 60), ("http://server.test/slow", 5)] {
      client.fetch(HTTPClient.Request(url, timeout: .seconds(timeout))) { [reactor] result in
        guard case .failure(let error as HTTPError) = result else { return }
        ends.append("\(error.code) after \(reactor.now - start)")
      }
    }
    reactor.run(for: .seconds(61))
    #expect(ends == ["timeout after 5.0 seconds", "cannotConnect after 10.0 seconds", "timeout after 60.0 seconds"])
    end(server, client)
  }

  @Test func `A request that the server's restart cuts off is sent once more, on a new connection`() throws {
    let server = HTTPServer { _ in .text("ok") }
    try server.listen(80, interface: "server.test", on: reactor)
    let client = HTTPClient(on: reactor)
    var texts: [String] = []
    client.fetch(.init("http://server.test/")) { texts.append(try $0.get().text) }
    reactor.run(for: .seconds(1))
    // The reset is on its way while the next request is sent.
    network.cut("server.test")
    client.fetch(.init("http://server.test/")) { texts.append(try $0.get().text) }
    network.reset("server.test")
    network.mend("server.test")
    reactor.run(for: .seconds(1))
    #expect(texts == ["ok", "ok"])
    end(server, client)
  }

  @Test func `A client that sends its head a byte a second is closed by the server after thirty`() throws {
    let server = HTTPServer { _ in .text("") }
    try server.listen(80, interface: "server.test", on: reactor)
    let slow = RecordingProtocol()
    let start = reactor.now
    var end: Duration?
    reactor.connectTCP("server.test", 80) { slow }.addErrback { _ in }
    func drip() {
      if let transport = slow.transport, slow.end == nil { transport.write("G") }
      if slow.end != nil { end = reactor.now - start } else { reactor.callLater(.seconds(1)) { drip() } }
    }
    reactor.callLater(.seconds(1)) { drip() }
    reactor.run(for: .seconds(120))
    #expect(end.map { $0 >= .seconds(30) && $0 <= .seconds(34) } == true, "\(String(describing: end))")
    #expect(slow.receivedText.hasPrefix("HTTP/1.1 408"))
    _ = server.stop()
    reactor.runUntilIdle()
    #expect(reactor.openHandles.isEmpty)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64], [false, true])
  func `A link that flaps delays bodies and never changes them`(seed: UInt64, isSecure: Bool) throws {
    let network = MemoryNetwork(
      seed: seed,
      link: .init(latency: .milliseconds(2), jitter: .milliseconds(2), segmentSize: 1...2000, bufferSize: 8000))
    let reactor = network.reactor
    let authority = TestAuthority()
    let server = HTTPServer { request in .bytes([UInt8](repeating: UInt8(request.path.utf8.last!), count: 40_000)) }
    try server.listen(
      443, interface: "server.test", tls: isSecure ? .server(authority.identity(for: "server.test")) : nil, on: reactor)
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    let client = HTTPClient(configuration, on: reactor)
    var bodies: [Int: [UInt8]] = [:]
    func flap(_ isCut: Bool) {
      if isCut { network.cut("server.test") } else { network.mend("server.test") }
      if bodies.count < 8 { reactor.callLater(isCut ? .microseconds(700) : .milliseconds(3)) { flap(!isCut) } }
    }
    flap(false)
    for number in 0..<8 {
      client.fetch(.init("\(isSecure ? "https" : "http")://server.test:443/\(number)")) {
        bodies[number] = try $0.get().body
      }
    }
    reactor.run(for: .seconds(30))
    for number in 0..<8 {
      #expect(bodies[number] == [UInt8](repeating: UInt8(ascii: "0") + UInt8(number), count: 40_000), "\(number)")
    }
    network.mend("server.test")
    client.close()
    _ = server.stop()
    reactor.runUntilIdle()
    #expect(reactor.openHandles.map(\.kind) == [.client])
  }
}

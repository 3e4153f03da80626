import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite struct ConnectionPoolTests {
    static func configuration(
      perOrigin: Int = 100, inAll: Int = 1000, idle: Duration = .seconds(30)
    ) -> HTTPClient.Configuration {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = perOrigin
      configuration.connections = inAll
      configuration.idleTimeout = idle
      return configuration
    }

    @Test func `requests one after the other share a connection`() throws {
      let bench = try ClientBench { $0.answer("\($0.number)") }
      for number in 1...5 {
        #expect(bench.client.connections == (number == 1 ? 0 : 1))
        let outcome = bench.fetch("/")
        bench.run()
        #expect("\(outcome)" == "200 \(number)")
      }
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test func `a request made in the callback gets the connection that has just become free`() throws {
      let bench = try ClientBench()
      bench.fetch("/1") { _ in bench.fetch("/2") { _ in bench.fetch("/3") } }
      bench.run()
      #expect(bench.log.count == 3)
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test func `the connection that was used last is taken first`() throws {
      let bench = try ClientBench { $0.answer("\($0.connection.number)") }
      for _ in 0..<3 { bench.fetch("/") }
      bench.run()
      #expect(bench.server.accepted == 3)
      let latest = bench.log.last
      bench.fetch("/")
      bench.run()
      #expect(bench.log.last == latest)
      bench.end()
    }

    @Test(arguments: [1, 3, 10])
    func `no more connections are made to an origin than allowed, and requests are served in order`(
      _ limit: Int
    ) throws {
      let bench = try ClientBench(Self.configuration(perOrigin: limit))
      for index in 1...100 { bench.fetch("/\(index)") }
      bench.run()
      #expect(bench.server.mostOpen == limit)
      #expect(bench.server.accepted == limit)
      #expect(bench.log.count == 100)
      if limit == 1 { #expect(bench.server.targets == (1...100).map { "/\($0)" }) }
      bench.end()
    }

    /// Two origins on one server: by address and by name.
    @Test(arguments: [1, 4])
    func `no more connections are made in all than allowed`(_ limit: Int) throws {
      let bench = try ClientBench(Self.configuration(inAll: limit))
      bench.reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      for index in 0..<60 { bench.fetch("http://\(["a", "b", "c"][index % 3]).test:\(bench.server.port)/\(index)") }
      bench.run()
      #expect(bench.server.mostOpen == limit)
      #expect(bench.log.allSatisfy { $0.hasSuffix("200 hello") })
      #expect(bench.log.count == 60)
      bench.end()
    }

    @Test func `with one connection in all, requests to several origins are served as they came`() throws {
      let bench = try ClientBench(Self.configuration(inAll: 1))
      bench.reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      let hosts = Array("aaabbacabcccaab")
      for (index, host) in hosts.enumerated() { bench.fetch("http://\(host).test:\(bench.server.port)/\(index)") }
      bench.run()
      #expect(bench.server.targets == hosts.indices.map { "/\($0)" })
      #expect(bench.server.mostOpen == 1)
      // Exactly as often as the host changes.
      #expect(bench.server.accepted == 9)
      bench.end()
    }

    @Test(.inBothVersions) func `an origin that is asked without end does not keep others waiting`() throws {
      let bench = try ClientBench(Self.configuration(inAll: 1))
      bench.reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      var busy = 0
      var other: Outcome?
      func ask() {
        busy += 1
        guard busy < 1000, other?.result == nil else { return }
        bench.fetch("/busy") { _ in ask() }
      }
      ask()
      ask()
      other = bench.fetch("http://other.test:\(bench.server.port)/")
      bench.run()
      #expect(other.map { "\($0)" } == "200 hello")
      #expect(busy < 10)
      bench.end()
    }

    @Test func `only as many connections are closed for others as are needed`() throws {
      let bench = try ClientBench(Self.configuration(inAll: 10))
      bench.reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      for _ in 0..<10 { bench.fetch("/") }
      bench.run()
      #expect(bench.client.counts.idle == 10)
      // Idle connections.
      bench.fetch("http://other.test:\(bench.server.port)/")
      bench.run()
      #expect(bench.server.accepted == 11)
      #expect(bench.client.counts.idle == 10)
      // Busy connections that all become idle in one turn.
      for _ in 0..<10 { bench.fetch("/") }
      bench.fetch("http://third.test:\(bench.server.port)/")
      bench.run()
      #expect(bench.server.accepted <= 14)
      #expect(bench.server.mostOpen == 10)
      bench.end()
    }

    @Test func `a connection that is old gives way to a new one, which asks for the addresses anew`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionLifetime = .milliseconds(30)
      let bench = try ClientBench(configuration, on: .memory) { $0.answer("\($0.connection.number)") }
      let first = bench.fetch("/")
      bench.run()
      let kept = bench.fetch("/")
      bench.run()
      #expect("\(first)" == "200 1" && "\(kept)" == "200 1")
      bench.run(for: .milliseconds(40))
      let later = bench.fetch("/")
      bench.run()
      #expect("\(later)" == "200 2")
      bench.run(until: { bench.client.counts == HTTPClient.Counts(busy: 0, idle: 1) })
      // A connection past its age limit is not kept after its response.
      bench.server.answer = { request in
        bench.reactor.callLater(.milliseconds(40)) { request.answer("late") }
      }
      bench.fetch("/")
      bench.run()
      bench.run(until: { bench.client.counts == HTTPClient.Counts() })
      bench.end()
    }

    @Test func `a connection that may not live at all carries one request`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionLifetime = .zero
      let bench = try ClientBench(configuration) { $0.answer("\($0.connection.number)") }
      let first = bench.fetch("/")
      bench.run()
      let second = bench.fetch("/")
      bench.run()
      #expect("\(first)" == "200 1" && "\(second)" == "200 2")
      bench.end()
    }

    @Test func `requests that wait too long for a connection fail, and the counts show them`()
      throws
    {
      var configuration = Self.configuration(perOrigin: 1)
      configuration.waitTimeout = .milliseconds(20)
      let bench = try ClientBench(configuration, on: .memory) { _ in }
      let first = bench.fetch("/first", timeout: .seconds(60))
      bench.run(until: { bench.server.targets.count == 1 })
      let second = bench.fetch("/second")
      #expect(bench.client.counts == HTTPClient.Counts(busy: 1, waiting: 1))
      #expect(bench.client.counts(for: bench.server.url) == bench.client.counts)
      #expect(bench.client.counts(for: "http://elsewhere.test/") == HTTPClient.Counts())
      bench.run(until: { second.result != nil })
      #expect(second.httpError?.code == .timeout)
      #expect("\(second.error!)".contains("no connection within 0.02 seconds"), "\(second.error!)")
      #expect(first.result == nil)
      #expect("\(bench.client.counts)" == "1 busy, 0 idle, 0 connecting, 0 waiting")
      first.cancel()
      bench.run()
      bench.end()
    }

    @Test(.inBothVersions) func `connections that cannot be made leave no place taken`() throws {
      let bench = try ClientBench(Self.configuration(perOrigin: 3, inAll: 4))
      var refuses = true
      bench.reactor.resolver.lookup = { name in
        refuses && name == "bad.test"
          ? .fail(NetError(.resolve, name)) : .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!])
      }
      for index in 0..<100 { bench.fetch("http://\(index % 2 == 0 ? "bad" : "good").test:\(bench.server.port)/") }
      bench.run()
      #expect(bench.log.count { $0.hasSuffix("cannotConnect") } == 50)
      #expect(bench.log.count { $0.hasSuffix("200 hello") } == 50)
      refuses = false
      bench.fetch("http://bad.test:\(bench.server.port)/")
      bench.run()
      #expect(bench.log.last?.hasSuffix("200 hello") == true)
      bench.end()
    }

    // MARK: - Waiting

    @Test func `requests in line time out and are cancelled, and those behind them are served in order`() throws {
      let bench = try ClientBench(Self.configuration(perOrigin: 1), on: .memory) { request in
        request.connection.transport.reactor.callLater(.milliseconds(60)) { request.answer("hello") }
      }
      bench.fetch("/first")
      let cancelled = (0..<20).map { bench.fetch("/cancelled\($0)", [.callback, .deferred][$0 % 2]) }
      let late = (0..<20).map { bench.fetch("/late\($0)", timeout: .milliseconds(20)) }
      bench.fetch("/last")
      bench.reactor.callLater(.milliseconds(5)) { for outcome in cancelled { outcome.cancel() } }
      bench.run()
      #expect(cancelled.allSatisfy { "\($0)" == "CancellationError()" })
      #expect(late.allSatisfy { "\($0)" == "timeout" })
      #expect(late.allSatisfy { $0.httpError?.reason.hasPrefix("no connection within") == true })
      #expect(bench.server.targets == ["/first", "/last"])
      bench.end()
    }

    @Test(.inBothVersions) func `a connection without a waiting request is not made`() throws {
      let bench = try ClientBench()
      for outcome in (0..<10).map({ bench.fetch("/\($0)") }) { outcome.cancel() }
      #expect(bench.client.connections == 0)
      bench.fetch("/")
      bench.run()
      #expect(bench.client.connections == 1)
      bench.end()
    }

    // MARK: - Kept connections

    @Test func `a kept connection is closed after its time, and one that is used before is not`() throws {
      let bench = try ClientBench(Self.configuration(idle: .milliseconds(600)), on: .memory)
      bench.fetch("/1")
      bench.fetch("/2")
      bench.run()
      #expect(bench.server.connections.count == 2)
      for _ in 0..<4 {
        bench.run(for: .milliseconds(200))
        bench.fetch("/3")
        bench.run()
      }
      #expect(bench.server.connections.count == 1)
      #expect(bench.server.accepted == 2)
      bench.run { bench.server.connections.isEmpty }
      #expect(bench.client.connections == 0)
      bench.end()
    }

    @Test(.inBothVersions) func `with no time for idle connections they are closed at once`() throws {
      let bench = try ClientBench(Self.configuration(perOrigin: 1, idle: .zero))
      bench.fetch("/1")
      bench.fetch("/2")
      bench.run()
      // The queued request still gets a connection.
      #expect(bench.server.accepted == 1)
      #expect(bench.client.counts.idle == 0)
      bench.fetch("/3")
      bench.run()
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    @Test(.http1Only("over HTTP/2 a stream ends, not its connection"), arguments: [false, true])
    func `a kept connection that the server closes is noticed`(_ isReset: Bool) throws {
      let bench = try ClientBench()
      bench.fetch("/1")
      bench.run()
      if isReset { bench.server.connections[0].reset() } else { bench.server.connections[0].close() }
      bench.run { bench.client.connections == 0 }
      #expect(bench.openSockets == 1)
      let next = bench.fetch("/2", method: .post)
      bench.run()
      #expect("\(next)" == "200 hello")
      bench.end()
    }

    // MARK: - All at once

    /// The seed determines all random choices.
    @Test(.inBothVersions, arguments: [1, 2, 3] as [UInt64])
    func `after thousands of fetches that end in every way the pool still serves and nothing is taken`(
      _ seed: UInt64
    ) throws {
      var random = SplitMix(state: seed)
      let bench = try ClientBench(Self.configuration(perOrigin: 7, inAll: 15, idle: .milliseconds(5)), on: .memory)
      bench.reactor.resolver.lookup = { name in
        name == "bad.test" ? .fail(NetError(.resolve, name)) : .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!])
      }
      bench.server.answer = { request in
        let connection = request.connection
        switch Int.random(in: 0..<14, using: &random) {
        case 0: connection.close()
        case 1: connection.reset()
        case 2: connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        case 3: connection.send("garbage\r\n\r\n")
        case 4: request.answer("x", fields: "Connection: close\r\n")
        case 5: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz")
        case 6: connection.close(after: "HTTP/1.1 200 OK\r\n\r\nhello")
        case 7: break
        case 8: connection.drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
        case 9:
          request.answer("x")
          connection.close()
        default: request.answer("hello")
        }
      }
      let total = 10_000 / 3
      var started = 0
      var live: [Outcome] = []
      func startSome() {
        for _ in 0..<Int.random(in: 1...40, using: &random) where started < total {
          started += 1
          let host = ["a.test", "b.test", "c.test", "127.0.0.1", "bad.test"].randomElement(using: &random)!
          let target = Int.random(in: 0..<50, using: &random) == 0 ? "bad url" : "http://\(host):\(bench.server.port)/"
          let method: HTTPRequest.Method = [.get, .post, .head, .put].randomElement(using: &random)!
          let timeout = Duration.microseconds(Int.random(in: 500...30_000, using: &random))
          let cancelsInCallback = Int.random(in: 0..<8, using: &random) == 0
          live.append(
            bench.fetch(
              target, Outcome.Form.allCases.randomElement(using: &random)!, method: method,
              body: Int.random(in: 0..<3, using: &random) == 0 ? [1, 2, 3] : nil, timeout: timeout
            ) { outcome in
              outcome.cancel()
              if cancelsInCallback { live.randomElement(using: &random)?.cancel() }
            })
        }
        if live.count > 200 { live.removeFirst(100) }
        for _ in 0..<Int.random(in: 0...6, using: &random) { live.randomElement(using: &random)?.cancel() }
        if started < total { bench.reactor.callLater(.milliseconds(1)) { startSome() } }
      }
      bench.reactor.callSoon { startSome() }
      bench.run { bench.log.count == total }
      #expect(bench.server.mostOpen <= 15)

      bench.server.answer = { $0.answer("well") }
      let after = (0..<100).map { bench.fetch("http://\(["a", "b", "c"][$0 % 3]).test:\(bench.server.port)/") }
      bench.run()
      #expect(after.allSatisfy { "\($0)" == "200 well" })
      bench.run { bench.client.connections == 0 }
      #expect(bench.client.isUnused)
      bench.end()
    }
  }
}

/// Deterministic pseudo-random numbers for a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct LifeTests {
    @Test func `the fields of a request go before those of the configuration`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.headers = [.userAgent: "Conf", .accept: "*/*", .authorization: "secret"]
      let bench = try ClientBench(configuration)
      let name = try #require(HTTPField.Name("X-A"))
      bench.fetch("/1")
      bench.fetch("/2", headers: [.userAgent: "Mine", name: "b"])
      bench.fetch("/3", headers: [name: "b"])
      bench.fetch("/4", headers: [.authorization: ""])
      bench.run()
      let requests = bench.server.requests.sorted { $0.target < $1.target }
      func values(_ name: String) -> [[String]] { requests.map { $0.values(name) } }
      #expect(values("user-agent") == [["Conf"], ["Mine"], ["Conf"], ["Conf"]])
      #expect(values("accept") == [["*/*"], ["*/*"], ["*/*"], ["*/*"]])
      #expect(values("authorization") == [["secret"], ["secret"], ["secret"], [""]])
      #expect(values("x-a") == [[], ["b"], ["b"], []])
      bench.end()
    }

    @Test func `the timeout of a request goes before that of the configuration`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.timeout = .milliseconds(20)
      let bench = try ClientBench(configuration, on: .memory) { request in
        request.connection.transport.reactor.callLater(.milliseconds(60)) { request.answer("hello") }
      }
      let short = bench.fetch("/1")
      let long = bench.fetch("/2", timeout: .seconds(20))
      bench.run()
      #expect("\(short)" == "timeout")
      #expect("\(long)" == "200 hello")
      // The deadline of the previous request does not end the next one on the same connection.
      let next = bench.fetch("/3", timeout: .seconds(20))
      bench.run()
      #expect("\(next)" == "200 hello")
      bench.end()

      configuration.timeout = nil
      let endless = try ClientBench(configuration, on: .memory)
      for timeout in [nil, Duration.seconds(5), nil] {
        let outcome = endless.fetch("/", timeout: timeout)
        endless.run()
        #expect("\(outcome)" == "200 hello")
      }
      endless.end()
    }

    @Test func `time that passes before the reactor runs is not taken from the next request`() throws {
      let bench = try ClientBench()
      bench.fetch("/1")
      let start = bench.reactor.now
      // A program that computes before it runs the reactor.
      while start.duration(to: bench.reactor.now) < .milliseconds(300) {}
      let next = bench.fetch("/2", timeout: .milliseconds(250))
      bench.run()
      #expect("\(next)" == "200 hello")
      bench.end()
    }

    // MARK: - The end of a client

    @Test(.http1Only("requests wait for a connection"))
    func `close fails queued requests, completes those in progress, and refuses later ones`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration) { _ in }
      let running = bench.fetch("/1")
      let inLine = bench.fetch("/2") { _ in bench.client.close() }
      bench.run { !bench.server.requests.isEmpty }
      bench.client.close()
      bench.client.close()
      let after = bench.fetch("/3")
      bench.server.requests[0].answer("hello")
      bench.run()
      #expect("\(running)" == "200 hello")
      for outcome in [inLine, after] {
        #expect("\(outcome)" == "clientClosed")
        #expect(outcome.httpError?.fault == .caller)
        #expect(outcome.httpError?.reason.contains("closed") == true)
      }
      #expect(bench.server.targets == ["/1"])
      bench.run { bench.client.connections == 0 }
      #expect(bench.client.isUnused)
      bench.end()
    }

    @Test(arguments: [false, true])
    func `close while connecting fails the request, and on a stale connection nothing waits for ever`(
      _ isStale: Bool
    ) throws {
      let bench = try ClientBench { $0.answer("hello") }
      bench.server.answer = { [unowned bench] request in
        if request.number == 1 { return request.answer("hello") }
        bench.client.close()
        request.connection.close()
      }
      if isStale {
        bench.fetch("/1")
        bench.run()
      }
      let outcome = bench.fetch("/2")
      if !isStale { bench.client.close() }
      bench.run()
      #expect("\(outcome)" == (isStale ? "closedEarly" : "clientClosed"))
      bench.end()
    }

    @Test func `a client without an owner completes its requests, and then closes its connections`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 2
      let bench = try ClientBench(configuration, on: .memory) { request in
        request.connection.transport.reactor.callLater(.milliseconds(10)) { request.answer("hello") }
      }
      weak let client = bench.client
      for index in 0..<10 { bench.fetch("/\(index)", Outcome.Form.allCases[index % 2]) }
      bench.dropClient()
      #expect(client != nil)
      bench.run()
      #expect(bench.log.allSatisfy { $0.hasSuffix("200 hello") })
      #expect(bench.log.count == 10)
      #expect(client == nil)
      bench.end()
    }

    @Test(arguments: ["refused", "bad url", "/close", "/timeout"])
    func `a client without an owner may end with an error`(_ target: String) throws {
      let bench = try ClientBench(on: .memory) { if $0.target == "/close" { $0.connection.close() } }
      weak let client = bench.client
      if target == "refused" { bench.server.listener.stop() }
      let outcome = bench.fetch(target == "refused" ? "/" : target, timeout: .milliseconds(50))
      bench.dropClient()
      bench.run()
      #expect(outcome.error != nil)
      #expect(client == nil)
      if target != "refused" { bench.end() }
    }

    @Test func `a client that is released with idle connections closes them`() throws {
      let bench = try ClientBench()
      weak let client = bench.client
      bench.fetch("/1")
      bench.fetch("/2")
      bench.run()
      #expect(bench.server.connections.count == 2)
      bench.dropClient()
      #expect(client == nil)
      bench.end()
    }

    @Test func `a client may be released in a callback`() throws {
      let bench = try ClientBench()
      weak let client = bench.client
      bench.fetch("/1") { _ in bench.dropClient() }
      bench.run()
      #expect(client == nil)
      bench.end()
    }

    // MARK: - The end of the reactor

    /// An object that must be released with the reactor.
    final class Witness {}

    @Test func `a reactor that is released frees all that is under way, and calls nothing`() throws {
      weak var client: HTTPClient?
      weak var own: HTTPClient?
      weak var witness: Witness?
      weak var deferred: Deferred<HTTPClient.Response>?
      var port = 0
      do {
        let reactor = Reactor()
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerOrigin = 2
        let server = try RawServer(on: reactor) { if $0.target == "/" { $0.answer("hello") } }
        port = server.port
        reactor.resolver.lookup = { name in
          name == "slow.test" ? Deferred() : .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!])
        }
        let ownClient = HTTPClient(configuration.inCurrentVersion, on: reactor)
        // The client of the reactor has the default configuration.
        let shared =
          WireVersion.current == .http1
          ? HTTPClient.of(reactor) : HTTPClient(configuration.inCurrentVersion, on: reactor)
        client = shared
        own = ownClient
        let kept = Witness()
        witness = kept
        let fetchAll = {
          for (index, url) in [
            server.url + "/silent", server.url + "/body", "http://slow.test:\(port)/", "bad url",
            "http://255.255.255.255/",
          ].enumerated() {
            for _ in 0..<4 {
              for client in [shared, ownClient] {
                client.fetch(HTTPClient.Request(url)) { [kept] result in
                  _ = kept
                  if index < 3 { Issue.record("\(url): \(result)") }
                }
                let page = client.fetch(HTTPClient.Request(url))
                page.addBoth { [kept] result in
                  _ = kept
                  if index < 3 { Issue.record("\(url): \(result)") }
                }
                deferred = page
              }
            }
          }
        }
        shared.fetch(HTTPClient.Request(server.url)) { _ in }
        fetchAll()
        reactor.callLater(.milliseconds(50)) {
          fetchAll()
          reactor.stop()
        }
        reactor.run()
        fetchAll()
        #expect(OwnSockets(of: port).connected > 0)
      }
      #expect(OwnSockets(of: port).count == 0)
      #expect(client == nil)
      #expect(own == nil)
      #expect(witness == nil)
      #expect(deferred == nil)
    }

    @Test func `objects of a released reactor are dead, not dangerous`() throws {
      var exchange: HTTPClient.Exchange?
      var waiting: HTTPClient.Exchange?
      var late: HTTPClient.Exchange?
      var page: Deferred<HTTPClient.Response>?
      var client: HTTPClient?
      do {
        let reactor = Reactor()
        let server = try RawServer(on: reactor) { _ in }
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerOrigin = 1
        let made = HTTPClient(configuration.inCurrentVersion, on: reactor)
        client = made
        exchange = made.fetch(HTTPClient.Request(server.url)) { _ in Issue.record("called") }
        waiting = made.fetch(HTTPClient.Request(server.url)) { _ in Issue.record("called") }
        page = made.fetch(HTTPClient.Request(server.url))
        reactor.callLater(.milliseconds(20)) { reactor.stop() }
        reactor.run()
        late = made.fetch(HTTPClient.Request("bad url")) { _ in Issue.record("called") }
      }
      for exchange in [exchange, waiting, late] { exchange?.cancel() }
      page?.cancel()
      page?.addErrback { _ in throw CancelledError() }.addBoth { _ in }
      client?.close()
      client = nil
    }

    // MARK: - Very many

    @Test func `ten thousand fetches at once all arrive, and leave nothing`() async throws {
      // In its own process, for its descriptor limit.
      await #expect(processExitsWith: .success) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        // Both sides of each connection are in this process: as many as allowed, up to ten thousand.
        limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, 20_500))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let count = min(10_000, (Int(limit.rlim_cur) - 100) / 2)
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerOrigin = count
        configuration.connections = count
        // The listen queue is shorter than the burst, and the kernel retries only after seconds.
        configuration.connectTimeout = .seconds(30)
        let bench = try ClientBench(configuration) { request in
          request.connection.transport.reactor.callLater(.milliseconds(300)) { request.answer("hello") }
        }
        bench.server.countsSockets = false
        for index in 0..<count { bench.fetch("/\(index)", Outcome.Form.allCases[index % 2]) }
        bench.run()
        #expect(bench.log.count { $0.hasSuffix(" 200 hello") } == count)
        // A queued request may get a connection that has just become idle.
        #expect(bench.server.accepted > count / 2)
        bench.end()
      }
    }
  }
}

#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// How requests are shared out among the HTTP/2 connections of an origin.
  @Suite(.failsOnUnhandledFailures) struct HTTP2PoolTests {
    private static func one(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) -> HTTPClient.Configuration {
      var configuration = HTTPClient.Configuration()
      configuration.http2ConnectionsPerOrigin = 1
      change(&configuration)
      return configuration
    }

    // MARK: - The streams of a server

    @Test func `the server's limit on streams is obeyed when it changes, below what is in flight and to zero, too`()
      throws
    {
      let bench = try HTTP2Bench(Self.one(), streams: 10)
      bench.fetch("/first")
      bench.run()
      var held: [HTTP2Request] = []
      bench.answer = { held.append($0) }
      func answer(_ count: Int) {
        for _ in 0..<count { held.removeFirst().answer("x") }
      }
      let outcomes = (0..<30).map { bench.fetch("/\($0)") }
      bench.run(for: .seconds(1))
      #expect(held.count == 10)
      bench.connections[0].setStreams(3)
      bench.run(for: .seconds(1))
      answer(7)
      bench.run(for: .seconds(1))
      #expect(held.count == 3)
      answer(1)
      bench.run(for: .seconds(1))
      #expect(held.count == 3)
      bench.connections[0].setStreams(0)
      bench.run(for: .seconds(1))
      answer(3)
      bench.run(for: .seconds(1))
      #expect(held.isEmpty)
      bench.connections[0].setStreams(5)
      bench.run(for: .seconds(1))
      #expect(held.count == 5)
      bench.answer = { $0.answer("x") }
      answer(5)
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == "x" } && bench.connections.count == 1)
      #expect(bench.connections[0].resets.isEmpty)
    }

    @Test func `with two connections full, further ones are neither made nor needed`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try HTTP2Bench(configuration, streams: 5)
      let outcomes = (0..<100).map { bench.fetch("/\($0)") }
      bench.run()
      // The limit on connections holds for HTTP/2, too.
      #expect(outcomes.allSatisfy { $0.text == "hello" } && bench.connections.count == 1)
    }

    @Test func `before a connection has carried 10,000 requests another takes over, and no request notices`() throws {
      let bench = try HTTP2Bench(Self.one())
      bench.answer = { $0.answer($0.path) }
      var started = 0
      var right = 0
      func next() {
        guard started < 20_000 else { return }
        started += 1
        bench.fetch("/\(started)") { outcome in
          if outcome.text == outcome.target { right += 1 }
          next()
        }
      }
      for _ in 0..<50 { next() }
      bench.run()
      #expect(right == 20_000 && bench.connections.count == 3)
      let counts = bench.connections.map { connection in bench.requests.count { $0.connection === connection } }
      #expect(counts.allSatisfy { $0 < 10_000 } && counts[0] >= 9_000)
      #expect(bench.connections[0].isLost && bench.connections[1].isLost && !bench.connections[2].isLost)
    }

    // MARK: - 421

    @Test(arguments: [HTTPRequest.Method.get, .post])
    func `a misdirected request is tried once on a connection of its own, RFC 9110 §15.5.20`(method: HTTPRequest.Method)
      throws
    {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        let isFirst = request.connection === bench.connections[0]
        request.answer(request.path, status: isFirst && request.path == "/there" ? 421 : 200)
      }
      bench.fetch("/here")
      bench.run()
      let there = bench.fetch("/there", method: method, body: method == .post ? .text("x") : nil)
      bench.run()
      #expect(there.response?.status.code == 200 && there.text == "/there")
      #expect(bench.connections.count == 2)
      bench.run(until: { bench.connections[1].isLost })
      let here = bench.fetch("/here")
      bench.run()
      #expect(here.text == "/here" && bench.connections.count == 2 && !bench.connections[0].isLost)
    }

    @Test func `the second 421 is the answer, and so is the first of a request that cannot be repeated`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { $0.answer("not here", status: 421) }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.status.code == 421 && outcome.text == "not here" && bench.requests.count == 2)
      let stream = HTTPClient.Body.stream(AsyncStream { $0.finish() } as AsyncStream<[UInt8]>)
      let streamed = bench.fetch("/", method: .post, body: stream)
      bench.run()
      #expect(streamed.response?.status.code == 421 && bench.requests.count == 3)
    }

    // MARK: - GOAWAY

    @Test func `a server that announces its end, and ends later, loses no request`() throws {
      let bench = try HTTP2Bench()
      var first: [HTTP2Request] = []
      bench.answer = { request in
        if bench.connections.count > 1 { return request.answer("second") }
        first.append(request)
        guard first.count == 3 else { return }
        request.connection.session.announceShutdown()
        request.connection.flush()
        bench.reactor.callLater(.seconds(1)) {
          request.connection.session.goAway(lastStream: first[2].id)
          for request in first { request.answer("first") }
        }
      }
      let before = (0..<3).map { bench.fetch("/\($0)", method: .post, body: .text("x")) }
      bench.run(until: { first.count == 3 })
      let after = bench.fetch("/after", method: .post, body: .text("x"))
      bench.run()
      #expect(before.allSatisfy { $0.text == "first" } && after.text == "second")
      #expect(bench.requests.count == 4 && bench.connections.count == 2)
    }

    @Test func `a server that says GOAWAY with an error, and then nothing, lets no request wait for ever`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.timeout = nil
      let bench = try HTTP2Bench(configuration)
      bench.answer = { _ in }
      bench.answerWhole = { request in
        if request.path == "/first" {
          request.connection.session.goAway(lastStream: request.id, .protocolError)
          request.connection.flush()
        } else {
          request.answer("second")
        }
      }
      let start = bench.reactor.now
      let first = bench.fetch("/first", method: .post, body: .text("x"))
      bench.run(for: .seconds(1))
      let second = bench.fetch("/second")
      bench.run()
      #expect(second.text == "second" && first.httpError?.code == .closedEarly)
      #expect(first.httpError?.reason.contains("PROTOCOL_ERROR") == true && bench.reactor.now - start < .seconds(16))
    }

    // MARK: - A server that is silent

    @Test(arguments: [HTTPRequest.Method.get, .post])
    func `a server that is silent is asked by a PING, and given up when it does not answer`(method: HTTPRequest.Method)
      throws
    {
      let bench = try HTTP2Bench()
      bench.fetch("/first")
      bench.run()
      bench.connections[0].isDeaf = true
      let start = bench.reactor.now
      let outcome = bench.fetch("/", method: method, body: method == .post ? .text("x") : nil)
      bench.run()
      #expect((.seconds(30)...(.seconds(31))).contains(bench.reactor.now - start))
      if method == .get {
        #expect(outcome.text == "hello" && bench.connections.count == 2)
      } else {
        #expect(outcome.httpError?.code == .connectionLost)
        #expect(outcome.httpError?.reason.contains("did not answer a PING") == true)
        #expect(outcome.httpError?.reason.contains("find out before you repeat it") == true)
      }
    }

    @Test func `one that was idle is asked with the request`() throws {
      let bench = try HTTP2Bench()
      bench.fetch("/first")
      bench.run()
      bench.run(for: .seconds(12))
      bench.connections[0].isDeaf = true
      let start = bench.reactor.now
      let outcome = bench.fetch("/")
      bench.run()
      #expect((.seconds(15)...(.seconds(16))).contains(bench.reactor.now - start))
      #expect(outcome.text == "hello" && bench.connections.count == 2)
    }

    @Test func `one that answers PINGs may take its time, and is not asked again and again`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.timeout = .seconds(590)
      let bench = try HTTP2Bench(configuration)
      bench.answer = { request in bench.reactor.callLater(.seconds(550)) { request.answer("slow") } }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.text == "slow" && bench.connections.count == 1)
    }

    // MARK: - Connections that cannot be made, and that end

    @Test func `all that wait for a connection that cannot be made fail with it`() throws {
      let bench = try HTTP2Bench()
      let nowhere = bench.port + 1
      var errors: [HTTPError] = []
      for index in 0..<50 {
        bench.client.fetch(HTTPClient.Request("http://127.0.0.1:\(nowhere)/\(index)")) { result in
          if case .failure(let error as HTTPError) = result { errors.append(error) }
        }
      }
      let start = bench.reactor.now
      bench.run(until: { errors.count == 50 })
      #expect(errors.allSatisfy { $0.code == .cannotConnect } && bench.reactor.now - start < .seconds(1))
      #expect(Set(errors.map(\.url)).count == 50)
    }

    @Test func `a connection that may not live at all carries one request`() throws {
      let bench = try HTTP2Bench(Self.one { $0.connectionLifetime = .zero })
      let outcomes = (0..<5).map { bench.fetch("/\($0)") }
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == "hello" } && bench.connections.count == 5)
    }

    @Test func `one that is too old gives way to a new one, and what is on it is finished`() throws {
      let bench = try HTTP2Bench(Self.one { $0.connectionLifetime = .seconds(10) })
      var held: HTTP2Request?
      bench.answer = { request in if request.path == "/long" { held = request } else { request.answer("x") } }
      let long = bench.fetch("/long")
      bench.run(for: .seconds(11))
      let other = bench.fetch("/other")
      bench.run(until: { other.count == 1 })
      #expect(bench.connections.count == 2 && !bench.connections[0].isLost)
      held?.answer("long")
      bench.run()
      #expect(long.text == "long" && other.text == "x")
      bench.run(until: { bench.connections[0].isLost })
    }

    @Test func `a client that is closed finishes what is in flight, and fails what waits`() throws {
      let bench = try HTTP2Bench(Self.one(), streams: 1)
      bench.fetch("/first")
      bench.run()
      bench.answer = { request in bench.reactor.callLater(.seconds(1)) { request.answer("late") } }
      let flying = bench.fetch("/flying")
      let waiting = bench.fetch("/waiting")
      bench.run(for: .milliseconds(10))
      bench.client.close()
      bench.run()
      #expect(flying.text == "late" && waiting.httpError?.code == .clientClosed)
      bench.run(until: { bench.connections[0].isLost })
    }

    // MARK: - Which version

    @Test func `a request may choose HTTP/2 with prior knowledge, or HTTP/1.1, and an upgrade is one of HTTP/1.1`()
      throws
    {
      let network = MemoryNetwork(seed: 1)
      let server = HTTPServer { .text("\($0.head.version)") }
      let listener = try server.listen(0, interface: "127.0.0.1", on: network.reactor)
      let port = listener.localAddress.port
      let client = HTTPClient(on: network.reactor)
      func text(of response: Deferred<HTTPClient.Response>) -> String {
        var text = ""
        response.addCallbacks({ text = $0.text }, { text = "\($0)" })
        network.reactor.run(for: .seconds(1))
        return text
      }
      func version(_ use: HTTPClient.HTTP2Use?, upgrade: Bool = false) -> String {
        var request = HTTPClient.Request("http://127.0.0.1:\(port)/")
        request.http2 = use
        if upgrade { request.headers[.upgrade] = "x" }
        return text(of: client.fetch(request))
      }
      #expect(version(nil) == "HTTP/1.1" && version(.priorKnowledge) == "HTTP/2" && version(.off) == "HTTP/1.1")
      #expect(version(.priorKnowledge) == "HTTP/2" && version(nil) == "HTTP/1.1")
      #expect(client.counts(for: "http://127.0.0.1:\(port)/").idle == 3)
      let known = HTTPClient(
        { () -> HTTPClient.Configuration in
          var configuration = HTTPClient.Configuration()
          configuration.http2 = .priorKnowledge
          return configuration
        }(), on: network.reactor)
      var request = HTTPClient.Request("http://127.0.0.1:\(port)/", headers: [.upgrade: "x"])
      #expect(text(of: known.fetch(request)) == "HTTP/1.1")
      request.headers = [:]
      #expect(text(of: known.fetch(request)) == "HTTP/2")
      listener.stop()
    }

    @Test func `a server that wants HTTP/1.1 without TLS is asked again in it, RFC 9113 §7`() throws {
      // The first connection is one of scripts, in HTTP/2; the others speak HTTP/1.1.
      let bench = try HTTP2Bench()
      bench.answer = { $0.reset(.http11Required) }
      bench.acceptsHTTP1 = true
      let outcomes = (0..<3).map { bench.fetch("/\($0)") }
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == "one" && $0.response?.head.version == .http11 })
    }

    // MARK: - Errors

    struct Ending: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let code: HTTPError.Code
      let words: [String]
      let act: @Sendable (HTTP2Request) -> Void
    }

    static let endings = [
      Ending(
        testDescription: "a reset", code: .closedEarly, words: ["INTERNAL_ERROR", "RFC 9113 §7", "may have processed"]
      ) {
        $0.reset(.internalError)
      },
      Ending(testDescription: "a reset in the content", code: .closedEarly, words: ["CANCEL", "may have processed"]) {
        $0.begin("HTTP/1.1 200 \r\n", hasContent: true)
        $0.write([1])
        $0.reset(.cancel)
      },
      Ending(
        testDescription: "a GOAWAY with an error", code: .closedEarly,
        words: ["GOAWAY", "ENHANCE_YOUR_CALM", "RFC 9113 §6.8", "may have processed"]
      ) { request in
        request.connection.session.goAway(lastStream: request.id, .enhanceYourCalm)
        request.connection.flush()
        request.connection.transport?.close()
      },
      Ending(testDescription: "a cut", code: .connectionLost, words: ["reset", "may have processed"]) {
        $0.connection.transport?.abort()
      },
      Ending(
        testDescription: "a close", code: .closedEarly, words: ["the connection was closed", "may have processed"]
      ) {
        $0.connection.transport?.close()
      },
      Ending(testDescription: "not HTTP/2", code: .invalidResponse, words: ["broke HTTP/2", "_ERROR"]) {
        $0.connection.transport?.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
      },
      Ending(testDescription: "a length that is not the content's", code: .invalidResponse, words: ["PROTOCOL_ERROR"]) {
        $0.begin("HTTP/1.1 200 \r\ncontent-length: 3\r\n", hasContent: true)
        $0.write([1])
        $0.end()
      },
    ]

    @Test(arguments: endings)
    func `an error names the URL, the code in RFC words, and whether the server may have processed the request`(
      _ ending: Ending
    ) throws {
      let bench = try HTTP2Bench()
      bench.answer = { _ in }
      bench.answerWhole = ending.act
      let outcome = bench.fetch("/path", method: .post, body: .text("x"))
      bench.run()
      let error = try #require(outcome.httpError)
      #expect(error.code == ending.code && error.url == bench.url + "/path" && error.method == "POST")
      for words in ending.words { #expect(error.reason.contains(words), "\(error)") }
    }

    // MARK: - A proxy

    @Test func `HTTP/2 goes through the tunnel of a proxy`() throws {
      let authority = TestAuthority()
      var configuration = HTTPClient.Configuration()
      configuration.tls.roots = [authority.root]
      let bench = try HTTP2Bench(configuration, authority: authority)
      let ok = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
      var tunnels = 0
      let proxy = try bench.reactor.listenTCP(0) { [port = bench.port] _ in
        tunnels += 1
        return Relay(to: port, [([], ok)])
      }
      configuration.proxies = .all(.http("127.0.0.1", port: proxy.localAddress.port))
      let client = HTTPClient(configuration, on: bench.reactor)
      var texts: [String] = []
      for _ in 0..<20 {
        client.fetch(HTTPClient.Request(bench.url)) { result in
          let response = try result.get()
          texts.append("\(response.head.version) \(response.text)")
        }
      }
      bench.run(until: { texts.count == 20 })
      #expect(texts == Array(repeating: "HTTP/2 hello", count: 20) && tunnels == 1)
    }
  }
}
#endif

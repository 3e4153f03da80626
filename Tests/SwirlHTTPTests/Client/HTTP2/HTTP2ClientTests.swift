#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// A client that speaks HTTP/2 (RFC 9113).
  @Suite(.failsOnUnhandledFailures) struct HTTP2ClientTests {
    @Test func `a response has its status, fields and content, and names its version`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { $0.answer("hello \($0.path)", status: 203, fields: "x-a: 1\r\nx-a: 2\r\n") }
      let outcome = bench.fetch("/a?b=c")
      bench.run()
      let response = try #require(outcome.response)
      #expect(response.status.code == 203 && response.text == "hello /a?b=c")
      #expect(response.headers[values: HTTPField.Name("x-a")!] == ["1", "2"])
      #expect(response.head.version == .http2 && response.head.description.hasPrefix("HTTP/2.0 203"))
    }

    @Test func `a request has the fields of one in HTTP/1, but for those of a connection`() throws {
      let bench = try HTTP2Bench()
      var headers: HTTPFields = [.te: "trailers", .acceptLanguage: "de", .connection: "X-Hop"]
      headers[HTTPField.Name("X-Hop")!] = "1"
      headers[HTTPField.Name("Keep-Alive")!] = "5"
      bench.fetch("/", headers: headers)
      bench.run()
      let head = bench.requests[0].head
      #expect(head.hasPrefix("GET / HTTP/2.0\r\nHost: 127.0.0.1:\(bench.port)\r\n"))
      #expect(head.contains("accept-language: de\r\n") && head.contains("te: trailers\r\n"))
      #expect(!head.contains("connection") && !head.contains("x-hop") && !head.contains("keep-alive"))
    }

    @Test func `a hundred requests share one connection, and each gets its own answer`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { $0.answer($0.path) }
      let outcomes = (0..<100).map { bench.fetch("/\($0)") }
      bench.run()
      #expect(outcomes.map(\.text) == (0..<100).map { "/\($0)" })
      #expect(bench.connections.count == 1)
    }

    @Test func `more than the server's streams wait, and a second connection is all that is made`() throws {
      let bench = try HTTP2Bench(streams: 10)
      var most = 0
      var open = 0
      bench.answer = { request in
        open += 1
        most = max(most, open)
        bench.reactor.callLater(.seconds(1)) {
          open -= 1
          request.answer(request.path)
        }
      }
      let outcomes = (0..<200).map { bench.fetch("/\($0)") }
      bench.run()
      #expect(outcomes.map(\.text) == (0..<200).map { "/\($0)" })
      #expect(bench.connections.count == 2 && most == 20)
    }

    @Test(arguments: [0, 1, 100_000, 5_000_000])
    func `content goes up and comes down whole, within the windows`(size: Int) throws {
      let bench = try HTTP2Bench()
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      bench.answer = { _ in }
      bench.answerWhole = { request in
        request.begin("HTTP/1.1 200 \r\n", hasContent: true)
        request.write(request.body)
        request.end()
      }
      let outcome = bench.fetch("/", method: .post, body: .bytes(bytes))
      bench.run()
      #expect(outcome.response?.body == bytes)
    }

    @Test func `streamed content without a length has no chunks`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { _ in }
      bench.answerWhole = { $0.answer("\($0.body.count)") }
      let body = HTTPClient.Body.producer {
        var left = 50
        return {
          left -= 1
          return .succeed(left >= 0 ? [UInt8](repeating: 7, count: 100_000) : nil)
        }
      }
      let outcome = bench.fetch("/", method: .put, body: body)
      bench.run()
      #expect(outcome.text == "5000000")
      #expect(bench.requests[0].body.allSatisfy { $0 == 7 } && !bench.requests[0].head.contains("content-length"))
    }

    @Test func `trailers and informational responses arrive`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        request.begin("HTTP/1.1 103 \r\nlink: </a>\r\n", hasContent: false)
        request.begin("HTTP/1.1 200 \r\n", hasContent: true)
        request.write([65])
        request.end(trailers: [HTTPField.Name("x-sum")!: "9"])
      }
      // Safe: the callback runs on this thread.
      nonisolated(unsafe) var links: [String?] = []
      var request = HTTPClient.Request(bench.url + "/")
      request.onInformational = { links.append($0.headers[HTTPField.Name("link")!]) }
      var response: HTTPClient.Response?
      bench.client.fetch(request) { response = try $0.get() }
      bench.run(until: { response != nil })
      #expect(links == ["</a>"] && response?.text == "A")
      #expect(response?.trailers?[HTTPField.Name("x-sum")!] == "9")
    }

    @Test(arguments: [HTTPRequest.Method.head, .get])
    func `an answer without content ends with its head`(method: HTTPRequest.Method) throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        request.begin(
          method == .head ? "HTTP/1.1 200 \r\ncontent-length: 5\r\n" : "HTTP/1.1 204 \r\n", hasContent: false)
      }
      let outcome = bench.fetch("/", method: method)
      bench.run()
      #expect(outcome.response?.body == [] && outcome.response?.status.code == (method == .head ? 200 : 204))
    }

    @Test func `a redirect is followed on the same connection`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        if request.path == "/old" {
          request.answer("gone", status: 302, fields: "location: /new\r\n")
        } else {
          request.answer(request.path)
        }
      }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect(outcome.text == "/new" && bench.connections.count == 1)
    }

    // MARK: - Ends

    @Test func `cancelling one request resets its stream alone`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in if request.path == "/other" { request.answer("other") } }
      let cancelled = bench.fetch("/cancelled")
      bench.run(until: { bench.requests.count == 1 })
      cancelled.cancel()
      let other = bench.fetch("/other")
      bench.run()
      #expect(cancelled.error is CancelledError && other.text == "other")
      #expect(bench.connections.count == 1 && bench.connections[0].resets == [.cancel])
    }

    @Test func `a timeout resets its stream, and says what it waited for`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { _ in }
      let outcome = bench.fetch("/", timeout: .seconds(2))
      bench.run()
      let error = try #require(outcome.error as? HTTPError)
      #expect(error.code == .timeout && error.description.contains("no complete answer within 2.0 seconds"))
      #expect(bench.connections[0].resets == [.cancel] && !bench.connections[0].isLost)
    }

    @Test(arguments: [HTTPRequest.Method.get, .post])
    func `a refused request is repeated, POST too`(method: HTTPRequest.Method) throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        if bench.requests.count < 4 { request.reset(.refusedStream) } else { request.answer("at last") }
      }
      let outcome = bench.fetch("/", method: method, body: method == .post ? .text("x") : nil)
      bench.run()
      #expect(outcome.text == "at last" && bench.requests.count == 4)
    }

    @Test func `another reset is the error of the request, and names its code`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { $0.reset(.internalError) }
      let outcome = bench.fetch("/")
      bench.run()
      let error = try #require(outcome.error as? HTTPError)
      #expect(error.code == .closedEarly && error.description.contains("INTERNAL_ERROR"))
      #expect(error.url == bench.url + "/")
    }

    @Test(arguments: [HTTPRequest.Method.get, .post])
    func `a connection that is lost repeats what may be repeated`(method: HTTPRequest.Method) throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        if bench.connections.count == 1 { request.connection.transport?.abort() } else { request.answer("again") }
      }
      let outcome = bench.fetch("/", method: method, body: method == .post ? .text("x") : nil)
      bench.run()
      if method == .get {
        #expect(outcome.text == "again")
      } else {
        #expect((outcome.error as? HTTPError)?.code == .connectionLost)
      }
    }

    @Test(arguments: [false, true])
    func `a kept connection that the server ends is noticed, without a word`(isReset: Bool) throws {
      let bench = try HTTP2Bench()
      bench.fetch("/1")
      bench.run()
      let kept = bench.connections[0].transport
      if isReset { kept?.abort() } else { kept?.close() }
      bench.run(for: .seconds(1))
      #expect(bench.client.connections == 0)
      let next = bench.fetch("/2", method: .post, body: .text("x"))
      bench.run()
      #expect(next.text != nil && bench.connections.count == 2)
    }

    @Test func `after GOAWAY what was above its last stream is repeated, and what was below is finished`() throws {
      let bench = try HTTP2Bench()
      var held: [HTTP2Request] = []
      bench.answer = { request in
        if bench.connections.count > 1 { return request.answer("\(request.path) on 2") }
        held.append(request)
        guard held.count == 2 else { return }
        // The second and later ones were not seen.
        request.connection.session.goAway(lastStream: held[0].id)
        request.connection.flush()
        bench.reactor.callLater(.seconds(1)) { held[0].answer("/0 on 1") }
      }
      let outcomes = (0..<5).map { bench.fetch("/\($0)", method: .post, body: .text("x")) }
      bench.run()
      #expect(outcomes.map(\.text) == ["/0 on 1", "/1 on 2", "/2 on 2", "/3 on 2", "/4 on 2"])
      #expect(bench.connections.count == 2 && bench.connections[0].isLost)
    }

    @Test func `a server that wants HTTP/1.1 is asked again in it`() throws {
      let authority = TestAuthority()
      let bench = try HTTP2Bench(authority: authority)
      bench.answer = { $0.reset(.http11Required) }
      let outcome = bench.fetch("/")
      bench.run()
      // The server of scripts takes h2 only, so the handshake of the second connection is what fails.
      #expect((outcome.error as? HTTPError)?.code == .cannotConnect)
      #expect(bench.requests.count == 1)
    }

    @Test func `over TLS the server chooses`() throws {
      let authority = TestAuthority()
      let bench = try HTTP2Bench(authority: authority)
      let outcomes = (0..<20).map { bench.fetch("/\($0)") }
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == "hello" } && bench.connections.count == 1)
    }

    // MARK: - Limits

    @Test func `content beyond the limit fails, and its stream is reset`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.maximumBodySize = 1000
      let bench = try HTTP2Bench(configuration)
      bench.answer = { request in
        request.begin("HTTP/1.1 200 \r\n", hasContent: true)
        request.write([UInt8](repeating: 1, count: 5000))
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect((outcome.error as? HTTPError)?.code == .bodyTooLarge)
      #expect(bench.connections[0].resets == [.cancel])
    }

    @Test func `fields beyond the limit fail, and the connection stays`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.limits.headBytes = 2000
      let bench = try HTTP2Bench(configuration)
      bench.answer = { request in
        request.answer("x", fields: request.path == "/long" ? "x-long: \(String(repeating: "a", count: 3000))\r\n" : "")
      }
      let long = bench.fetch("/long")
      bench.run()
      let short = bench.fetch("/short")
      bench.run()
      #expect((long.error as? HTTPError)?.description.contains("longer than 2000 bytes") == true)
      #expect(short.text == "x" && bench.connections.count == 1)
    }

    @Test func `an idle connection is closed in time, with a GOAWAY`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.idleTimeout = .seconds(5)
      let bench = try HTTP2Bench(configuration)
      bench.fetch("/")
      bench.run()
      #expect(!bench.connections[0].isLost)
      bench.run(until: { bench.connections[0].isLost })
      #expect(bench.client.counts == HTTPClient.Counts(busy: 0, idle: 0, connecting: 0, waiting: 0))
    }

    @Test func `a consumer that takes its time makes the server wait on its stream alone`() throws {
      let bench = try HTTP2Bench()
      let total = 20_000_000
      bench.answer = { request in
        request.begin("HTTP/1.1 200 \r\n", hasContent: true)
        request.write([UInt8](repeating: 1, count: request.path == "/slow" ? total : 1000))
        request.end()
      }
      var received = 0
      var slow: HTTPClient.StreamedResponse?
      bench.client.stream(HTTPClient.Request(bench.url + "/slow")).addCallback { slow = $0 }
      bench.run(until: { slow != nil })
      let other = bench.fetch("/other")
      bench.run()
      #expect(other.response?.body.count == 1000)
      let waiting = bench.connections[0].session
      #expect(waiting.isSending(bench.requests[0].id))
      let body = try #require(slow)
      var isOver = false
      body.body.drain { piece in
        received += piece.count
        return nil
      }.addBoth { _ in isOver = true }
      bench.run(until: { isOver })
      #expect(received == total)
    }
  }
}
#endif

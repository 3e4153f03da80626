import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct FetchTests {
    @Test(arguments: Outcome.Form.allCases)
    func `a fetch gives the response, whatever its status`(_ form: Outcome.Form) throws {
      let bench = try ClientBench { $0.answer("not here", status: "404 Not Found", fields: "X-A: b\r\n") }
      let outcome = bench.fetch("/a?b", form)
      #expect("\(outcome)" == "pending")
      bench.run()
      #expect("\(outcome)" == "404 not here")
      #expect(outcome.response?.url == bench.server.url + "/a?b")
      #expect(outcome.response?["x-a"] == "b")
      bench.end()
    }

    @Test(.http1Only("the form of a head"))
    func `a GET is sent as RFC 9112 wants it, with the fields of the configuration`() throws {
      let bench = try ClientBench()
      bench.fetch("/a?b#c")
      bench.run()
      #expect(
        bench.server.requests[0].head
          == "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:\(bench.server.port)\r\nUser-Agent: Swirl/\(swirlVersion)\r\nAccept: */*\r\n"
          + "Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n")
      bench.end()
    }

    /// A failing request, and the expected error.
    struct Trouble: Sendable, CustomTestStringConvertible {
      let testDescription: String
      var target = "/x"
      var method = HTTPRequest.Method.get
      var timeout: Duration?
      let code: HTTPError.Code
      let fault: HTTPError.Fault
      let words: String
      /// What the error says in HTTP/2, if that differs; nil if there is no such trouble.
      var wordsInHTTP2: String? = ""
      var configure: @Sendable (inout HTTPClient.Configuration) -> Void = { _ in }
      var onConnect: @Sendable (RawConnection) -> Void = { _ in }
      var answer: @Sendable (RawRequest) -> Void = { _ in }
      var prepare: @Sendable (ClientBench) -> Void = { _ in }
    }

    static let troubles = [
      Trouble(
        testDescription: "malformed URL", target: "exa mple", code: .invalidURL, fault: .caller, words: "no scheme"),
      Trouble(
        testDescription: "unknown scheme", target: "ftp://h/", code: .unsupportedScheme, fault: .caller, words: "ftp"),
      Trouble(
        testDescription: "a host that is none", target: "http://[.]/", code: .invalidURL, fault: .caller,
        words: "not a host name"),
      Trouble(
        testDescription: "refused", code: .cannotConnect, fault: .network, words: "connection refused",
        prepare: { $0.server.listener.stop() }),
      Trouble(
        testDescription: "a name that does not resolve", target: "http://nowhere.test:81/", code: .cannotConnect,
        fault: .network, words: "resolve nowhere.test: no such name",
        prepare: { bench in
          bench.reactor.resolver.lookup = { [reactor = bench.reactor] name in
            let answer = Deferred<[SocketAddress]>()
            reactor.callSoon { answer.errback(NetError(.resolve, name, reason: "no such name")) }
            return answer
          }
        }),
      Trouble(
        testDescription: "a name that does not resolve at once", target: "http://nowhere.test:81/",
        code: .cannotConnect, fault: .network, words: "resolve nowhere.test: no such name",
        prepare: { $0.reactor.resolver.lookup = { .fail(NetError(.resolve, $0, reason: "no such name")) } }),
      Trouble(
        testDescription: "an address that cannot be connected to", target: "http://255.255.255.255:81/",
        code: .cannotConnect, fault: .network, words: "connect to 255.255.255.255:81"),
      Trouble(
        testDescription: "a name too long for the resolver", target: "http://\(String(repeating: "a", count: 255))/",
        code: .cannotConnect, fault: .network, words: "at most 253 bytes"),
      Trouble(
        testDescription: "closed before the head", code: .closedEarly, fault: .peer, words: "clos",
        wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close() }),
      Trouble(
        testDescription: "closed in the head", code: .closedEarly, fault: .peer,
        words: "in the middle of a response head", wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close(after: "HTTP/1.1 200 OK\r\nConte") }),
      Trouble(
        testDescription: "closed after a 1xx", code: .closedEarly, fault: .peer, words: "before the answer",
        wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close(after: "HTTP/1.1 103 Early Hints\r\n\r\n") }),
      Trouble(
        testDescription: "closed in a body of known length", code: .closedEarly, fault: .peer,
        words: "a body of 10 bytes, 3 received", wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") }),
      Trouble(
        testDescription: "closed in a body that is read directly", code: .closedEarly, fault: .peer,
        words: "a body of 1000000 bytes, 100000 received", wordsInHTTP2: "INTERNAL_ERROR",
        answer: {
          let text = String(repeating: "a", count: 100_000)
          $0.connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\(text)")
        }),
      Trouble(
        testDescription: "closed in a chunk", code: .closedEarly, fault: .peer,
        words: "a chunked body, 3 bytes received", wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close(after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nabc") }),
      Trouble(
        testDescription: "closed between chunks", code: .closedEarly, fault: .peer,
        words: "a chunked body, 3 bytes received", wordsInHTTP2: "INTERNAL_ERROR",
        answer: { $0.connection.close(after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n") }),
      Trouble(
        testDescription: "garbage", code: .invalidResponse, fault: .peer, words: "RFC 9112", wordsInHTTP2: nil,
        answer: { $0.connection.send("SSH-2.0-OpenSSH_9.6\r\n\r\n") }),
      Trouble(
        testDescription: "garbage in a chunk size", code: .invalidResponse, fault: .peer, words: "chunk",
        wordsInHTTP2: nil,
        answer: { $0.connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") }),
      Trouble(
        testDescription: "both lengths, RFC 9112 §6.3", code: .invalidResponse, fault: .peer, words: "both",
        wordsInHTTP2: nil,
        configure: { $0.strictResponses = true },
        answer: {
          $0.connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
        }),
      Trouble(
        testDescription: "a head without end", code: .invalidResponse, fault: .peer, words: "307200", wordsInHTTP2: nil,
        answer: { request in
          func more(_ connection: RawConnection) {
            guard connection.isOpen else { return }
            connection.send("X-More: \(String(repeating: "x", count: 4000))\r\n")
            connection.transport.reactor.callSoon { more(connection) }
          }
          request.connection.send("HTTP/1.1 200 OK\r\n")
          more(request.connection)
        }),
      Trouble(
        testDescription: "1xx without end", code: .invalidResponse, fault: .peer, words: "informational",
        wordsInHTTP2: nil,
        answer: { $0.connection.send(String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 100)) }),
      Trouble(
        testDescription: "a switch of protocols", code: .invalidResponse, fault: .peer, words: "another protocol",
        wordsInHTTP2: nil,
        answer: { $0.connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n") }),
      Trouble(
        testDescription: "a body of known length over the limit", code: .bodyTooLarge, fault: .peer,
        words: "1000 bytes",
        configure: { $0.maximumBodySize = 1000 },
        answer: { $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n") }),
      Trouble(
        testDescription: "a chunked body over the limit", code: .bodyTooLarge, fault: .peer, words: "1000 bytes",
        wordsInHTTP2: nil,
        configure: { $0.maximumBodySize = 1000 },
        answer: {
          let chunk = "1F4\r\n\(String(repeating: "a", count: 500))\r\n"
          $0.connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)1\r\n")
        }),
      Trouble(
        testDescription: "a body until the close over the limit", code: .bodyTooLarge, fault: .peer,
        words: "1000 bytes",
        configure: { $0.maximumBodySize = 1000 },
        answer: { $0.connection.send("HTTP/1.1 200 OK\r\n\r\n\(String(repeating: "a", count: 1001))") }),
      Trouble(
        testDescription: "a millisecond while a name is looked up", target: "http://slow.test/",
        timeout: .milliseconds(1), code: .timeout, fault: .network, words: "no connection within 0.001 seconds",
        prepare: { $0.reactor.resolver.lookup = { _ in Deferred() } }),
      Trouble(
        testDescription: "a millisecond while waiting for the answer", timeout: .milliseconds(1), code: .timeout,
        fault: .network, words: "no complete answer within 0.001 seconds",
        // The connection is established already, so that the time passes while it waits for the response.
        answer: { if $0.target == "/first" { $0.answer("") } },
        prepare: { bench in
          bench.fetch("/first")
          bench.run()
        }),
      Trouble(
        testDescription: "a timeout in the body", timeout: .milliseconds(30), code: .timeout, fault: .network,
        words: "no complete answer within 0.03 seconds",
        answer: { $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") }),
      Trouble(
        testDescription: "a timeout in a body that is read directly", timeout: .milliseconds(30), code: .timeout,
        fault: .network, words: "no complete answer within 0.03 seconds",
        answer: {
          $0.connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\(String(repeating: "a", count: 100_000))")
        }),
      Trouble(
        testDescription: "a timeout while the answer drips", timeout: .milliseconds(30), code: .timeout,
        fault: .network, words: "no complete answer within 0.03 seconds",
        answer: { $0.connection.drip("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 60_000))") }),
      Trouble(
        testDescription: "reset before the head", code: .connectionLost, fault: .network, words: "reset",
        answer: { $0.connection.reset() }),
      Trouble(
        testDescription: "reset in the body", code: .connectionLost, fault: .network, words: "reset",
        answer: { request in
          request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
          request.connection.transport.reactor.callLater(.milliseconds(5)) { request.connection.reset() }
        }),
      Trouble(
        testDescription: "reset as soon as connected", code: .connectionLost, fault: .network, words: "reset",
        onConnect: { $0.reset() }),
    ]

    @Test(arguments: troubles, Outcome.Form.allCases)
    func `an error names method and URL, what happened, and whose doing it was`(
      _ trouble: Trouble, _ form: Outcome.Form
    ) throws {
      var words = trouble.words
      if WireVersion.current == .http2 {
        guard let own = trouble.wordsInHTTP2 else { return }
        if !own.isEmpty { words = own }
      }
      var configuration = HTTPClient.Configuration()
      trouble.configure(&configuration)
      let bench = try ClientBench(configuration, on: trouble.code == .timeout ? .memory : .sockets, trouble.answer)
      bench.server.onConnect = trouble.onConnect
      let isRefused = trouble.testDescription == "refused"
      trouble.prepare(bench)
      let outcome = bench.fetch(trouble.target, form, method: trouble.method, timeout: trouble.timeout)
      let url = trouble.target.hasPrefix("/") ? bench.server.url + trouble.target : trouble.target
      bench.run()
      let error = try #require(outcome.httpError)
      // A reset may arrive as EOF after the bytes before it.
      #expect(error.code == trouble.code, "\(error)")
      #expect(error.fault == trouble.fault)
      #expect(error.method == trouble.method.rawValue)
      #expect(error.url == url)
      #expect("\(error)".hasPrefix("\(trouble.method.rawValue) \(url): "))
      #expect(error.reason.contains(words), "\(error.reason)")
      #expect((error.network != nil) == [.cannotConnect, .connectionLost].contains(error.code))
      if isRefused {
        #expect(bench.openSockets == 0)
      } else {
        bench.end()
      }
    }

    /// RFC 9110 §5.5, RFC 9112 §3 and §11.1.
    @Test(arguments: Outcome.Form.allCases, [false, true])
    func `what could end a line early is refused, with nothing sent`(_ form: Outcome.Form, _ isConnected: Bool) throws {
      let bench = try ClientBench()
      if isConnected {
        bench.fetch("/first")
        bench.run()
      }
      let name = try #require(HTTPField.Name("X-A"))
      // The URL standard removes line breaks and trailing control characters, and encodes the rest.
      let encoded = ["/aX-B:%20c", "/ab", "/a%00b", "/a?b=", "/a%20b"]
      let urls = ["/a\r\nX-B: c", "/a\nb", "/a\0b", "/a?b=\u{1}", "/a b"].map { bench.fetch($0, form) }
      let bad: [Outcome] = [
        bench.fetch("/a", form, headers: [.contentLength: "5"]),
        bench.fetch("/a", form, headers: [.host: "other.org/a"]),
        bench.fetch("/a", form, headers: [.transferEncoding: "chunked"]),
        bench.fetch("/a", form, method: .post, headers: [.contentLength: "1"], body: [1, 2]),
        bench.fetch("/a", form, headers: HTTPFields([HTTPField(name: name, lenientValue: "a\u{1}b".utf8)])),
        bench.fetch("/a", form, method: .trace, body: [1]),
        bench.fetch("/a", form, method: .connect),
      ]
      bench.run()
      for (index, outcome) in bad.enumerated() {
        #expect(outcome.httpError?.code == .invalidRequest, "\(index): \(outcome)")
        #expect(outcome.httpError?.fault == .caller && outcome.httpError?.wire != nil)
      }
      #expect(urls.allSatisfy { "\($0)" == "200 hello" })
      // The initializer turns its line breaks into spaces, so that no line ends early.
      let legal = bench.fetch("/legal", headers: [name: "a\r\nX-B: c\0"])
      bench.run()
      #expect("\(legal)" == "200 hello")
      let first = isConnected ? ["/first"] : []
      #expect(bench.server.targets.sorted() == (first + encoded + ["/legal"]).sorted())
      #expect(bench.server.requests.last?.values("x-a") == ["a  X-B: c"])
      #expect(bench.server.requests.last?.values("x-b") == [])
      for method in ["", "GE T", "GET\r\n", "GET\0", "GÄT", "GET:"] {
        #expect(HTTPRequest.Method(method) == nil)
        #expect(HTTPField.Name(method) == nil)
      }
      bench.end()
    }

    @Test func `many requests that cannot be sent are refused without a deep stack`() throws {
      let bench = try ClientBench()
      let headers: HTTPFields = [.contentLength: "5"]
      for _ in 0..<20_000 { bench.fetch("/bad", headers: headers) }
      let good = bench.fetch("/good")
      bench.run()
      #expect("\(good)" == "200 hello")
      #expect(bench.log.count { $0 == "/bad invalidRequest" } == 20_000)
      #expect(bench.server.targets == ["/good"])
      bench.end()
    }

    @Test(.http1Only("their client has the default configuration"))
    func `the global functions use the client of this thread's reactor`() throws {
      let bench = try ClientBench { $0.answer($0.method) }
      var seen: [String] = []
      bench.reactor.callSoon {
        let url = bench.server.url
        #expect(HTTPClient.shared === HTTPClient.of(bench.reactor))
        fetch(url) { seen.append(try $0.get().text) }
        fetch(HTTPClient.Request(url, method: .put)) { seen.append(try $0.get().text) }
        fetch(url).addCallback { seen.append($0.text) }.addErrback { Issue.record($0) }
        fetch(HTTPClient.Request(url, method: .delete)).addCallback { seen.append($0.text) }
          .addErrback { Issue.record($0) }
      }
      bench.run { seen.count == 4 }
      #expect(seen.sorted() == ["DELETE", "GET", "GET", "PUT"])
      HTTPClient.of(bench.reactor).close()
      bench.end()
    }

    @Test func `an error thrown by the callback is logged with the place of the fetch, and harms no other request`()
      async throws
    {
      let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
        struct Boom: Error {}
        let bench = try ClientBench()
        bench.client.fetch(HTTPClient.Request(bench.server.url)) { _ in throw Boom() }
        bench.client.fetch(HTTPClient.Request("nonsense")) { _ in throw Boom() }
        bench.fetch("/")
        bench.run()
        #expect(bench.log == ["/ 200 hello"])
      }
      let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(words.split(separator: "FetchTests.swift").count == 3, "\(words)")
      #expect(words.split(separator: "Boom()").count == 3, "\(words)")
    }
  }
}

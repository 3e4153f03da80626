import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct RedirectTests {
    private func found(_ request: RawRequest, at location: String, status: String = "302 Found", text: String = "") {
      request.answer(text, status: status, fields: "Location: \(location)\r\n")
    }

    @Test(arguments: Outcome.Form.allCases) func `a redirect is followed, and in the history`(_ form: Outcome.Form)
      throws
    {
      let bench = try ClientBench { request in
        request.target == "/old" ? found(request, at: "/new?x#y") : request.answer("there")
      }
      let outcome = bench.fetch("/old", form)
      bench.run()
      #expect("\(outcome)" == "200 there")
      #expect(outcome.response?.url == bench.server.url + "/new?x#y")
      #expect(outcome.response?.history.map(\.description) == ["302 \(bench.server.url)/old"])
      #expect(bench.server.targets == ["/old", "/new?x"])
      #expect(bench.server.accepted == 1, "the connection is used again")
      bench.end()
    }

    @Test func `a Location is bytes: what is not UTF-8 is percent-encoded as it came`() throws {
      for (location, target) in [
        (Array("/caf".utf8) + [0xE9], "/caf%E9"),
        (Array("/caf".utf8) + [0xE9] + Array("?\u{E9}".utf8), "/caf%E9?%C3%A9"),
        (Array("/caf\u{E9}".utf8), "/caf%C3%A9"),
      ] {
        let bench = try ClientBench { request in
          guard request.target == "/" else { return request.answer(request.target) }
          request.connection.send(
            Array("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ".utf8) + location + Array("\r\n\r\n".utf8))
        }
        let outcome = bench.fetch("/")
        bench.run()
        #expect("\(outcome)" == "200 \(target)")
        bench.end()
      }
    }

    @Test(.http1Only("a field with a control character"))
    func `a Location with a control character is not followed, and the error gives no orders to a terminal`()
      throws
    {
      for location in ["/a\u{1B}[2Jb", "\u{1}/", "/a\u{7F}"] {
        let bench = try ClientBench { found($0, at: location) }
        let outcome = bench.fetch("/")
        bench.run()
        #expect(outcome.httpError?.code == .redirect)
        #expect(
          outcome.httpError?.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } == true)
        #expect(bench.server.targets == ["/"])
        bench.end()
      }
    }

    /// RFC 9110 §15.4 and the Fetch standard, §4.4 step 11.
    @Test(arguments: [
      (301, "GET", "GET"), (302, "GET", "GET"), (303, "GET", "GET"), (307, "GET", "GET"), (308, "GET", "GET"),
      (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
      (301, "PUT", "PUT"), (302, "PUT", "PUT"), (303, "PUT", "GET"), (307, "PUT", "PUT"), (308, "PUT", "PUT"),
      (301, "HEAD", "HEAD"), (303, "HEAD", "HEAD"), (302, "DELETE", "DELETE"), (303, "DELETE", "GET"),
    ])
    func `the method follows the status`(status: Int, method: String, next: String) throws {
      let hasContent = method == "POST" || method == "PUT"
      let bench = try ClientBench { request in
        if request.target == "/old" { return found(request, at: "/new", status: "\(status) Elsewhere") }
        let isSame = next == method
        #expect(request.method == next)
        #expect(request.body == (hasContent && isSame ? Array("content".utf8) : []))
        #expect(request.values("content-type") == (hasContent && isSame ? ["text/x"] : []))
        #expect(request.values("x-mine") == ["kept"])
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
      let outcome = bench.fetch(
        "/old", method: .init(method)!,
        headers: hasContent
          ? [.contentType: "text/x", .init("X-Mine")!: "kept"] : [.init("X-Mine")!: "kept"],
        body: hasContent ? Array("content".utf8) : nil)
      bench.run()
      #expect("\(outcome)" == "200 ")
      bench.end()
    }

    @Test(arguments: [200, 300, 304, 305, 306]) func `other statuses are answers`(status: Int) throws {
      let bench = try ClientBench {
        $0.connection.send(
          "HTTP/1.1 \(status) X\r\nLocation: /new\r\n\(status == 304 ? "" : "Content-Length: 0\r\n")\r\n")
      }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect(outcome.response?.status.code == status)
      #expect(bench.server.targets == ["/old"])
      bench.end()
    }

    @Test func `one without a Location is an answer, and so is each one if redirects are off`() throws {
      let bench = try ClientBench { request in
        if request.target == "/without" { return request.answer("", status: "302 Found") }
        found(request, at: "/new")
      }
      let without = bench.fetch("/without")
      bench.run()
      #expect(without.response?.status == 302)
      var request = HTTPClient.Request(bench.server.url + "/old")
      request.redirects = HTTPClient.Redirects.none
      let unfollowed = bench.fetch(request)
      bench.run()
      #expect(unfollowed.response?.status == 302 && unfollowed.response?["location"] == "/new")
      bench.end()
    }

    @Test func `only the limit ends a chain of redirects`() throws {
      let bench = try ClientBench { request in
        let number = Int(request.target.dropFirst()) ?? 0
        found(request, at: request.target == "/circle" ? "/circle" : "/\(number + 1)")
      }
      let many = bench.fetch("/0")
      bench.run()
      #expect(many.httpError?.code == .redirect)
      #expect(many.httpError?.reason.contains("more than 10 redirects") == true)
      #expect(many.httpError?.reason.contains("on the way from \(bench.server.url)/0") == true)
      #expect(bench.server.requests.count == 11)
      let circle = bench.fetch("/circle")
      bench.run()
      #expect(circle.httpError?.reason.contains("more than 10 redirects") == true)
      #expect(bench.server.requests.count == 22)
      bench.end()
    }

    @Test func `a URL may be visited again and again in one chain, with another cookie each time`() throws {
      var visits = 0
      let bench = try ClientBench { request in
        if request.target == "/idp" { return found(request, at: "/sso") }
        visits += 1
        if visits == 4 { return request.answer(request.values("cookie").joined()) }
        request.answer("", status: "302 Found", fields: "Location: /idp\r\nSet-Cookie: step=\(visits)\r\n")
      }
      bench.client.cookies = CookieJar()
      let outcome = bench.fetch("/sso")
      bench.run()
      #expect("\(outcome)" == "200 step=3")
      #expect(outcome.response?.history.count == 6)
      bench.end()
    }

    /// RFC 9110 §4.2.4. In some cases the request has its own credentials, which take precedence.
    @Test(
      arguments: [
        ("//user:p%40ss@", nil, "Basic dXNlcjpwQHNz"), ("//user@", nil, "Basic dXNlcjo="), ("//@", nil, nil),
        ("//a:b@c:d@", nil, "Basic YTpiQGM6ZA=="), ("//us%3Aer:x@", nil, nil),
        ("//user:pass@", "Bearer own", "Bearer own"),
      ] as [(String, String?, String?)])
    func `a Location may have credentials, which are used there and shown nowhere`(
      _ userInfo: String, _ own: String?, _ sent: String?
    ) throws {
      let bench = try ClientBench { request in
        switch request.target {
        case "/old": found(request, at: "\(userInfo)127.0.0.1:\(request.connection.server.port)/new")
        case "/new": found(request, at: "/newer")
        default: request.answer("there")
        }
      }
      let outcome = bench.fetch("/old", headers: own.map { [.authorization: $0] } ?? [:])
      bench.run()
      #expect("\(outcome)" == "200 there")
      #expect(bench.server.requests.map { $0.values("authorization").first } == [own, sent, sent])
      #expect(outcome.response?.url == bench.server.url + "/newer")
      #expect(outcome.response?.history.map(\.url) == ["/old", "/new"].map { bench.server.url + $0 })
      bench.end()
    }

    @Test func `credentials of a Location stay with its origin, and in no error`() throws {
      let bench = try ClientBench()
      let other = try RawServer(on: bench.reactor) { request in
        found(request, at: request.target == "/in" ? bench.server.url + "/back" : "/never")
      }
      bench.server.answer = { request in
        switch request.target {
        case "/old": found(request, at: "http://user:secret@127.0.0.1:\(other.port)/in")
        case "/back": found(request, at: "ftp://user:secret@127.0.0.1/")
        default: request.answer("")
        }
      }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect(other.requests.map { $0.values("authorization") } == [["Basic dXNlcjpzZWNyZXQ="]])
      #expect(bench.server.requests.map { $0.values("authorization") } == [[], []])
      #expect(outcome.httpError?.code == .redirect)
      #expect("\(outcome.httpError!)".contains("secret") == false)
      other.listener.stop()
      bench.client.close()
      bench.run(until: { other.isIdle })
      bench.end()
    }

    @Test func `the Host of a request is for its first origin only`() throws {
      let bench = try ClientBench { request in
        request.target == "/old" ? found(request, at: "/new") : request.answer("there")
      }
      let outcome = bench.fetch("/old", headers: [.host: "virtual.test:99"])
      bench.run()
      #expect("\(outcome)" == "200 there")
      #expect(
        bench.server.requests.map { $0.values("host") } == [["virtual.test:99"], ["127.0.0.1:\(bench.server.port)"]])
      #expect(bench.server.accepted == 1)
      for wrong in ["a b", "", "x\r\nA: b", "a/b"] {
        let outcome = bench.fetch("/", headers: [.host: wrong])
        bench.run()
        #expect(outcome.httpError?.code == .invalidRequest, "\(wrong)")
      }
      bench.end()
    }

    @Test func `what a cache keeps for one Host is no answer for another`() throws {
      let bench = try ClientBench { request in
        request.answer(request.values("host").joined(), fields: "Cache-Control: max-age=60\r\n")
      }
      bench.client.intercept(HTTPCache())
      let own = "127.0.0.1:\(bench.server.port)"
      for host in [nil, "a.test", "b.test", nil, "a.test", "b.test"] {
        let outcome = bench.fetch("/", headers: host.map { [.host: $0] } ?? [:])
        bench.run()
        #expect("\(outcome)" == "200 \(host ?? own)")
      }
      #expect(bench.server.requests.count == 3)
      bench.end()
    }

    @Test(arguments: [
      "file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:alert(1)", "http://",
      "http://a b/",
      "http://[::1", "http://127.0.0.1:99999/", "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    ])
    func `a redirect to an unsupported URL is an error`(location: String) throws {
      let bench = try ClientBench { found($0, at: location) }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect(outcome.httpError?.code == .redirect)
      #expect(outcome.httpError?.fault == .peer)
      bench.end()
    }

    @Test func `credentials stay behind on the way to another origin`() throws {
      var seen: [[String]] = []
      let other = try ClientBench { request in
        seen.append(request.values("authorization") + request.values("cookie") + request.values("x-mine"))
        request.answer("other")
      }
      let bench = try ClientBench { request in
        seen.append(request.values("authorization") + request.values("cookie") + request.values("x-mine"))
        found(request, at: request.target == "/here" ? "/there" : other.server.url)
      }
      // Both servers on one reactor.
      let origin = try RawServer(on: bench.reactor) { request in
        seen.append(request.values("authorization") + request.values("cookie") + request.values("x-mine"))
        request.answer("other")
      }
      bench.server.answer = { request in
        seen.append(request.values("authorization") + request.values("cookie") + request.values("x-mine"))
        found(request, at: request.target == "/here" ? "/there" : origin.url)
      }
      var request = HTTPClient.Request(bench.server.url + "/here", headers: [.cookie: "a=b", .init("X-Mine")!: "kept"])
      request.authentication = .bearer("secret")
      let outcome = bench.fetch(request)
      bench.run()
      #expect("\(outcome)" == "200 other")
      #expect(seen == [["Bearer secret", "a=b", "kept"], ["Bearer secret", "a=b", "kept"], ["kept"]])
      origin.listener.stop()
      other.server.listener.stop()
      bench.client.close()
      bench.run(until: { origin.isIdle })
      bench.end()
    }

    @Test func `a long page with the redirect costs the connection, not the request`() throws {
      let bench = try ClientBench { request in
        request.target == "/old"
          ? found(request, at: "/new", text: String(repeating: "x", count: 200_000)) : request.answer("there")
      }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect("\(outcome)" == "200 there")
      // HTTP/2 resets the stream alone.
      #expect(bench.server.accepted == (WireVersion.current == .http1 ? 2 : 1))
      bench.end()
    }

    @Test func `a server that closes in the middle of a redirect's page has said enough`() throws {
      let bench = try ClientBench { request in
        if request.target == "/new" { return request.answer("there") }
        request.connection.close(after: "HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 100\r\n\r\nhalf")
      }
      let outcome = bench.fetch("/old")
      bench.run()
      #expect("\(outcome)" == "200 there")
      bench.end()
    }

    @Test func `the time is one for all the redirects, and cancelling ends the one under way`() throws {
      let bench = try ClientBench(on: .memory) { request in
        if request.target == "/old" { found(request, at: "/never") }
      }
      let late = bench.fetch("/old", timeout: .milliseconds(50))
      bench.run()
      #expect(late.httpError?.code == .timeout)
      let cancelled = bench.fetch("/old")
      bench.run(until: { bench.server.targets.count == 4 })
      cancelled.cancel()
      bench.run()
      #expect(cancelled.error is CancelledError)
      bench.end()
    }

    @Test func `what is streamed follows redirects too`() throws {
      let bench = try ClientBench { request in
        request.target == "/old" ? found(request, at: "/new", text: "not this") : request.answer("there")
      }
      var history: [String] = []
      var text = ""
      bench.client.stream(HTTPClient.Request(bench.server.url + "/old")).addCallback { response in
        history = response.history.map(\.description)
        return Deferred {
          for try await bytes in response.body { text += String(decoding: bytes, as: UTF8.self) }
        }
      }.addBoth { _ in history.append("end") }
      bench.run(until: { history.last == "end" })
      #expect(text == "there")
      #expect(history == ["302 \(bench.server.url)/old", "end"])
      bench.end()
    }
  }
}

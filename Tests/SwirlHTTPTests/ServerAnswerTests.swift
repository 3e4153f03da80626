import Swirl
import Testing

@Suite struct HTTPServerAnswerTests {
  @Test func aResponseHasItsLengthAndTypeAndNothingElse() {
    let server = HTTPServer { _ in .text("hello\n") }
    #expect(
      answer(server, get()) == """
        HTTP/1.1 200 OK
        Content-Type: text/plain; charset=utf-8
        Content-Length: 6

        hello

        """)
  }

  @Test func eachKindOfResponseHasItsFields() {
    let cases: [(response: HTTPServer.Response, expected: String)] = [
      (
        HTTPServer.Response.html("<p>"),
        "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 3\n\n<p>"
      ),
      (.bytes([65]), "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nContent-Length: 1\n\nA"),
      (.bytes([65], type: "image/x"), "HTTP/1.1 200 OK\nContent-Type: image/x\nContent-Length: 1\n\nA"),
      (.status(.accepted), "HTTP/1.1 202 Accepted\nContent-Length: 0\n\n"),
      (.status(.noContent), "HTTP/1.1 204 No Content\n\n"),
      (.status(.notModified), "HTTP/1.1 304 Not Modified\n\n"),
      (
        .text("x", status: .notFound).with(.contentType, "a/b"),
        "HTTP/1.1 404 Not Found\nContent-Type: a/b\nContent-Length: 1\n\nx"
      ),
      (.redirect(to: "/b"), "HTTP/1.1 302 Found\nLocation: /b\nContent-Length: 0\n\n"),
      (
        .text("x").with(.server, "me"),
        "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\nServer: me\nContent-Length: 1\n\nx"
      ),
    ]
    for (response, expected) in cases { #expect(answer(HTTPServer { _ in response }, get()) == expected) }
  }

  @Test func aNoContentWithABodyLosesIt() {
    #expect(answer(HTTPServer { _ in .text("x", status: .noContent) }, get()).hasSuffix("\n\n"))
  }

  @Test(
    arguments: [
      HTTPServer.Response.status(.resetContent), .text("x", status: .resetContent),
      .bytes([UInt8](repeating: 65, count: 100_000), status: .resetContent),
      .stream(status: .resetContent) { $0.write("x") }, .stream(status: .resetContent, length: 5) { $0.write("hello") },
    ].map(Sendable205.init))
  func aResetContentHasNone_RFC9110_15_3_6(_ response: Sendable205) {
    let text = answer(HTTPServer { _ in response.value }, get() + get())
    #expect(text.statuses == [205, 205])
    #expect(text.components(of: "Content-Length: 0\n") == 2)
    #expect(text.hasSuffix("\n\n"))
  }

  @Test(arguments: [
    ("close", true, nil), ("foo, close", true, "foo"), ("Close , foo", true, "foo"), ("foo", false, "foo"),
    ("keep-alive", false, nil), ("foo,keep-alive,bar", false, "foo, bar"), ("closed", false, "closed"),
  ])
  func theConnectionFieldOfAResponseIsAList_RFC9112_9_6(_ value: String, closes: Bool, others: String?) {
    let transport = ServerMemoryTransport(HTTPServer { _ in .text("x").with(.connection, value) }, on: Reactor())
    transport.send(get())
    #expect(transport.isClosed == closes)
    let lines = transport.text.split(separator: "\r\n").filter { $0.hasPrefix("Connection: ") }.map { $0.dropFirst(12) }
    #expect(lines.map(String.init) == [others, closes ? "close" : nil].compactMap { $0 })
  }

  @Test func connectToAHandlerThatMakesNoTunnelIsNotAllowed_RFC9110_15_5_6() {
    let connect = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
    let cases: [(HTTPServer.Response, Int)] = [
      (.text("x"), 405), (.status(.ok), 405), (.status(.noContent), 405), (.status(.resetContent), 405),
      (.stream { $0.end() }, 405), (.stream(length: 0) { $0.end() }, 405), (.text("x", status: .notFound), 404),
      (.redirect(to: "/"), 302),
    ]
    for (response, status) in cases {
      for isDeferred in [false, true] {
        let lines = LogLines()
        let server =
          isDeferred
          ? HTTPServer { (_) -> Deferred<HTTPServer.Response> in .succeed(response) } : HTTPServer { _ in response }
        server.logger = lines.logger()
        let text = answer(server, connect + get())
        #expect(text.statuses.first == status)
        #expect(text.contains("Allow: GET, HEAD") == (status == 405))
        // The bytes behind it are a request again.
        #expect(text.statuses.count == 2)
        #expect(lines.all == [])
      }
    }
  }

  @Test func jsonBothWays() {
    struct Point: Codable { var x: Int }
    let server = HTTPServer { request in
      var point = try request.json(as: Point.self)
      point.x += 1
      return try .json(point)
    }
    let post = { (body: String) in "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" }
    #expect(
      answer(server, post("{\"x\":1}")).hasSuffix("Content-Type: application/json\nContent-Length: 7\n\n{\"x\":2}"))
    let wrong = answer(server, post("{\"y\":1}"))
    #expect(wrong.statuses == [422])
    #expect(wrong.contains("no \"x\""))
  }

  @Test func serverFieldAndDate() {
    var configuration = HTTPServer.Configuration()
    configuration.serverName = "Swirl"
    let transport = ServerMemoryTransport(HTTPServer(configuration: configuration) { _ in .text("") }, on: Reactor())
    transport.send(get())
    let lines = transport.text.split(separator: "\r\n")
    #expect(lines.contains("Server: Swirl"))
    #expect(lines.contains { $0.hasPrefix("Date: ") && $0.hasSuffix(" GMT") && $0.utf8.count == 35 })
  }

  @Test func aHeadRequestGetsTheHeadOnly_RFC9110_9_3_2() {
    let head = answer(HTTPServer { _ in .text("hello\n") }, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(head.hasSuffix("Content-Length: 6\n\n"))
    let own = HTTPServer { _ in .status(.ok).with(.contentLength, "77") }
    #expect(answer(own, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("Content-Length: 77\n\n"))
  }

  @Test func aConnectionIsKeptForTheNextRequest_RFC9112_9_3() {
    let transport = ServerMemoryTransport(HTTPServer { .text($0.path) }, on: Reactor())
    for path in ["/a", "/b"] {
      transport.send(get(path))
      #expect(transport.take().hasSuffix("\r\n\r\n\(path)"))
      #expect(!transport.isClosed)
    }
  }

  @Test(arguments: [
    ("HTTP/1.1", "", false), ("HTTP/1.1", "Connection: close\r\n", true),
    ("HTTP/1.1", "Connection: x, Close\r\n", true),
    ("HTTP/1.0", "", true), ("HTTP/1.0", "Connection: keep-alive\r\n", false),
  ])
  func whoClosesAfterTheAnswer(_ version: String, _ fields: String, closes: Bool) {
    let transport = ServerMemoryTransport(HTTPServer { _ in .text("x") }, on: Reactor())
    transport.send("GET / \(version)\r\nHost: x\r\n\(fields)\r\n")
    #expect(transport.isClosed == closes)
    #expect(transport.text.contains("Connection: close") == closes)
    #expect(transport.text.contains("Connection: keep-alive") == (version == "HTTP/1.0" && !closes))
  }

  @Test func aResponseMayCloseTheConnection() {
    let transport = ServerMemoryTransport(HTTPServer { _ in .text("x").with(.connection, "close") }, on: Reactor())
    transport.send(get() + get())
    #expect(transport.text.statuses == [200])
    #expect(transport.text.contains("Connection: close\r\n"))
    // The second request was already in flight: a plain close could destroy the response on its way.
    #expect(transport.isWriteClosed)
  }

  @Test func aRequestTellsItsParts() {
    var seen: HTTPServer.Request?
    let server = HTTPServer { request in
      seen = request
      return .status(.ok)
    }
    _ = answer(server, get("/a%20b/c%2Fd?q=1+2&e=%C3%A4&f", "X-One: 1\r\nx-two: 2\r\n"))
    #expect(seen?.method == .get)
    #expect(seen?.target == "/a%20b/c%2Fd?q=1+2&e=%C3%A4&f")
    #expect(seen?.path == "/a%20b/c%2Fd")
    #expect(seen?.pathComponents == ["a b", "c/d"])
    #expect(seen?.query == "q=1+2&e=%C3%A4&f")
    #expect(seen?.queryItems.map { "\($0.name)=\($0.value)" } == ["q=1 2", "e=ä", "f="])
    #expect(seen?.queryValue("e") == "ä")
    #expect(seen?["x-ONE"] == "1")
    #expect(seen?.authority == "x")
    #expect(seen?[.userAgent] == nil)
    #expect(seen?.headers[HTTPField.Name("X-Two")!] == "2")
    #expect(seen?.version == .http11)
    #expect(seen?.peerAddress?.description == "192.0.2.1:4711")
    #expect(seen?.requestLine == "GET /a%20b/c%2Fd?q=1+2&e=%C3%A4&f HTTP/1.1")
  }

  @Test func valuesOfAQueryAndAFormByName() throws {
    let text = "n=1&tag=a+b&n=2&tag=%C3%A4&bad=x&=&empty"
    let form = try HTTPServer.Request("/a%20b?\(text)", method: .post, body: Array(text.utf8))
    #expect(form.queryValue("n", as: Int.self) == 1 && form.formValue("n", as: Int.self) == 1)
    #expect(form.queryValue("bad", as: Int.self) == nil && form.formValue("bad", as: Int.self) == nil)
    #expect(form.queryValue("none", as: Int.self) == nil && form.formValue("none", as: Int.self) == nil)
    #expect(form.queryValues("tag") == ["a b", "ä"] && form.formValues("tag") == ["a b", "ä"])
    #expect(form.queryValues("none") == [] && form.formValues("none") == [])
    #expect(form.formValue("tag") == "a b" && form.formValue("empty") == "" && form.formValue("none") == nil)
    let streamed = HTTPServer.StreamedRequest(form, on: Reactor())
    #expect(streamed.queryValue("tag") == "a b" && streamed.queryValue("n", as: Int.self) == 1)
    #expect(streamed.queryValues("n") == ["1", "2"] && streamed.pathComponents == ["a b"])
    #expect(streamed.queryItems.count == form.queryItems.count)
  }

  @Test func aResponseThatCantBeSentIsA500() {
    let server = HTTPServer { _ in .text("x").with(.contentLength, "5") }
    #expect(answer(server, get()).statuses == [500])
    let switching = HTTPServer { _ in .upgrade(to: "x") { _ in ServerEcho() } }
    #expect(answer(switching, get()).statuses == [500])
    #expect(answer(HTTPServer { _ in .status(.continue) }, get()).statuses == [500])
  }

  @Test func theAccessHookTellsOfEachRequest() {
    var lines: [String] = []
    let server = HTTPServer { .text($0.path) }
    server.onFinish = { lines.append("\($0.requestLine) \($0.status.code) \($0.bodyBytes) \($0.isComplete)") }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/abc") + "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + "BAD\r\n\r\n")
    #expect(
      lines == [
        "GET /abc HTTP/1.1 200 4 true", "HEAD / HTTP/1.1 200 0 true", "- 400 \(lines[2].split(separator: " ")[2]) true",
      ])
  }

  @Test func anUpgradeHandsTheConnectionOver_RFC9110_7_8() {
    let server = HTTPServer { request in
      request.head.upgrade == "echo" ? .upgrade(to: "echo") { _ in ServerEcho() } : .text("no")
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/", "Connection: upgrade\r\nUpgrade: echo\r\n") + "first")
    #expect(
      transport.take().withoutDate == "HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: echo\n\n<first>")
    transport.send("second")
    #expect(transport.take() == "<second>")
    #expect(server.connectionCount == 0)
    #expect(answer(server, get("/", "Connection: upgrade\r\nUpgrade: h2c\r\n") + get()).statuses == [200, 200])
  }

  @Test func connectCanBeATunnel_RFC9110_9_3_6() {
    let server = HTTPServer { _ in .upgrade(to: nil) { _ in ServerEcho() } }
    #expect(answer(server, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nx") == "HTTP/1.1 200 OK\n\n<x>")
  }
}

/// A response as an argument of a test, which uses it on one thread.
struct Sendable205: @unchecked Sendable, CustomTestStringConvertible {
  let value: HTTPServer.Response

  // Without most of a content of 100,000 bytes.
  var testDescription: String { String("\(value)".prefix(200)) }
}

/// Echoes its input in brackets.
final class ServerEcho: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {
    transport?.write("<\(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })>")
  }
}

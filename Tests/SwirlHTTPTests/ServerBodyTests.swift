import Swirl
import Testing

@Suite struct HTTPServerBodyTests {
  private func post(_ body: String, _ fields: String = "") -> String {
    "POST / HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private let echo = HTTPServer { .bytes($0.body) }

  @Test func aBodyIsHandedOverWhole() {
    let transport = ServerMemoryTransport(echo, on: Reactor())
    for byte in post("hello") { transport.send(String(byte)) }
    #expect(transport.text.hasSuffix("\r\n\r\nhello"))
  }

  @Test func chunksAreOneBodyAndTrailersAreKept_RFC9112_7_1() {
    var trailers: HTTPFields?
    let server = HTTPServer { request in
      trailers = trailers ?? request.trailers
      return .bytes(request.body)
    }
    let request =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n"
    #expect(
      answer(server, request + get()).hasPrefix(
        "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nContent-Length: 5\n\nabcde"))
    #expect(trailers?[HTTPField.Name("X-T")!] == "1")
  }

  @Test func aFormIsDecoded() {
    let server = HTTPServer { request in
      .text(request.formItems.map { "\($0.name)=\($0.value)" }.joined(separator: ";"))
    }
    #expect(answer(server, post("a=1&b=x+y%21")).hasSuffix("\n\na=1;b=x y!"))
  }

  @Test(arguments: ["Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nB\r\n"])
  func aBodyBeyondTheLimitIs413AtOnce_RFC9110_15_5_14(_ rest: String) {
    var configuration = HTTPServer.Configuration()
    configuration.limits.bodyBytes = 10
    let server = HTTPServer(configuration: configuration) { _ in .text("x") }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send("POST / HTTP/1.1\r\nHost: x\r\n\(rest)")
    #expect(transport.text.statuses == [413])
    #expect(transport.text.contains("Connection: close\r\n"))
    // The request's body may be in flight: close only our direction.
    #expect(transport.isWriteClosed)
    #expect(!transport.isClosed)
  }

  @Test func aWaitingClientGets100Continue_RFC9110_10_1_1() {
    let transport = ServerMemoryTransport(echo, on: Reactor())
    transport.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    #expect(transport.take() == "HTTP/1.1 100 Continue\r\n\r\n")
    transport.send("ab")
    #expect(transport.text.statuses == [200])
    // A client that did not wait gets no 100.
    #expect(answer(echo, post("ab", "Expect: 100-continue\r\n")).statuses == [200])
    // A client whose body is too large gets no 100.
    #expect(
      answer(echo, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n").statuses
        == [413])
  }

  @Test func theGoAheadWaitsForTheAnswersBeforeIt() {
    let asked = HTTPServerPipelineTests.Asked()
    let transport = ServerMemoryTransport(asked.server(), on: Reactor())
    transport.send(get("/1") + "POST /2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    #expect(transport.received.isEmpty)
    asked.answer("/1")
    #expect(transport.text.statuses == [200, 100])
  }

  @Test func anotherExpectationIs417_RFC9110_10_1_1() {
    let transport = ServerMemoryTransport(echo, on: Reactor())
    transport.send(get("/", "Expect: miracles\r\n"))
    #expect(transport.text.statuses == [417])
  }

  @Test func aBodyIsDecidedOnBeforeItComes() {
    let server = HTTPServer { .text("\($0.body.count)") }
    server.decideOnBody = { request in
      switch request.path {
      case "/large": .accept(upTo: 3_000_000)
      case "/no": .refuse(.text("no", status: .forbidden))
      case "/throw": throw HTTPServer.StatusError(.unauthorized)
      default: .accept
      }
    }
    let head = { (path: String) in
      "POST \(path) HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n"
    }
    #expect(answer(server, head("/large")).statuses == [100])
    #expect(answer(server, head("/no")).statuses == [403])
    #expect(answer(server, head("/throw")).statuses == [401])
    #expect(answer(server, head("/")).statuses == [413])
    let large = answer(
      server,
      "POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + String(repeating: "x", count: 2_000_000))
    #expect(large.hasSuffix("2000000"))
  }
}

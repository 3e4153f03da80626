import Swirl
import Testing

@Suite struct HTTPServerErrorTests {
  @Test(arguments: [
    ("NONSENSE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ("GET /\(String(repeating: "x", count: 10_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", 431),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505), ("PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  ])
  func whatIsNoRequestIsAnsweredAndTheConnectionEnds(_ bytes: String, status: Int) {
    var isCalled = false
    let server = HTTPServer { _ in
      isCalled = true
      return .text("x")
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(bytes)
    #expect(transport.text.statuses == [status])
    #expect(transport.text.contains("Connection: close\r\n"))
    #expect(transport.text.contains("Content-Type: text/plain"))
    #expect(transport.isWriteClosed)
    #expect(!isCalled)
    // Further input is dropped, up to a limit.
    transport.send(get())
    #expect(transport.text.statuses == [status])
    #expect(!transport.isClosed)
    transport.send(String(repeating: "x", count: 2_000_000))
    #expect(transport.isClosed)
  }

  @Test func anAnswerThatEndedOurSideEndsWithTheClients() {
    let transport = ServerMemoryTransport(HTTPServer { _ in .text("x") }, on: Reactor())
    transport.send("NONSENSE\r\n\r\n")
    transport.sendEnd()
    #expect(transport.isClosed)
  }

  struct Secret: Error {}

  @Test func anErrorInTheHandlerIsA500ThatSaysNothing() {
    let plain = HTTPServer { request in
      guard request.path != "/" else { throw Secret() }
      return .text("x")
    }
    let transport = ServerMemoryTransport(plain, on: Reactor())
    transport.send(get() + get("/next"))
    #expect(transport.text.statuses == [500, 200])
    #expect(!transport.text.contains("Secret"))

    let later = HTTPServer { _ in Deferred<HTTPServer.Response>.fail(Secret()) }
    #expect(answer(later, get()).statuses == [500])
    let throwing = HTTPServer { (_) -> Deferred<HTTPServer.Response> in throw Secret() }
    #expect(answer(throwing, get()).statuses == [500])
  }

  @Test func aStatusErrorIsTheAnswer() {
    let server = HTTPServer { _ in throw HTTPServer.StatusError(.notFound, "no such thing") }
    #expect(answer(server, get()).hasSuffix("\n\nno such thing\n"))
    let later = HTTPServer { _ in Deferred<HTTPServer.Response>.fail(HTTPServer.StatusError(.gone)) }
    #expect(answer(later, get()).hasSuffix("\n\n410 Gone\n"))
  }

  @Test func aConnectionBeyondTheMostIsAnswered503() {
    var configuration = HTTPServer.Configuration()
    configuration.maximumConnections = 1
    let server = HTTPServer(configuration: configuration) { _ in .text("x") }
    let first = ServerMemoryTransport(server, on: Reactor())
    let second = ServerMemoryTransport(server, on: Reactor())
    #expect(second.text.statuses == [503])
    #expect(second.isWriteClosed)
    second.lose()
    first.send(get())
    #expect(first.text.statuses == [200])
    first.lose()
    let third = ServerMemoryTransport(server, on: Reactor())
    third.send(get())
    #expect(third.text.statuses == [200])
  }
}

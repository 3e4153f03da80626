import Swirl
import Testing

@Suite(.serialized) struct ServerListenTests {
  /// A server with a request in flight, which the test answers, and a client that waits for the response.
  private struct Draining {
    let server: HTTPServer
    let answer: Deferred<HTTPServer.Response>
    let client: ServerRawClient
    let stopped: Deferred<Void>
  }

  private func drain(_ reactor: Reactor, within gracePeriod: Duration? = nil) throws -> Deferred<Draining> {
    let asked = Deferred<Void>()
    let answer = Deferred<HTTPServer.Response>(canceller: { _ in })
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      guard request.path == "/slow" else { return .succeed(.text("quick")) }
      asked.callback()
      return answer
    }
    let port = Int(try server.listen(0, on: reactor).localAddress.port)
    return reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: get("/slow")) }.addCallback { client in
      asked.addCallback {
        Draining(server: server, answer: answer, client: client, stopped: server.stop(within: gracePeriod))
      }
    }
  }

  private func ask(_ reactor: Reactor, _ port: Int) -> Deferred<String> {
    reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: get("/", "Connection: close\r\n")) }
      .addCallback { client in client.ended.addCallback { client.text } }
  }

  /// Runs a reactor until the Deferred of `body` has fired.
  private func withReactor(_ body: (Reactor) throws -> Deferred<Void>) throws {
    let reactor = Reactor()
    let limit = reactor.callLater(.seconds(10)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    try body(reactor).addBoth { result in
      if case .failure(let error) = result { Issue.record(error) }
      limit.cancel()
      reactor.stop()
    }
    reactor.run(handlingSignals: false)
  }

  @Test func `a server that listens again serves, while requests from before its stop are still answered`() throws {
    try withReactor { reactor in
      try drain(reactor).addCallback { old -> Deferred<Void> in
        let port = Int(try old.server.listen(0, on: reactor).localAddress.port)
        return self.ask(reactor, port).addCallback { text -> Deferred<Void> in
          #expect(text.statuses == [200] && text.hasSuffix("quick"))
          #expect(!old.stopped.isFired)
          old.answer.callback(.text("slow"))
          return old.stopped
        }.addCallback { old.client.ended }.addCallback { () -> Deferred<String> in
          #expect(old.client.text.hasSuffix("slow") && old.client.text.contains("Connection: close\r\n"))
          return self.ask(reactor, port)
        }.addCallback { (text: String) -> Deferred<Void> in
          #expect(text.statuses == [200], "the end of the old requests is not that of the new listener")
          return old.server.stop()
        }
      }
    }
  }

  @Test func `the time of the first stop does not touch what came after it`() throws {
    try withReactor { reactor in
      try drain(reactor, within: .milliseconds(20)).addCallback { old -> Deferred<Void> in
        let port = Int(try old.server.listen(0, on: reactor).localAddress.port)
        return reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: get()) }
          .addCallback { kept -> Deferred<Void> in
            old.stopped.addCallback { () -> Deferred<Void> in
              #expect(old.client.text.isEmpty)
              #expect(kept.transport?.isClosing == false)
              return old.server.stop()
            }
          }
      }
    }
  }

  @Test func `a second stop with less time ends what the first would have waited for`() throws {
    try withReactor { reactor in
      try drain(reactor, within: .seconds(1000)).addCallback { old -> Deferred<Void> in
        return old.server.stop(within: .zero).addCallback { () -> Void in
          #expect(old.stopped.isFired)
          #expect(old.server.connectionCount == 0)
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `a server that listens is released with its reactor, and by the end of its listener`(stops: Bool) throws {
    weak var released: HTTPServer?
    do {
      let reactor = Reactor()
      let server = HTTPServer { _ in .text("") }
      let listener = try server.listen(0, on: reactor)
      released = server
      // The listener's own end, of which the server does not know.
      if stops { listener.stop() }
    }
    #expect(released == nil)
  }

  @Test func `while a stopped server waits, a connection from elsewhere is refused`() throws {
    try withReactor { reactor in
      try drain(reactor).addCallback { old -> Deferred<Void> in
        let transport = ServerMemoryTransport(old.server, on: reactor)
        #expect(transport.text.statuses == [503])
        transport.lose()
        old.answer.callback(.text("slow"))
        return old.stopped
      }
    }
  }
}

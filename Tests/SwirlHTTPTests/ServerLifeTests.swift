import Swirl
import SwirlPlatform
import SwirlTesting
import Testing

/// A client that sends raw bytes over a real socket.
final class ServerRawClient: StreamProtocol {
  private(set) var received: [UInt8] = []
  private(set) var transport: (any Transport)?
  private let first: String
  let ended = Deferred<Void>()
  var onData: ((ServerRawClient) -> Void)?

  init(sending first: String) { self.first = first }

  var text: String { String(decoding: received, as: UTF8.self) }
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(first)
  }
  func dataReceived(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { received.append(contentsOf: $0) }
    onData?(self)
  }
  func connectionLost(_ end: ConnectionEnd) { ended.callback() }
}

/// A reactor with a server on a free port, for the duration of `body`. Stops when the Deferred of `body` has fired;
/// fails after ten seconds.
///
/// - Parameter isVirtual: on a network in memory, in virtual time: for tests of limits in time.
func serving(_ server: HTTPServer, isVirtual: Bool = false, _ body: (Reactor, Int) -> Deferred<Void>) throws {
  let network = isVirtual ? MemoryNetwork(link: .init(latency: .zero)) : nil
  let reactor = network?.reactor ?? Reactor()
  let listener = try server.listen(0, on: reactor)
  let guardTimer = reactor.callLater(.seconds(10)) {
    Issue.record("the test took too long")
    reactor.crash()
  }
  let done = body(reactor, Int(listener.localAddress.port))
  done.addBoth { result in
    if case .failure(let error) = result { Issue.record(error) }
    guardTimer.cancel()
    reactor.stop()
  }
  reactor.run(handlingSignals: false)
}

@Suite(.serialized) struct HTTPServerLifeTests {
  private func connect(_ reactor: Reactor, _ port: Int, _ text: String) -> Deferred<ServerRawClient> {
    reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: text) }
  }

  /// Sends `text` and gives all bytes up to the server's EOF.
  private func talk(_ reactor: Reactor, _ port: Int, _ text: String) -> Deferred<String> {
    connect(reactor, port, text).addCallback { client in client.ended.addCallback { client.text } }
  }

  @Test func aRequestOverASocketIsAnswered() throws {
    var text = ""
    try serving(HTTPServer { .text($0.path) }) { reactor, port in
      talk(reactor, port, get("/a") + get("/b", "Connection: close\r\n")).addCallback { text = $0 }
    }
    #expect(text.statuses == [200, 200])
    #expect(text.hasSuffix("/b"))
  }

  @Test func aLargeBodyComesWholeThroughASocket() throws {
    var count = 0
    try serving(HTTPServer { _ in .bytes([UInt8](repeating: 65, count: 10_000_000)) }) { reactor, port in
      talk(reactor, port, get("/", "Connection: close\r\n")).addCallback { count = $0.utf8.count }
    }
    #expect(count > 10_000_000 && count < 10_000_300)
  }

  @Test func theAnswerToAWrongRequestArrivesThoughMoreIsSent_RFC9112_9_6() throws {
    var text = ""
    try serving(HTTPServer { _ in .text("x") }) { reactor, port in
      connect(reactor, port, "NONSENSE\r\n\r\n" + String(repeating: "x", count: 500_000)).addCallback { client in
        client.ended.addCallback { text = client.text }
      }
    }
    #expect(text.statuses == [400])
  }

  @Test(arguments: [
    ("", 0), ("GET / HT", 408), ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 408),
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200),
  ])
  func aClientThatSendsNoMoreIsClosed(_ sent: String, status: Int) throws {
    var configuration = HTTPServer.Configuration()
    configuration.headTimeout = .milliseconds(40)
    configuration.bodyTimeout = .milliseconds(40)
    configuration.idleTimeout = .milliseconds(40)
    configuration.lingerTimeout = .milliseconds(10)
    var text = "?"
    let server = HTTPServer(configuration: configuration) { _ in .text("x") }
    try serving(server, isVirtual: true) { reactor, port in talk(reactor, port, sent).addCallback { text = $0 } }
    #expect(text.statuses == (status == 0 ? [] : [status]))
  }

  @Test(arguments: [get(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n12345678901234567890"])
  func aDripDoesNotKeepAConnection(_ request: String) throws {
    var configuration = HTTPServer.Configuration()
    configuration.headTimeout = .milliseconds(60)
    configuration.bodyTimeout = .milliseconds(60)
    configuration.lingerTimeout = .milliseconds(10)
    let server = HTTPServer(configuration: configuration) { _ in .text("x") }
    // One byte per 10 ms; for the bodies the head comes first.
    let bytes = request.utf8.map { String(UnicodeScalar($0)) }
    let headCount = request.hasPrefix("POST") ? request.utf8.count - 20 : 0
    var text = ""
    try serving(server, isVirtual: true) { reactor, port in
      connect(reactor, port, bytes[..<headCount].joined()).addCallback { client in
        var next = headCount
        var timer: DelayedCall?
        func drip() {
          guard next < bytes.count else { return }
          client.transport?.write(bytes[next])
          next += 1
          timer = reactor.callLater(.milliseconds(10)) { drip() }
        }
        drip()
        return client.ended.addCallback {
          timer?.cancel()
          text = client.text
        }
      }
    }
    #expect(text.statuses == [408])
  }

  @Test func aClientThatTakesNothingIsAborted() throws {
    var configuration = HTTPServer.Configuration()
    configuration.writeTimeout = .milliseconds(50)
    let server = HTTPServer(configuration: configuration) { _ in .bytes([UInt8](repeating: 65, count: 50_000_000)) }
    var isComplete = true
    let lost = Deferred<Void>()
    try serving(server, isVirtual: true) { reactor, port in
      connect(reactor, port, get()).addCallback { client in
        client.transport?.pauseReading()
        func poll() {
          if server.connectionCount > 0 {
            reactor.callLater(.milliseconds(5)) { poll() }
          } else {
            isComplete = client.received.count >= 50_000_000
            client.transport?.abort()
            lost.callback()
          }
        }
        reactor.callLater(.milliseconds(20)) { poll() }
        return lost
      }
    }
    #expect(!isComplete)
  }

  @Test func aClientThatGoesCancelsItsDeferred() throws {
    let asked = Deferred<Void>()
    let cancelled = Deferred<Void>()
    let server = HTTPServer { (_) -> Deferred<HTTPServer.Response> in
      asked.callback()
      return Deferred<HTTPServer.Response>(canceller: { _ in cancelled.callback() })
    }
    try serving(server) { reactor, port in
      connect(reactor, port, get()).addCallback { client in
        asked.addCallback { client.transport?.abort() }.addCallback { cancelled }
      }
    }
    #expect(cancelled.isFired)
  }

  @Test func stopFinishesWhatIsUnderWayAndClosesTheRest() throws {
    var order: [String] = []
    let asked = Deferred<Void>()
    let answer = Deferred<HTTPServer.Response>()
    let server = HTTPServer { (request) -> Deferred<HTTPServer.Response> in
      guard request.path == "/slow" else { return .succeed(.text("x")) }
      asked.callback()
      return answer
    }
    try serving(server) { reactor, port in
      let idle = connect(reactor, port, get())
      let slow = connect(reactor, port, get("/slow"))
      return DeferredList([idle, slow]).addCallback { _ in asked }
        .addCallback { _ in idle }
        .addCallback { idleClient in slow.addCallback { (idleClient, $0) } }
        .addCallback { idleClient, slowClient -> Deferred<Void> in
          let stopped = server.stop()
          let refused = self.connect(reactor, port, "")
            .addCallback { _ in order.append("accepted") }
            .addErrback { _ in order.append("refused") }
          return DeferredList([idleClient.ended, refused])
            .addCallback { _ -> Deferred<Void> in
              #expect(!stopped.isFired)
              order.append("answered")
              answer.callback(.text("done"))
              return stopped
            }
            .addCallback { _ in slowClient.ended }
            .addCallback { order.append("closed: \(slowClient.text.statuses)") }
        }
    }
    #expect(order == ["refused", "answered", "closed: [200]"])
  }

  @Test func whatIsNotAnsweredWhenTheGracePeriodEndsIsAborted() throws {
    var isCancelled = false
    let asked = Deferred<Void>()
    let server = HTTPServer { (_) -> Deferred<HTTPServer.Response> in
      asked.callback()
      return Deferred<HTTPServer.Response>(canceller: { _ in isCancelled = true })
    }
    try serving(server) { reactor, port in
      connect(reactor, port, get()).addCallback { _ in asked }.addCallback { server.stop(within: .milliseconds(20)) }
    }
    #expect(isCancelled)
    #expect(server.connectionCount == 0)
  }

  @Test func theReactorsShutdownStopsTheServer() throws {
    let server = HTTPServer { _ in .text("x") }
    var client: ServerRawClient?
    try serving(server) { reactor, port in
      connect(reactor, port, get()).addCallback { made in
        client = made
        let answered = Deferred<Void>()
        made.onData = { _ in if !answered.isFired { answered.callback() } }
        return answered
      }
    }
    #expect(client?.text.statuses == [200])
    #expect(server.connectionCount == 0)
  }

  @Test func descriptorsAreBackWhereTheyWere() throws {
    func openDescriptors() -> Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }
    func run() throws {
      try serving(HTTPServer { _ in .text("x") }) { reactor, port in
        DeferredList(
          (0..<20).map { number in
            talk(reactor, port, number < 10 ? get("/", "Connection: close\r\n") : "NONSENSE\r\n\r\n").addBoth { _ in ()
            }
          }
        ).addCallback { _ in () }
      }
    }
    try run()
    // Other suites open and close descriptors in parallel: take the minimum of a few tries.
    let grown = try (0..<5).map { _ in
      let before = openDescriptors()
      try run()
      return openDescriptors() - before
    }
    #expect(grown.min()! <= 0)
  }
}

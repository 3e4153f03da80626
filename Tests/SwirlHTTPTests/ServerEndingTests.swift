import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// A server and one client of it, over memory or TLS, whose reactor runs as far as the test needs.
final class EndingScene {
  enum Place: CaseIterable { case memory, tls }

  /// The protocol after an upgrade.
  final class Successor: StreamProtocol {
    var transport: (any Transport)?
    func connectionMade(_ transport: any Transport) { self.transport = transport }
    func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
    func connectionLost(_ end: ConnectionEnd) { transport = nil }
  }

  final class Client: StreamProtocol {
    var transport: (any Transport)?
    var received = 0
    var text = ""
    func connectionMade(_ transport: any Transport) { self.transport = transport }
    func dataReceived(_ bytes: Span<UInt8>) {
      received += bytes.count
      if text.utf8.count < 10_000 { bytes.withUnsafeBufferPointer { text += String(decoding: $0, as: UTF8.self) } }
    }
    func connectionLost(_ end: ConnectionEnd) { transport = nil }
  }

  let reactor = Reactor()
  let client = Client()
  private(set) var server: HTTPServer!
  private(set) var waiting: [Deferred<HTTPServer.Response>] = []
  var writer: HTTPServer.BodyWriter?
  private(set) weak var connection: AnyObject?
  private var memory: MemoryConnection?
  private var listener: Listener?

  init(_ place: Place, isStreaming: Bool) throws {
    server =
      isStreaming
      ? HTTPServer.streaming { [unowned self] _ in later() } : HTTPServer { [unowned self] in try answer($0) }
    server.decideOnBody = { $0.path == "/refused" ? .refuse(.text("no", status: .forbidden)) : .accept }
    switch place {
    case .memory:
      let memory = MemoryConnection(reactor: reactor, isDrivenByReactor: true)
      self.memory = memory
      let made = server.makeProtocol()
      connection = made
      memory.start(client: client, server: made)
    case .tls:
      let authority = TestAuthority()
      let listener = try reactor.listenTCP(0, tls: .server(authority.identity(for: "127.0.0.1"))) { [unowned self] _ in
        let made = server.makeProtocol()
        connection = made
        return made
      }
      server.adopt(listener, on: reactor)
      self.listener = listener
      var tls = TLSConfiguration()
      tls.roots = [authority.root]
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port), tls: tls) { [client] in client }
        .addErrback { [client] error in
          Issue.record(error)
          return client
        }
    }
    run { [unowned self] in client.transport != nil && connection != nil }
  }

  private func later() -> Deferred<HTTPServer.Response> {
    // Without a canceller: a result after cancellation is not an error.
    let deferred = Deferred<HTTPServer.Response>()
    waiting.append(deferred)
    return deferred
  }

  private func answer(_ request: HTTPServer.Request) throws -> Deferred<HTTPServer.Response> {
    let upgrade = HTTPServer.Response.upgrade(to: request.method == .connect ? nil : "echo") { _ in Successor() }
    switch request.path {
    case "/later": return later()
    case "/up": return .succeed(upgrade)
    case "/up-later":
      let deferred = later()
      return deferred.addCallback { _ in upgrade }
    case "/no": throw HTTPServer.StatusError(.forbidden)
    case "/big": return .succeed(.bytes([UInt8](repeating: 65, count: 20_000_000)))
    case "/stream": return .succeed(.stream { [unowned self] in writer = $0 })
    default: return .succeed(request.method == .connect ? upgrade : .text("x"))
    }
  }

  func send(_ text: String) { client.transport?.write(text) }

  /// Runs the reactor until `condition`.
  func run(until condition: @escaping () -> Bool) {
    let limit = reactor.callLater(.seconds(20)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    func look() { condition() ? reactor.crash() : reactor.callSoon { look() } }
    // In a later turn: a reactor that does not run cannot be crashed.
    reactor.callSoon { look() }
    reactor.run(handlingSignals: false)
    limit.cancel()
  }

  func runTurns(_ count: Int = 50) {
    var left = count
    run {
      left -= 1
      return left < 0
    }
  }

  /// Fires everything pending, at any delay.
  func passAllTime() {
    for _ in 0..<20 {
      runTurns()
      if reactor.delayedCalls.isEmpty { return }
      reactor.timers.runDue(at: .max, madeBefore: reactor.timers.mark) { _, body in
        do { try body() } catch { Issue.record(error) }
      }
    }
  }

  func runUntilAnswered(_ status: Int = 200) {
    run { [unowned self] in client.text.statuses.contains(status) }
  }

  func runUntilAsked() { run { [unowned self] in !waiting.isEmpty } }

  /// Ends the remaining connections, and releases everything but the reactor.
  func end() {
    client.transport?.abort()
    listener?.stop()
    runTurns()
    passAllTime()
    memory = nil
  }
}

/// A way in which a connection of a server ends.
struct Ending: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var isStreaming = false
  let act: @Sendable (EndingScene) -> Void

  init(_ name: String, isStreaming: Bool = false, _ act: @escaping @Sendable (EndingScene) -> Void) {
    testDescription = name
    self.isStreaming = isStreaming
    self.act = act
  }

  private static let upgrade = "Connection: upgrade\r\nUpgrade: echo\r\n"
  private static func post(_ path: String) -> String {
    "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
  }

  static let all: [Ending] = [
    Ending("answered and closed") {
      $0.send(get("/now", "Connection: close\r\n"))
      $0.runUntilAnswered()
    },
    Ending("kept alive until the idle time is over") {
      $0.send(get("/now"))
      $0.runUntilAnswered()
    },
    Ending("refused by the parser") {
      $0.send("NONSENSE\r\n\r\n")
      $0.runUntilAnswered(400)
    },
    Ending("refused by the handler") {
      $0.send(get("/no"))
      $0.runUntilAnswered(403)
    },
    Ending("refused before the body") {
      $0.send(post("/refused"))
      $0.runUntilAnswered(403)
    },
    Ending("upgraded, and used") { scene in
      scene.send(get("/up", upgrade) + "first")
      scene.run { scene.client.text.hasSuffix("first") }
      scene.passAllTime()
      scene.send("second")
      scene.run { scene.client.text.hasSuffix("second") }
    },
    Ending("upgraded by a Deferred") { scene in
      scene.send(get("/up-later", upgrade))
      scene.runUntilAsked()
      scene.send("early")
      scene.runTurns()
      scene.waiting[0].callback(.status(.ok))
      scene.run { scene.client.text.hasSuffix("early") }
    },
    Ending("CONNECT") { scene in
      scene.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nx")
      scene.run { scene.client.text.hasSuffix("\r\nx") }
    },
    Ending("handed over, then reset") { scene in
      scene.send(get("/up", upgrade))
      scene.runUntilAnswered(101)
      scene.client.transport?.abort()
    },
    Ending("aborted by the client in a head") {
      $0.send("GET / HT")
      $0.runTurns()
      $0.client.transport?.abort()
    },
    Ending("aborted by the client in a body") {
      $0.send(post("/now"))
      $0.runTurns()
      $0.client.transport?.abort()
    },
    Ending("aborted by the client in an answer") { scene in
      scene.send(get("/big"))
      scene.run { scene.client.received > 100_000 }
      scene.client.transport?.pauseReading()
      scene.runTurns()
      scene.client.transport?.abort()
    },
    Ending("reset while idle") {
      $0.client.transport?.abort()
      $0.runTurns()
    },
    Ending("half-closed by the client while it waits") {
      $0.send(get("/later"))
      $0.runUntilAsked()
      $0.client.transport?.closeWrite()
    },
    Ending("a head that does not come to its end") { $0.send("GET / HT") },
    Ending("a body that does not come to its end") { $0.send(post("/now")) },
    Ending("a client that takes nothing") { scene in
      scene.send(get("/big"))
      scene.run { scene.client.received > 0 }
      scene.client.transport?.pauseReading()
    },
    Ending("stopped while idle") { scene in
      scene.send(get("/now"))
      scene.runUntilAnswered()
      scene.server.stop()
    },
    Ending("stopped with a request under way, which is answered") { scene in
      scene.send(get("/later"))
      scene.runUntilAsked()
      let stopped = scene.server.stop()
      scene.runTurns()
      scene.waiting[0].callback(.text("late"))
      scene.run { stopped.isFired }
    },
    Ending("stopped with a request under way, by force") { scene in
      scene.send(get("/later"))
      scene.runUntilAsked()
      let stopped = scene.server.stop(within: .zero)
      scene.run { stopped.isFired }
    },
    Ending("stopped with the reactor") { scene in
      scene.send(get("/now"))
      scene.runUntilAnswered()
      scene.reactor.stop()
      scene.reactor.run(handlingSignals: false)
    },
    Ending("the handler answers when the client has disconnected") { scene in
      scene.send(get("/later"))
      scene.runUntilAsked()
      scene.client.transport?.abort()
      scene.runTurns()
      scene.passAllTime()
      scene.waiting[0].callback(.text("late"))
    },
    Ending("the handler never answers, and the client goes") { scene in
      scene.send(get("/later") + get("/later"))
      scene.runUntilAsked()
      scene.passAllTime()
      scene.client.transport?.abort()
    },
    Ending("the client of a streamed answer goes") { scene in
      scene.send(get("/stream"))
      scene.run { scene.writer != nil }
      scene.writer?.write("some")
      scene.runTurns()
      scene.client.transport?.abort()
      scene.runTurns()
      scene.writer?.write("more")
      scene.writer = nil
    },
    Ending("a streamed answer is broken off") { scene in
      scene.send(get("/stream"))
      scene.run { scene.writer != nil }
      scene.writer?.write("some")
      scene.writer?.abort()
      scene.passAllTime()
      scene.writer = nil
    },
    Ending("the client of a streamed request goes", isStreaming: true) { scene in
      scene.send(post("/now"))
      scene.runUntilAsked()
      scene.client.transport?.abort()
      scene.runTurns()
      scene.waiting[0].callback(.text("late"))
    },
    Ending("a streamed request that does not come to its end", isStreaming: true) { scene in
      scene.send(post("/now"))
      scene.runUntilAsked()
    },
  ]
}

@Suite(.serialized) struct ServerEndingTests {
  @Test(arguments: Ending.all, EndingScene.Place.allCases)
  func `no timer and no queued call outlives its connection`(_ ending: Ending, _ place: EndingScene.Place) throws {
    let scene = try EndingScene(place, isStreaming: ending.isStreaming)
    ending.act(scene)
    scene.passAllTime()
    scene.end()
    #expect(scene.connection == nil)
    #expect(scene.server.connectionCount == 0)
    #expect(scene.reactor.delayedCalls.isEmpty)
  }

  @Test func `a successor that passes the connection on loses no byte`() throws {
    final class Passing: StreamProtocol {
      let last: EndingScene.Client
      init(to last: EndingScene.Client) { self.last = last }
      func connectionMade(_ transport: any Transport) { transport.streamProtocol = last }
      func dataReceived(_ bytes: Span<UInt8>) {}
    }
    let last = EndingScene.Client()
    let server = HTTPServer { _ in .upgrade(to: "echo") { _ in Passing(to: last) } }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/", "Connection: upgrade\r\nUpgrade: echo\r\n") + "first")
    #expect(last.text == "first")
  }
}

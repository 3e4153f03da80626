import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer
@testable import SwirlNet

/// Clients of which nothing is read at present, and reactors that are released.
@Suite(.serialized) struct ServerPausedClientTests {
  enum Leaving: CaseIterable { case end, reset }
  /// What the server does not read: pipelined requests behind one that has no answer yet, or a body that the handler
  /// does not take.
  enum Unread: CaseIterable { case requests, body }

  /// A server that never answers by itself, and the Deferreds of its handlers.
  final class Scene {
    private(set) var server: HTTPServer!
    var waiting: [Deferred<HTTPServer.Response>] = []
    var bodies: [ReactorStream<[UInt8]>] = []
    var cancelled = 0

    init(_ unread: Unread, answersHalfClosedClients: Bool = false) {
      var configuration = HTTPServer.Configuration()
      configuration.pipelineBytes = 1024
      configuration.answersHalfClosedClients = answersHalfClosedClients
      switch unread {
      case .requests: server = HTTPServer(configuration: configuration) { [unowned self] _ in later() }
      case .body:
        server = HTTPServer.streaming(configuration: configuration) { [unowned self] request in
          bodies.append(request.body)
          return later()
        }
      }
      server.pausedClientsInterval = .milliseconds(1)
    }

    private func later() -> Deferred<HTTPServer.Response> {
      let deferred = Deferred<HTTPServer.Response>(canceller: { [unowned self] _ in cancelled += 1 })
      waiting.append(deferred)
      return deferred
    }
  }

  /// Of requests more than are kept, though no more than the kernel has room for, so that the end comes behind it; of a
  /// body as much as is kept for its handler.
  private static func sent(_ unread: Unread) -> String {
    switch unread {
    case .requests: get("/1") + String(repeating: get("/2"), count: 2000)
    case .body: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 140_000)
    }
  }

  private static func connection(on reactor: Reactor) -> ServerConnection? {
    reactor.handles.all(SocketTransport.self).lazy.compactMap { $0.streamProtocol as? ServerConnection }.first
  }

  /// Runs `body` once the server has paused reading.
  private func withPausedClient(_ scene: Scene, _ unread: Unread, _ body: @escaping (Reactor, ServerRawClient) -> Void)
    throws
  {
    let done = Deferred<Void>()
    try serving(scene.server) { reactor, port in
      reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: Self.sent(unread)) }.addCallback { client in
        if unread == .body {
          // A paused body alone does not pause reading.
          waitUntil(reactor) {
            Self.connection(on: reactor)?.machine.content.isPaused == true
          } then: {
            client.transport?.write(String(repeating: "x", count: 2000))
          }
        }
        waitUntil(reactor) {
          !scene.server.pausedConnections.isEmpty && !scene.waiting.isEmpty
        } then: {
          body(reactor, client)
          waitUntil(reactor) {
            scene.server.connectionCount == 0
          } then: {
            done.callback()
          }
        }
        return done
      }
    }
  }

  @Test(arguments: Leaving.allCases, Unread.allCases)
  func `a client that goes while nothing is read of it is noticed, and its handler cancelled`(
    leaving: Leaving, unread: Unread
  ) throws {
    let scene = Scene(unread)
    try withPausedClient(scene, unread) { _, client in
      if leaving == .end { client.transport?.close() } else { client.transport?.abort() }
    }
    #expect(scene.cancelled == 1)
  }

  @Test func `a half-closed client whose requests wait is answered, where such clients are`() throws {
    let scene = Scene(.requests, answersHalfClosedClients: true)
    try withPausedClient(scene, .requests) { reactor, client in
      client.transport?.closeWrite()
      var looks = 0
      waitUntil(reactor) {
        // It is looked for some times meanwhile.
        looks += 1
        return looks > 20
      } then: {
        #expect(scene.cancelled == 0 && scene.server.connectionCount == 1)
        client.transport?.abort()
      }
    }
    #expect(scene.cancelled == 1)
  }

  @Test func `no timer is left when nothing is paused`() throws {
    let scene = Scene(.requests)
    try withPausedClient(scene, .requests) { _, client in client.transport?.abort() }
    #expect(scene.server.pausedClientsTimer?.isActive != true)
  }

  // MARK: - Released reactors

  enum UnderWay: CaseIterable { case answer, stream, upload, stop }

  @Test(arguments: UnderWay.allCases)
  func `a reactor that is released releases connections with a request under way`(underWay: UnderWay) throws {
    let scene = Scene(underWay == .upload ? .body : .requests)
    var writer: HTTPServer.BodyWriter?
    let streaming = HTTPServer { _ in .stream { writer = $0 } }
    let server: HTTPServer = underWay == .stream ? streaming : scene.server
    weak var connection: ServerConnection?
    weak var released: Reactor?
    let client = ServerRawClient(
      sending: underWay == .upload ? "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx" : get())
    try { () throws in
      let reactor = Reactor()
      released = reactor
      let port = Int(try server.listen(0, on: reactor).localAddress.port)
      let limit = reactor.callLater(.seconds(10)) { [unowned reactor] in
        Issue.record("the test took too long")
        reactor.crash()
      }
      reactor.connectTCP("127.0.0.1", port) { client }.addErrback { error in
        Issue.record(error)
        return client
      }
      waitUntil(reactor) {
        !scene.waiting.isEmpty || writer != nil
      } then: { [unowned reactor] in
        connection = Self.connection(on: reactor)
        if underWay == .stop { server.stop(within: .seconds(100)) }
        limit.cancel()
        reactor.crash()
      }
      reactor.run(handlingSignals: false)
      #expect(connection != nil)
    }()
    #expect(released == nil && connection == nil)
    #expect(server.connectionCount == 0)
    // What comes too late changes nothing.
    for deferred in scene.waiting { deferred.callback(.text("late")) }
    #expect(writer?.write("late") != true)
    #expect(scene.cancelled == 0)
    withExtendedLifetime(client) {}
  }
}

/// Looks in each turn, without using a processor up.
private func waitUntil(_ reactor: Reactor, _ condition: @escaping () -> Bool, then body: @escaping () -> Void) {
  if condition() { return body() }
  reactor.callLater(.milliseconds(1)) { [unowned reactor] in waitUntil(reactor, condition, then: body) }
}

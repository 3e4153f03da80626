import Swirl
import Testing

@Suite struct ServerAccessLogTests {
  /// Collects the entries of the access log.
  final class Log {
    private(set) var lines: [String] = []

    func server(
      _ response: HTTPServer.Response, configuration: HTTPServer.Configuration = .init()
    ) -> HTTPServer {
      let server = HTTPServer(configuration: configuration) { _ in response }
      server.onFinish = { [self] in lines.append("\($0.status.code) \($0.bodyBytes) \($0.isComplete)") }
      return server
    }
  }

  private let content = [UInt8](repeating: 65, count: 50_000_000)

  @Test func anAnswerIsLoggedWhenAllOfItIsSent() {
    let log = Log()
    let transport = ServerMemoryTransport(log.server(.bytes(content)), on: Reactor())
    transport.capacity = 100_000
    transport.send(get())
    #expect(log.lines == [])
    transport.drain(10_000_000)
    #expect(log.lines == [])
    transport.drain()
    #expect(log.lines == ["200 50000000 true"])
  }

  @Test func whatTheClientDidNotTakeIsNotLoggedAsSent() {
    let log = Log()
    let transport = ServerMemoryTransport(log.server(.bytes(content)), on: Reactor())
    transport.capacity = 0
    transport.send(get())
    transport.drain(100_000)
    transport.lose()
    #expect(log.lines == ["200 \(50_000_000 - transport.bufferedBytes) false"])
  }

  @Test func ofAStreamThatIsCutOffWhatWasSentIsLogged() {
    var writer: HTTPServer.BodyWriter?
    let log = Log()
    let transport = ServerMemoryTransport(log.server(.stream(length: 100_000) { writer = $0 }), on: Reactor())
    transport.send(get())
    transport.capacity = 0
    writer?.write([UInt8](repeating: 65, count: 60_000))
    transport.drain(20_000)
    transport.lose()
    #expect(log.lines == ["200 20000 false"])
  }

  @Test func ofAStreamThatHasEndedWhatWasNotSentIsMissing() {
    let log = Log()
    let transport = ServerMemoryTransport(
      log.server(
        .stream(length: 60_000) {
          $0.write([UInt8](repeating: 65, count: 60_000))
          $0.end()
        }), on: Reactor())
    transport.capacity = 0
    transport.send(get())
    #expect(log.lines == [])
    transport.drain(transport.bufferedBytes - 10_000)
    transport.lose()
    #expect(log.lines == ["200 50000 false"])
  }

  @Test func whatIsAnsweredToAClientThatHasEndedItsSideIsLoggedOnceItIsSent() {
    var configuration = HTTPServer.Configuration()
    configuration.answersHalfClosedClients = true
    let log = Log()
    let transport = ServerMemoryTransport(log.server(.text("x"), configuration: configuration), on: Reactor())
    transport.capacity = 0
    transport.send(get())
    transport.sendEnd()
    transport.drain()
    #expect(log.lines == ["200 1 true"])
  }

  @Test func aResetOverARealConnectionIsLoggedAsIncomplete() throws {
    let log = Log()
    let server = log.server(.bytes(content))
    try serving(server) { reactor, port in
      let logged = Deferred<Void>()
      let inner = server.onFinish
      server.onFinish = {
        inner?($0)
        #expect($0.bodyBytes > 0 && $0.bodyBytes < 50_000_000)
        logged.callback()
      }
      return reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: get()) }.addCallback { client in
        client.onData = { client in if client.received.count > 100_000 { client.transport?.abort() } }
        return logged
      }
    }
    #expect(log.lines.count == 1 && log.lines[0].hasPrefix("200 ") && log.lines[0].hasSuffix(" false"))
  }
}

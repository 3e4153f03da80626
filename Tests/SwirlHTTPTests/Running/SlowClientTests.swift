import SwirlCoordination
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// Clients that send or read a byte a second.
@Suite struct SlowClientTests {
  private var configuration: HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration()
    configuration.headTimeout = .seconds(5)
    configuration.bodyTimeout = .seconds(5)
    configuration.minimumBodyRate = 240
    configuration.idleTimeout = .seconds(100)
    configuration.lingerTimeout = .seconds(1)
    configuration.limits.bodyBytes = 1 << 30
    return configuration
  }

  /// Sends `first`, and then a byte a second: the answer, and the second at which the server has ended.
  private func drip(_ first: String, _ server: HTTPServer, after pause: Duration = .zero) throws -> (String, Int64) {
    var answer = ("", Int64(-1))
    let network = MemoryNetwork(link: .init(latency: .zero))
    let reactor = network.reactor
    let port = try server.listen(0, on: reactor).port
    let client = ServerRawClient(sending: "")
    let calls = LoopingCall(clock: reactor) { client.transport?.write("x") }
    reactor.connectTCP("127.0.0.1", port) { client }.addCallback { _ in
      reactor.sleep(pause).addCallback {
        let start = reactor.now
        client.transport?.write(first)
        client.onData = { client in
          if answer.1 < 0 { answer.1 = (reactor.now - start).components.seconds }
        }
        calls.start(every: .seconds(1))
        return client.ended
      }
    }.addCallback {
      calls.stop()
      answer.0 = client.text
      reactor.stop()
    }
    let guardTimer = reactor.callLater(.seconds(3600)) { reactor.crash() }
    reactor.run(handlingSignals: false)
    guardTimer.cancel()
    return answer
  }

  @Test func `a head that drips is ended with 408, counted and logged once`() throws {
    let lines = LogLines()
    let server = HTTPServer(configuration: configuration) { _ in .text("") }
    server.logger = lines.logger()
    let (text, seconds) = try drip("GET / HTTP/1.1\r\nX-A: ", server)
    #expect(text.statuses == [408] && seconds == 5)
    #expect(server.slowClients == 1 && lines.all.count == 1)
    #expect(lines.all[0].contains("sent a request head too slowly, and was ended; 1 slow client so far"))
  }

  /// One counted the pause between two requests as slow sending.
  @Test func `the time of a head begins with its first byte, also on a kept connection`() throws {
    let server = HTTPServer(configuration: configuration) { _ in .text("") }
    let (text, seconds) = try drip(get() + "GET / HTTP/1.1\r\nX-A: ", server, after: .seconds(4))
    #expect(text.statuses == [200, 408] && seconds == 0)
  }

  @Test(arguments: [0, 1_000_000])
  func `a body that drips is ended with 408, however much came fast before`(fast: Int) throws {
    let server = HTTPServer(configuration: configuration) { _ in .text("") }
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
    let (text, seconds) = try drip(head + String(repeating: "y", count: fast), server)
    #expect(text.statuses == [408] && seconds == 5)
    #expect(server.slowClients == 1)
  }

  @Test func `a body at the least rate may take long`() throws {
    let server = HTTPServer(configuration: configuration) { .text("\($0.body.count)") }
    try serving(server, isVirtual: true) { reactor, port in
      let client = ServerRawClient(sending: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4800\r\n\r\n")
      var sent = 0
      let calls = LoopingCall(clock: reactor) {
        // Pieces that are small, and together fast enough.
        if sent < 4800 { client.transport?.write(String(repeating: "y", count: 120)) }
        sent += 120
      }
      return reactor.connectTCP("127.0.0.1", port) { client }.addCallback { _ -> Deferred<Void> in
        calls.start(every: .milliseconds(200))
        let answered = Deferred<Void>()
        client.onData = { _ in if !answered.isFired { answered.callback() } }
        return answered
      }.addCallback {
        calls.stop()
        #expect(client.text.statuses == [200] && client.text.hasSuffix("4800"))
        client.transport?.abort()
      }
    }
    #expect(server.slowClients == 0)
  }

  @Test func `one of many slow clients in ten seconds is logged`() {
    let lines = LogLines()
    let server = HTTPServer { _ in .text("") }
    server.logger = lines.logger()
    for second in 0..<25 { server.noteSlowClient(nil, .reading, at: Int64(second) * 1_000_000_000) }
    #expect(
      lines.all
        == [1, 11, 21].map {
          "notice a client read a response too slowly, and was ended; \($0) slow client\($0 == 1 ? "" : "s") so far"
        })
    #expect(server.slowClients == 25)
  }

  #if HTTP2
  @Test func `over HTTP/2 a stream that drips is ended with 408, and others go on`() throws {
    let bench = try HTTP2ServerBench(HTTPServer(configuration: configuration) { .text($0.path) })
    let client = bench.connect()
    let slow = client.request("POST /slow HTTP/1.1", String(repeating: "y", count: 60_000), isComplete: false)
    let calls = LoopingCall(clock: bench.reactor) { slow.write("x") }
    calls.start(every: .seconds(1))
    let start = bench.reactor.now
    bench.run { slow.status != nil }
    #expect(slow.status == 408)
    #expect((4...7).contains((bench.reactor.now - start).components.seconds))
    calls.stop()
    let other = client.request("GET /other HTTP/1.1")
    bench.run { other.closed != nil }
    #expect(other.text == "/other" && bench.server.slowClients == 1)
  }
  #endif
}

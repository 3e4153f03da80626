import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

@Suite struct ServerTimeLimitTests {
  /// Fires the pending timers of `reactor`.
  private func fireTimers(_ reactor: Reactor) {
    reactor.timers.runDue(at: .max, madeBefore: reactor.timers.mark) { _, body in
      do { try body() } catch { Issue.record(error) }
    }
  }

  /// Per minute.
  @Test(arguments: [(1, true), (14_399, true), (14_400, false), (100_000, false)])
  func `a client that takes less than the minimum rate is aborted`(taken: Int, isAborted: Bool) {
    let reactor = Reactor()
    let server = HTTPServer { _ in .bytes([UInt8](repeating: 65, count: 1_000_000)) }
    let transport = ServerMemoryTransport(server, on: reactor)
    transport.capacity = 0
    transport.send(get())
    for _ in 0..<3 {
      transport.drain(taken)
      fireTimers(reactor)
    }
    #expect(transport.isAborted == isAborted)
  }

  /// Too few bytes for the transport to call `resumeWriting`.
  @Test(arguments: [(0, true), (20_000, false)])
  func `a client that still takes an answer is not idle`(taken: Int, isAborted: Bool) {
    let reactor = Reactor()
    let server = HTTPServer { _ in .bytes([UInt8](repeating: 65, count: 60_000)) }
    let transport = ServerMemoryTransport(server, on: reactor, high: 64 * 1024)
    transport.capacity = 0
    transport.send(get())
    fireTimers(reactor)
    #expect(!transport.isAborted && !transport.isClosed)
    transport.drain(taken)
    fireTimers(reactor)
    #expect(transport.isAborted == isAborted)
    transport.drain()
    fireTimers(reactor)
    fireTimers(reactor)
    #expect(transport.isClosed)
  }

  @Test func `a client that takes its last answer slowly is not held to the time for closing`() {
    let reactor = Reactor()
    let server = HTTPServer { _ in .bytes([UInt8](repeating: 65, count: 1_000_000)) }
    let transport = ServerMemoryTransport(server, on: reactor)
    transport.capacity = 0
    // The second request is invalid, so the server closes its direction after the response, and waits for the client.
    transport.send(get() + "NONSENSE\r\n\r\n")
    // Down to the low-water mark, so that the server resumes.
    transport.drain(transport.bufferedBytes - 50)
    #expect(transport.isWriteClosed)
    let left = reactor.delayedCalls.map { $0.time - reactor.now }
    #expect(left.count == 1 && left[0] > .seconds(30))
    transport.drain()
    let after = reactor.delayedCalls.map { $0.time - reactor.now }
    #expect(after.count == 1 && after[0] < .seconds(3))
  }

  /// A server whose handler never answers, and the outcome of a request.
  private func talk(
    to server: HTTPServer, _ request: String, timeout: Duration = .milliseconds(30)
  ) throws -> String {
    var text = ""
    try serving(server, isVirtual: true) { reactor, port in
      reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: request) }.addCallback { client in
        client.ended.addCallback { text = client.text }
      }
    }
    return text
  }

  private var limited: HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = .milliseconds(30)
    configuration.idleTimeout = .milliseconds(30)
    configuration.lingerTimeout = .milliseconds(10)
    return configuration
  }

  @Test func `a handler that takes too long is cancelled, and its client answered`() throws {
    var cancelled = 0
    let lines = LogLines()
    let server = HTTPServer(configuration: limited) { request -> Deferred<HTTPServer.Response> in
      if request.path == "/quick" { return .succeed(.text("quick")) }
      return Deferred<HTTPServer.Response>(canceller: { _ in cancelled += 1 })
    }
    server.logger = lines.logger()
    let text = try talk(to: server, get("/quick") + get("/slow") + get("/quick"))
    #expect(text.statuses == [200, 503, 200])
    #expect(cancelled == 1)
    #expect(lines.all.count == 1 && lines.all[0].contains("GET /slow HTTP/1.1"))
    #expect(lines.all[0].contains("has not answered within 0.03 seconds"))
  }

  @Test func `so is one that takes a body while it comes, from the end of that`() throws {
    var cancelled = 0
    let server = HTTPServer.streaming(configuration: limited) { request in
      let body = request.body
      let answer = Deferred<HTTPServer.Response>(canceller: { _ in
        _ = body
        cancelled += 1
      })
      return answer
    }
    let text = try talk(to: server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    #expect(text.statuses == [503])
    #expect(cancelled == 1)
  }

  /// A client that waits for a 100 before it sends three bytes, and a handler that has the request and `answer`s later.
  private func waiting(
    _ configuration: HTTPServer.Configuration = HTTPServer.Configuration(), fields: String = "Expect: 100-continue\r\n",
    _ check: (ServerMemoryTransport, HTTPServer, Reactor) -> Void
  ) {
    let reactor = Reactor(clock: .virtual())
    var kept: HTTPServer.StreamedRequest?
    let server = HTTPServer.streaming(configuration: configuration) { request in
      kept = request
      return reactor.sleep(.seconds(100)).addCallback { () -> Deferred<HTTPServer.Response> in
        let body = request.body
        kept = nil
        return Deferred {
          var count = 0
          for try await bytes in body { count += bytes.count }
          return .text("\(count)")
        }
      }
    }
    server.logger = LogLines().logger()
    let transport = ServerMemoryTransport(server, on: reactor)
    transport.send("POST / HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: 3\r\n\r\n")
    check(transport, server, reactor)
    withExtendedLifetime(kept) { kept = nil }
  }

  @Test func `a client that waits for a 100 has the time for its content from there`() {
    waiting { transport, server, reactor in
      reactor.run(for: .seconds(99))
      #expect(transport.text == "")
      reactor.run(for: .seconds(2))
      #expect(transport.text == "HTTP/1.1 100 Continue\r\n\r\n")
      reactor.run(for: .seconds(28))
      transport.send("abc")
      reactor.run(for: .seconds(1))
      #expect(transport.text.statuses == [100, 200] && transport.text.hasSuffix("3"))
      #expect(server.slowClients == 0)
    }
    // It is held to that time.
    waiting { transport, server, reactor in
      reactor.run(for: .seconds(131))
      #expect(transport.text.statuses == [100, 408] && server.slowClients == 1)
    }
  }

  @Test func `a client that sends without its 100 has the time from its first byte`() {
    waiting { transport, server, reactor in
      reactor.run(for: .seconds(50))
      transport.send("ab")
      reactor.run(for: .seconds(29))
      transport.send("c")
      reactor.run(for: .seconds(30))
      #expect(transport.text.statuses == [200] && server.slowClients == 0)
    }
  }

  @Test func `a handler that leaves a client waiting for a 100 is late`() {
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = .seconds(2)
    waiting(configuration) { transport, server, reactor in
      reactor.run(for: .seconds(3))
      #expect(transport.text.statuses == [503] && server.slowClients == 0)
    }
    // Without an expectation the client has its time first.
    waiting(configuration, fields: "") { transport, server, reactor in
      reactor.run(for: .seconds(29))
      #expect(transport.text == "")
      reactor.run(for: .seconds(2))
      #expect(transport.text.statuses == [408] && server.slowClients == 1)
    }
  }

  @Test func `a handler that leaves the content is late from then on`() {
    let reactor = Reactor(clock: .virtual())
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = .seconds(2)
    let server = HTTPServer.streaming(configuration: configuration) { _ in Deferred() }
    server.logger = LogLines().logger()
    let transport = ServerMemoryTransport(server, on: reactor)
    transport.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nsome")
    reactor.run(for: .seconds(3))
    #expect(transport.text.statuses == [503] && server.slowClients == 0)
  }

  @Test func `a time without end can be counted with`() {
    var configuration = HTTPServer.Configuration()
    configuration.headTimeout = .seconds(Int64.max)
    configuration.bodyTimeout = .seconds(Int64.max)
    configuration.idleTimeout = .seconds(Int64.max)
    configuration.writeTimeout = .seconds(Int64.max)
    configuration.handlerTimeout = .seconds(Int64.max)
    configuration.minimumWriteRate = .max
    let server = HTTPServer(configuration: configuration) { $0.path == "/" ? .succeed(.text("x")) : Deferred() }
    #expect(answer(server, get() + get("/later")).statuses == [200])
  }
}

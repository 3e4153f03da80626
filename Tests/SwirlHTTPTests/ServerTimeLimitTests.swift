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

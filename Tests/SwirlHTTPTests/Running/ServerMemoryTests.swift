import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// One bound on all that waits in a server.
@Suite struct ServerMemoryTests {
  private func server(limit: Int?, _ lines: LogLines = LogLines(), content: Int = 10) -> HTTPServer {
    var configuration = HTTPServer.Configuration()
    configuration.maximumBufferedBytes = limit
    let server = HTTPServer(configuration: configuration) { _ in .bytes([UInt8](repeating: 65, count: content)) }
    server.logger = lines.logger()
    return server
  }

  private func upload(_ length: Int) -> String { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n" }
  private func text(_ count: Int) -> String { String(repeating: "y", count: count) }

  @Test func `bodies that arrive beyond it get 503 with Retry-After, and what they held is free`() {
    let lines = LogLines()
    let server = server(limit: 100_000, lines)
    let reactor = Reactor(clock: .virtual())
    let clients = (0..<4).map { _ in ServerMemoryTransport(server, on: reactor, high: 1 << 20) }
    for client in clients { client.send(upload(60_000) + text(30_000)) }
    #expect(clients.map { $0.text.statuses } == [[], [], [], [503]])
    #expect(clients[3].text.contains("Retry-After: 1\r\n"))
    #expect((90_000..<100_000).contains(server.bufferedBytes))
    // Others are refused until three quarters are left.
    clients[0].send(text(1))
    #expect(clients[0].text.statuses == [503] && server.bufferedBytes < 75_000)
    clients[1].send(text(30_000))
    #expect(clients[1].text.statuses == [200])
    #expect(lines.all.count == 1 && lines.all[0].hasPrefix("warning 12"))
    for client in clients { client.lose() }
    #expect(server.bufferedBytes == 0 && server.memory?.total == 0)
  }

  @Test func `output that clients do not take counts, and new requests are refused meanwhile`() {
    let server = server(limit: 1_000_000, content: 600_000)
    let reactor = Reactor(clock: .virtual())
    let clients = (0..<3).map { _ in ServerMemoryTransport(server, on: reactor) }
    for client in clients { client.capacity = 0 }
    for client in clients { client.send(get()) }
    #expect(clients.map { $0.text.statuses.first } == [200, 200, 503])
    #expect(server.bufferedBytes > 1_200_000)
    clients[0].drain()
    clients[1].drain()
    clients[2].drain()
    #expect(server.bufferedBytes == 0)
    clients[2].send(get())
    #expect(clients[2].text.statuses == [503, 200])
    for client in clients { client.lose() }
  }

  /// The transport takes some of its output without a call.
  @Test func `what the kernel has taken meanwhile is not held against others`() {
    let server = server(limit: 1_000_000, content: 600_000)
    let reactor = Reactor(clock: .virtual())
    let clients = (0..<2).map { _ in ServerMemoryTransport(server, on: reactor) }
    for client in clients { client.capacity = 0 }
    clients[0].send(get())
    clients[0].drain(500_000)
    clients[1].send(get())
    #expect(clients[1].text.statuses == [200])
    #expect(server.memory?.isOver == false)
    for client in clients { client.lose() }
  }

  @Test func `without a limit it is counted, too`() {
    let server = server(limit: nil, content: 600_000)
    let client = ServerMemoryTransport(server, on: Reactor(clock: .virtual()))
    client.capacity = 0
    client.send(get())
    #expect(server.bufferedBytes > 600_000)
    client.lose()
    #expect(server.bufferedBytes == 0)
  }

  #if HTTP2
  @Test func `over HTTP/2 the streams count, and those that take it beyond are answered`() throws {
    let bench = try HTTP2ServerBench(server(limit: 100_000))
    let clients = [bench.connect(), bench.connect()]
    let calls = clients.flatMap { client in
      (0..<2).map { _ in client.request("POST / HTTP/1.1", text(30_000), isComplete: false) }
    }
    bench.run { calls.contains { $0.status != nil } }
    #expect(calls.compactMap(\.status).allSatisfy { $0 == 503 })
    bench.run { calls.compactMap(\.status).count == 2 && bench.server.bufferedBytes < 75_000 }
    let rest = calls.filter { $0.status == nil }
    for call in rest { call.end() }
    bench.run { rest.allSatisfy { $0.status == 200 } }
    #expect(bench.server.bufferedBytes == 0)
  }
  #endif
}

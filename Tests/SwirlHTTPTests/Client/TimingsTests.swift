import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct TimingsTests {
    @Test func `the steps of the first request are in their order, and those of the next have no connection to make`()
      throws
    {
      let bench = try ClientBench(on: .memory) { request in
        request.connection.transport.reactor.callLater(.milliseconds(30)) { request.answer("late") }
      }
      let first = bench.fetch("http://localhost:\(bench.server.port)/")
      bench.reactor.resolver.lookup = { _ in
        let answer = Deferred<[SocketAddress]>()
        bench.reactor.callLater(.milliseconds(20)) { answer.callback([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
        return answer
      }
      let named = bench.fetch("http://a.test:\(bench.server.port)/")
      bench.run()
      let timings = try #require(named.response?.timings)
      let resolved = try #require(timings.resolved)
      let connected = try #require(timings.connected)
      let done = try #require(timings.done)
      #expect(resolved == .milliseconds(20) && connected == resolved && timings.sent == connected)
      #expect(timings.firstByte == .milliseconds(50) && done == timings.firstByte)
      #expect(timings.secured == nil && !timings.isReused)
      #expect(first.response?.timings.isReused == false)
      #expect(timings.start.duration(to: bench.reactor.now) >= done)

      let again = bench.fetch("http://a.test:\(bench.server.port)/")
      bench.run()
      let next = try #require(again.response?.timings)
      #expect(next.isReused && next.resolved == nil && next.connected == nil)
      #expect(next.sent == .zero && next.done == .milliseconds(30))
      bench.end()
    }

    @Test(.http1Only("requests wait for a connection"))
    func `a request that waits for a connection is sent later than asked for`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration, on: .memory) { request in
        request.connection.transport.reactor.callLater(.milliseconds(20)) { request.answer("late") }
      }
      let outcomes = (0..<3).map { bench.fetch("/\($0)") }
      bench.run()
      let sent = try outcomes.map { try #require($0.response?.timings.sent) }
      #expect(sent == [.zero, .milliseconds(20), .milliseconds(40)])
      bench.end()
    }
  }

  @Suite(.inBothVersions) struct TrailersTests {
    private static func serve(_ request: RawRequest) {
      let fields = request.target == "/no" ? "" : "X-Sum: 7\r\nX-Sum: 8\r\n"
      request.connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\(fields)\r\n")
    }

    @Test func `the fields after the content are those of the response`() throws {
      let bench = try ClientBench { Self.serve($0) }
      let with = bench.fetch("/")
      let without = bench.fetch("/no")
      bench.run()
      #expect(with.response?.trailers?[values: HTTPField.Name("X-Sum")!] == ["7", "8"])
      #expect(with.response?["x-sum"] == nil)
      #expect(without.response?.trailers == nil)
      bench.end()
    }

    @Test func `a streamed response has them when its content has ended`() async throws {
      let thread = ReactorThread()
      let url = try await thread.call { reactor in
        let server = try RawServer(on: reactor, Self.serve)
        reactor.addSystemEventTrigger(.before, .shutdown) { _ = server }
        return server.url
      }
      let response = try await thread.value { HTTPClient.of($0).stream(HTTPClient.Request(url)) }
      var count = 0
      for try await piece in response.body { count += piece.count }
      #expect(count == 5)
      #expect(response.trailers?[values: HTTPField.Name("X-Sum")!] == ["7", "8"])
      thread.stop()
    }
  }
}

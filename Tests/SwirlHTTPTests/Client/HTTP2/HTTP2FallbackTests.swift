#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// What requests get when the connection that was meant for them cannot carry them.
  @Suite(.failsOnUnhandledFailures) struct HTTP2FallbackTests {
    @Test func `a connection of HTTP/2 that comes after HTTP_1_1_REQUIRED carries nothing, and undoes nothing`() throws
    {
      let bench = try HTTP2Bench(streams: 1, authority: TestAuthority(), offersHTTP1: true)
      bench.fetch("/first")
      bench.run()
      var held: HTTP2Request?
      bench.answer = { held = $0 }
      let required = bench.fetch("/required")
      bench.run(until: { held != nil })
      // The stream of the only connection is in use: a second connection is begun, which offers HTTP/2.
      let waiting = bench.fetch("/waiting")
      held?.reset(.http11Required)
      bench.run()
      #expect(required.text == "one" && waiting.text == "one" && bench.requests.count == 2)
      bench.run(until: { bench.connections.allSatisfy(\.isLost) })
      let later = (0..<5).map { bench.fetch("/later\($0)") }
      bench.run()
      #expect(later.allSatisfy { $0.text == "one" && $0.response?.head.version == .http11 })
      bench.client.close()
      bench.run(until: { bench.client.connections == 0 })
    }

    @Test func `a repeated request that waits for a connection which cannot be made has one that is there`() throws {
      let bench = try HTTP2Bench(streams: 1)
      bench.fetch("/first")
      bench.run()
      var held: [HTTP2Request] = []
      bench.answer = { held.append($0) }
      let kept = bench.fetch("/kept")
      let cut = bench.fetch("/cut")
      bench.run(until: { held.count == 2 })
      let (first, second) = (held[0], held[1])
      try #require(first.path == "/kept" && first.connection !== second.connection)
      bench.listener.stop()
      bench.answer = { $0.answer("again") }
      second.connection.transport?.abort()
      first.answer("kept")
      bench.run()
      #expect(kept.text == "kept" && cut.text == "again", "\(cut)")
      #expect(bench.connections.count == 2 && bench.requests.last?.connection === first.connection)
    }

    @Test(arguments: ["configuration", "request"])
    func `a proxy that forwards is asked in HTTP/1.1, whatever is known of the origin`(place: String) throws {
      let network = MemoryNetwork(seed: 1)
      let proxy = HTTPServer { .text("\($0.version) \($0.target)") }
      let listener = try proxy.listen(0, interface: "127.0.0.1", on: network.reactor)
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: listener.localAddress.port))
      var request = HTTPClient.Request("http://origin.test/path")
      if place == "configuration" { configuration.http2 = .priorKnowledge } else { request.http2 = .priorKnowledge }
      let client = HTTPClient(configuration, on: network.reactor)
      var texts: [String] = []
      for _ in 0..<2 {
        client.fetch(request) { result in texts.append((try? result.get().text) ?? "\(result)") }
        network.reactor.run(for: .seconds(1))
      }
      #expect(texts == Array(repeating: "HTTP/1.1 http://origin.test/path", count: 2))
      #expect(client.counts.idle == 1)
      client.close()
      listener.stop()
    }
  }
}
#endif

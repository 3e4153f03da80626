#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// Requests that a server refuses before it looks at them (RFC 9113 §8.7).
  @Suite(.failsOnUnhandledFailures) struct HTTP2RefusalTests {
    @Test func `a server that refuses gets time, more each time`() throws {
      let bench = try HTTP2Bench()
      var times: [Reactor.Instant] = []
      bench.answer = { request in
        times.append(bench.reactor.now)
        request.reset(.refusedStream)
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.httpError?.code == .closedEarly && times.count == 11)
      #expect(outcome.httpError?.reason.contains("REFUSED_STREAM") == true)
      let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
      #expect(pauses[0] < .milliseconds(20))
      for (number, pause) in pauses.dropFirst().enumerated() {
        let least = Duration.milliseconds(20 << number)
        #expect(pause >= least && pause < least + .milliseconds(10), "\(number): \(pause)")
      }
    }

    @Test(arguments: ["cancelled", "timeout", "clientClosed"])
    func `the pause ends with the request and with its client`(how: String) throws {
      let bench = try HTTP2Bench()
      bench.answer = { $0.reset(.refusedStream) }
      let outcome = bench.fetch("/", timeout: how == "timeout" ? .milliseconds(200) : nil)
      bench.run(for: .milliseconds(150))
      let count = bench.requests.count
      #expect(outcome.count == 0 && count == 5)
      let start = bench.reactor.now
      switch how {
      case "cancelled": outcome.cancel()
      case "clientClosed": bench.client.close()
      default: break
      }
      bench.run()
      #expect(how == "cancelled" ? outcome.error is CancelledError : "\(outcome)" == how)
      #expect(bench.reactor.now - start < .milliseconds(200))
      bench.run(for: .seconds(5))
      #expect(bench.requests.count == count)
    }

    @Test func `a reactor that is released in the pause releases the request`() throws {
      weak var exchange: HTTPClient.Exchange?
      do {
        let bench = try HTTP2Bench()
        bench.answer = { $0.reset(.refusedStream) }
        exchange = bench.client.fetch(HTTPClient.Request(bench.url)) { _ in Issue.record("a call after the end") }
        bench.run(for: .milliseconds(150))
        #expect(exchange != nil)
        bench.answer = { _ in }
      }
      #expect(exchange == nil)
    }

    @Test(arguments: [1, 3, 100])
    func `a server that ends each connection after one request answers all`(streams: Int) throws {
      let bench = try HTTP2Bench(streams: streams)
      var ended: Set<ObjectIdentifier> = []
      bench.answer = { request in
        // The rest of this read is above the last stream.
        guard ended.insert(ObjectIdentifier(request.connection)).inserted else { return }
        request.answer(request.path)
        request.connection.session.goAway(lastStream: request.id)
        request.connection.flush()
      }
      let start = bench.reactor.now
      let outcomes = (0..<200).map { bench.fetch("/\($0)", method: .post, body: .text("x")) }
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == $0.target })
      #expect(bench.reactor.now - start < .seconds(1))
    }

    @Test func `a server that takes nothing on any connection is given up`() throws {
      let bench = try HTTP2Bench()
      bench.answer = { request in
        request.connection.session.goAway(lastStream: 0)
        request.connection.flush()
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.httpError?.reason.contains("REFUSED_STREAM") == true && bench.connections.count == 11)
    }

    @Test func `a new connection begins no more streams than the server took on the last`() throws {
      let bench = try HTTP2Bench(streams: 3)
      var held: [HTTP2Request] = []
      bench.answer = { held.append($0) }
      bench.fetch("/first")
      bench.run(until: { held.count == 1 })
      bench.connections[0].session.goAway(lastStream: 1)
      bench.connections[0].flush()
      let outcomes = (0..<20).map { bench.fetch("/\($0)") }
      bench.run(for: .milliseconds(50))
      // Two more connections; without a refusal.
      #expect(held.count == 7 && bench.connections.allSatisfy { $0.resets.isEmpty })
      bench.answer = { $0.answer("x") }
      for request in held { request.answer("x") }
      bench.run()
      #expect(outcomes.allSatisfy { $0.text == "x" })
    }
  }
}
#endif

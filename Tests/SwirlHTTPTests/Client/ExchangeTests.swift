import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct ExchangeTests {
    /// The state of a request when it is cancelled.
    enum Step: CaseIterable {
      case atOnce
      case waitingInLine
      case resolving
      case connecting
      case sent
      case sendingContent
      case inTheHead
      case inTheBody
      case inTheBodyReadDirectly
      case inAChunk
      case beforeItsErrorIsTold
    }

    @Test(arguments: Step.allCases, Outcome.Form.allCases)
    func `a request can be cancelled at every step, and what it took is free`(
      _ step: Step, _ form: Outcome.Form
    ) throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      var outcome: Outcome!
      let bench = try ClientBench(configuration) { request in
        let connection = request.connection
        let cancelSoon = { _ = connection.transport.reactor.callLater(.milliseconds(5)) { outcome.cancel() } }
        guard request.target == "/x" else { return request.answer("hello") }
        switch step {
        case .sent: break
        case .inTheHead: connection.send("HTTP/1.1 200 OK\r\nX")
        case .inTheBody: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        case .inTheBodyReadDirectly:
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\(String(repeating: "a", count: 100_000))")
        case .inAChunk: connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nabc")
        default: Issue.record("the request arrived")
        }
        cancelSoon()
      }
      var target = "/x"
      switch step {
      case .waitingInLine: bench.fetch("/before")
      case .resolving:
        bench.reactor.resolver.lookup = { _ in Deferred() }
        target = "http://slow.test/"
      case .beforeItsErrorIsTold: target = "nonsense"
      case .sendingContent: bench.server.onConnect = { if $0.number == 1 { $0.transport.pauseReading() } }
      default: break
      }
      let body = step == .sendingContent ? pattern(20_000_000) : nil
      outcome = bench.fetch(target, form, method: body == nil ? .get : .post, body: body)
      switch step {
      case .atOnce, .waitingInLine, .connecting, .beforeItsErrorIsTold: outcome.cancel()
      case .resolving, .sendingContent: bench.reactor.callLater(.milliseconds(20)) { outcome.cancel() }
      default: break
      }
      bench.run()
      #expect("\(outcome!)" == "CancellationError()")
      #expect(outcome.error is CancelledError)
      outcome.cancel()
      for connection in bench.server.connections { connection.transport.resumeReading() }
      let next = bench.fetch("/next")
      bench.run()
      #expect("\(next)" == "200 hello")
      bench.end()
      #expect(outcome.exchange == nil)
      #expect(outcome.deferred == nil)
      #expect(outcome.count == 1)
    }

    @Test(arguments: Outcome.Form.allCases)
    func `cancelling after the end, and twice, does nothing`(_ form: Outcome.Form) throws {
      let bench = try ClientBench()
      let connections = WireVersion.current == .http1 ? 3 : 1
      let exchange = bench.client.fetch(HTTPClient.Request(bench.server.url)) { _ in }
      let deferred = bench.client.fetch(HTTPClient.Request(bench.server.url))
      let outcome = bench.fetch("/", form)
      bench.run { outcome.result != nil && deferred.isFired && bench.client.counts.idle == connections }
      for _ in 0..<2 {
        exchange.cancel()
        deferred.cancel()
        outcome.cancel()
      }
      #expect("\(outcome)" == "200 hello")
      #expect("\(deferred)".contains("200"))
      #expect(bench.client.counts.idle == connections)
      let early = bench.fetch("/early", form)
      for _ in 0..<2 { early.cancel() }
      #expect("\(early)" == "CancellationError()")
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases, Outcome.Form.allCases)
    func `a callback may cancel its own request, and others`(_ form: Outcome.Form, _ other: Outcome.Form) throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 2
      let bench = try ClientBench(configuration) { if $0.target != "/silent" { $0.answer("hello") } }
      var others: [Outcome] = []
      others.append(bench.fetch("/silent", other))
      let first = bench.fetch("/first", form) { outcome in
        outcome.cancel()
        for other in others { other.cancel() }
      }
      others.append(bench.fetch("/inLine", other))
      others.append(bench.fetch("bad url", other))
      bench.run()
      #expect("\(first)" == "200 hello")
      #expect("\(others[0])" == "CancellationError()")
      // It got the connection before the callback ran.
      #expect("\(others[1])" == "CancellationError()")
      #expect(bench.log.count == 4)
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases)
    func `all the requests of a client may be cancelled in the callback of the first`(_ form: Outcome.Form) throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 3
      let bench = try ClientBench(configuration)
      var all: [Outcome] = []
      var isFirst = true
      for index in 0..<1000 {
        all.append(
          bench.fetch("/\(index)", form) { _ in
            guard isFirst else { return }
            isFirst = false
            for outcome in all.reversed() { outcome.cancel() }
          })
      }
      bench.run()
      #expect(all.count { "\($0)" == "CancellationError()" } == 999)
      let next = bench.fetch("/")
      bench.run()
      #expect("\(next)" == "200 hello")
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases, ["/", "/close", "bad url"])
    func `a request is freed when it has ended`(_ form: Outcome.Form, _ target: String) throws {
      let bench = try ClientBench { $0.target == "/" ? $0.answer("hello") : $0.connection.close() }
      let outcome = bench.fetch(target, form)
      bench.run()
      #expect(outcome.count == 1)
      #expect(outcome.exchange == nil)
      #expect(outcome.deferred == nil)
      bench.end()
    }

    @Test func `a cancelled Deferred calls its errback, and its chain continues`() throws {
      let bench = try ClientBench(on: .memory) { _ in }
      var seen: [String] = []
      let page = bench.client.fetch(HTTPClient.Request(bench.server.url))
      let chain = page.addCallback { $0.text }.addErrback { "\($0)" }.addCallback { seen.append($0) }
      bench.reactor.callLater(.milliseconds(10)) { chain.cancel() }
      bench.run { !seen.isEmpty }
      #expect(seen == ["CancellationError()"])
      bench.end()
    }

    @Test func `a Deferred's addTimeout cancels the request`() throws {
      let bench = try ClientBench(on: .memory) { _ in }
      var seen: [any Error] = []
      bench.client.fetch(HTTPClient.Request(bench.server.url)).addTimeout(.milliseconds(10), clock: bench.reactor)
        .addErrback {
          seen.append($0)
          throw $0
        }.addBoth { _ in }
      bench.run { !seen.isEmpty && bench.client.connections == 0 }
      #expect(
        seen.first as? TimeoutError
          == TimeoutError(after: .milliseconds(10), what: "GET \(bench.server.url)/"))
      bench.end()
    }
  }
}

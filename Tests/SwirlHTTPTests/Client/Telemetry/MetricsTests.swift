#if Metrics
import CoreMetrics
import HTTPTypes
import MetricsTestKit
import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct MetricsTests {
    private func dimensions(_ bench: ClientBench, _ more: [(String, String)] = []) -> [(String, String)] {
      [
        ("http.request.method", "GET"), ("server.address", "127.0.0.1"), ("server.port", "\(bench.server.port)"),
        ("url.scheme", "http"),
      ] + more
    }

    @Test func `requests are timed, by their server and what came of them`() throws {
      let metrics = TestMetrics()
      let bench = try ClientBench { request in
        if request.target == "/closes" { return request.connection.close() }
        request.answer("x", status: request.target == "/" ? "200 OK" : "503 Later")
      }
      bench.client.intercept(.metrics(metrics))
      for target in ["/", "/", "/later", "/closes"] {
        bench.fetch(target)
        bench.run()
      }
      let name = "http.client.request.duration"
      let good = try metrics.expectTimer(name, dimensions(bench, [("http.response.status_code", "200")]))
      #expect(good.values.count == 2 && good.values.allSatisfy { $0 > 0 })
      let later = try metrics.expectTimer(
        name, dimensions(bench, [("http.response.status_code", "503"), ("error.type", "503")]))
      #expect(later.values.count == 1)
      #expect(try metrics.expectTimer(name, dimensions(bench, [("error.type", "closedEarly")])).values.count == 1)
      #expect(metrics.timers.count == 3)
      bench.end()
    }

    @Test func `those under way are counted, and one that is cancelled is no more`() throws {
      let metrics = TestMetrics()
      let bench = try ClientBench { _ in }
      bench.client.intercept(.metrics(metrics))
      let outcomes = [bench.fetch("/1"), bench.fetch("/2")]
      bench.run(until: { bench.server.requests.count == 2 })
      let meter = try metrics.expectMeter("http.client.active_requests", dimensions(bench))
      #expect(meter.lastValue == 2)
      for outcome in outcomes { outcome.cancel() }
      bench.run()
      #expect(meter.lastValue == 0)
      #expect(metrics.timers.map { $0.dimensions.last?.1 } == ["CancellationError"])
      bench.end()
    }

    @Test func `what is no URL and a method of somebody's own make no series of their own`() throws {
      let metrics = TestMetrics()
      let bench = try ClientBench()
      bench.client.intercept(.metrics(metrics))
      for number in 0..<3 {
        bench.fetch("nonsense\(number)", method: .init("METHOD\(number)")!)
        bench.run()
      }
      let timer = try metrics.expectTimer(
        "http.client.request.duration", [("http.request.method", "_OTHER"), ("error.type", "invalidURL")])
      #expect(timer.values.count == 3 && metrics.timers.count == 1)
      bench.end()
    }
  }
}
#endif

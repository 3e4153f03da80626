#if Tracing
import HTTPTypes
import InMemoryTracing
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing
import Tracing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct TracingTests {
    /// The attributes of a span, by their names.
    private func attributes(_ span: FinishedInMemorySpan) -> [String: String] {
      var all: [String: String] = [:]
      span.attributes.forEach { all[$0] = "\($1)" }
      return all
    }

    @Test func `a span for each request, whose context the server gets`() throws {
      let tracer = InMemoryTracer()
      let bench = try ClientBench { request in
        if request.target.hasPrefix("/closes") { return request.connection.close() }
        request.answer("x", status: request.target == "/missing" ? "404 No" : "200 OK")
      }
      bench.client.intercept(.tracing(tracer))
      for target in ["/", "/missing", "/closes?token=s3cret"] {
        bench.fetch(target)
        bench.run()
      }
      let spans = tracer.finishedSpans
      #expect(spans.map(\.operationName) == ["GET", "GET", "GET"] && spans.allSatisfy { $0.kind == .client })
      #expect(tracer.activeSpans.isEmpty)
      let told = bench.server.requests.prefix(2).map { $0.values(InMemoryTracer.spanIDKey) }
      #expect(told == spans.prefix(2).map { [$0.spanID] })
      let found = spans.map(attributes)
      #expect(found[0]["http.request.method"]?.contains("GET") == true)
      #expect(found[0]["url.full"]?.contains(bench.server.url + "/") == true)
      #expect(found[0]["server.address"]?.contains("127.0.0.1") == true)
      #expect(found[0]["server.port"]?.contains("\(bench.server.port)") == true)
      #expect(found[0]["http.response.status_code"]?.contains("200") == true && found[0]["error.type"] == nil)
      #expect(found[1]["error.type"]?.contains("404") == true && spans[1].status?.code == .error)
      #expect(found[2]["error.type"]?.contains("closedEarly") == true && spans[2].status?.code == .error)
      #expect(!found[2].values.joined().contains("s3cret"))
      bench.end()
    }

    @Test func `it is beneath the span of the task that asks, wherever that runs`() async throws {
      let tracer = InMemoryTracer()
      let thread = ReactorThread()
      let url = try await thread.remote.run { reactor in
        HTTPClient.of(reactor).intercept(.tracing(tracer))
        let server = HTTPServer { .text($0.headers[HTTPField.Name(InMemoryTracer.spanIDKey)!] ?? "none") }
        return "http://\(try server.listen(0).localAddress)/"
      }
      let parent = tracer.startSpan("parent")
      try await ServiceContext.withValue(parent.context) {
        let told = try await Task(executorPreference: thread.remote) { try await fetch(url).text }.value
        #expect(told == tracer.finishedSpans.last?.spanID)
        // As for another thread, where the task-local is missing.
        #expect(HTTPClient.Request(url).withTracingContext.tracingContext != nil)
      }
      #expect(tracer.finishedSpans.last?.parentSpanID == parent.spanID)
      parent.end()
      thread.stop()
    }

    @Test func `or beneath the context that a request names`() throws {
      let tracer = InMemoryTracer()
      let bench = try ClientBench()
      bench.client.intercept(.tracing(tracer))
      let parent = tracer.startSpan("parent")
      var request = HTTPClient.Request(bench.server.url)
      request.tracingContext = parent.context
      bench.fetch(request)
      // With the context that is current at the call, before the reactor runs.
      ServiceContext.withValue(parent.context) { _ = bench.fetch("/") }
      bench.run()
      #expect(tracer.finishedSpans.map(\.parentSpanID) == [parent.spanID, parent.spanID])
      bench.end()
    }

    @Test func `what was cancelled has ended`() throws {
      let tracer = InMemoryTracer()
      let bench = try ClientBench { _ in }
      bench.client.intercept(.tracing(tracer))
      let outcome = bench.fetch("/")
      bench.run(until: { bench.server.requests.count == 1 })
      outcome.cancel()
      bench.run()
      #expect(tracer.activeSpans.isEmpty && tracer.finishedSpans.count == 1)
      bench.end()
    }
  }
}
#endif

#if HTTP2
import HTTPTypes
import Swirl
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

/// Requests that are not answered in the ordinary way.
@Suite struct HTTP2ServerEndingTests {
  private static func text(_ record: HTTPServer.AccessRecord) -> String {
    "\(record.requestLine) \(record.status.code) \(record.bodyBytes) \(record.isComplete)"
  }

  @Test func `fields that are too long are answered with 431, which is in the access log`() throws {
    var records: [String] = []
    let server = HTTPServer { .text("\($0.path)") }
    server.onFinish = { records.append("\($0.status.code) \($0.isComplete)") }
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    let fields = (0..<9).map { "\nX-\($0): \(String(repeating: "y", count: 8000))" }.joined()
    let call = client.request("GET / HTTP/1.1\(fields)")
    let upload = client.request("POST / HTTP/1.1\(fields)", "content", isComplete: false)
    bench.run { call.closed != nil && upload.closed != nil }
    for call in [call, upload] {
      #expect(call.status == 431 && call.text.contains("65536 bytes") && call.closed == .noError)
    }
    let next = client.request("GET /next HTTP/1.1")
    bench.run { next.closed != nil }
    #expect(next.text == "/next" && client.end == nil)
    #expect(records == ["431 true", "431 true", "200 true"])
  }

  @Test func `a half-closed client gets what its windows take, and the connection ends at once`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.answersHalfClosedClients = true
    var records: [String] = []
    var later: Deferred<HTTPServer.Response>?
    let server = HTTPServer(configuration: configuration) { request -> Deferred<HTTPServer.Response> in
      if request.path == "/large" { return .succeed(.text(String(repeating: "x", count: 200_000))) }
      let waits = Deferred<HTTPServer.Response>()
      later = waits
      return waits
    }
    server.onFinish = { records.append(Self.text($0)) }
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect(window: 65_535)
    let large = client.request("GET /large HTTP/1.1")
    let small = client.request("GET /small HTTP/1.1")
    client.transport?.closeWrite()
    bench.run { large.closed != nil }
    #expect(large.content.count == 65_535 && large.closed == .cancel)
    #expect(small.closed == nil && client.end == nil)
    let start = bench.reactor.now
    later?.callback(.text("small"))
    bench.run { client.end != nil }
    #expect(small.text == "small" && client.goAways.last?.code == .noError)
    #expect(bench.reactor.now - start < .milliseconds(10))
    #expect(records == ["GET /large HTTP/2 200 65535 false", "GET /small HTTP/2 200 5 true"])
  }

  @Test func `a handler that ends the connection gets no more requests of the same read`() throws {
    var handled: [String] = []
    var cancelled: [String] = []
    var stop: () -> Void = {}
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      handled.append(request.path)
      stop()
      return Deferred(canceller: { _ in cancelled.append(request.path) })
    }
    let bench = try HTTP2ServerBench(server)
    // Ends its grace period.
    stop = { server.stop().cancel() }
    let client = bench.connect()
    for path in ["/1", "/2"] {
      _ = try client.session.request(
        Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8), scheme: "http", hasContent: false)
    }
    client.flush()
    bench.run { client.end != nil }
    #expect(handled == ["/1"] && cancelled == ["/1"] && server.connectionCount == 0)
    stop = {}
  }
}
#endif

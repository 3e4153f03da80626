import HTTPTypes
import Logging
import SwirlDeferred
import Synchronization
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// Collects log messages, one line each.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  func logger(at level: Logger.Level = .trace) -> Logger {
    var logger = Logger(label: "test") { _ in Handler(lines: self) }
    logger.logLevel = level
    return logger
  }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = (event.metadata ?? [:]).filter { $0.key != "http.client.request.duration" }
      let words = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
      lines.lines.withLock { $0.append("\(event.level) \(event.message)\(words)") }
    }
  }
}

extension HTTPClientTests {
  @Suite(.inBothVersions) struct LogTests {
    @Test func `a line for each request, without its secrets`() throws {
      let lines = LogLines()
      let bench = try ClientBench { request in
        if request.target == "/closes" { return request.connection.close() }
        request.answer("hello", status: request.target == "/missing" ? "404 Not Found" : "200 OK")
      }
      bench.client.intercept(.log(to: lines.logger()))
      var request = HTTPClient.Request(bench.server.url + "/?token=s3cret&a=b", headers: [.cookie: "s3cret"])
      request.authentication = .basic("user", "s3cret")
      bench.fetch(request)
      bench.run()
      bench.fetch("/missing", method: .post, body: Array("s3cret".utf8))
      bench.run()
      bench.fetch("/closes")
      bench.run()
      bench.fetch("http://user:s3cret@127.0.0.1/")
      bench.run()
      let url = bench.server.url
      let end =
        WireVersion.current == .http1
        ? "the server closed the connection without an answer"
        : "the server reset the stream with INTERNAL_ERROR (0x2) (RFC 9113 §7); the server may have processed the "
          + "request, which may be repeated"
      #expect(
        lines.all == [
          """
          info GET \(url)/?token=REDACTED&a=b: 200 OK http.request.method=GET http.response.body.size=5 \
          http.response.status_code=200 url.full=\(url)/?token=REDACTED&a=b
          """,
          """
          info POST \(url)/missing: 404 Not Found error.type=404 http.request.method=POST http.response.body.size=5 \
          http.response.status_code=404 url.full=\(url)/missing
          """,
          """
          error GET \(url)/closes: \(end) error.type=closedEarly \
          http.request.method=GET url.full=\(url)/closes
          """,
          """
          error GET http://REDACTED:REDACTED@127.0.0.1/: the URL has a user name: give it as `authentication` instead \
          error.type=invalidURL http.request.method=GET url.full=http://REDACTED:REDACTED@127.0.0.1/
          """,
        ])
      #expect(!lines.all.joined().contains("s3cret"))
      bench.end()
    }

    @Test func `what was cancelled is no failure, and what a cache answered says so`() throws {
      let lines = LogLines()
      let bench = try ClientBench { request in
        if request.target == "/" { request.answer("x", fields: "Cache-Control: max-age=60\r\n") }
      }
      bench.client.intercept(.log(to: lines.logger(), at: .debug))
      bench.client.intercept(HTTPCache())
      bench.fetch("/")
      bench.run()
      bench.fetch("/")
      bench.run()
      let outcome = bench.fetch("/never")
      bench.run(until: { bench.server.requests.count == 2 })
      outcome.cancel()
      bench.run()
      #expect(lines.all.map { $0.contains("swirl.cache=hit") } == [false, true, false])
      #expect(lines.all.allSatisfy { $0.hasPrefix("debug ") })
      #expect(lines.all.last?.contains("error.type=CancellationError") == true, "\(lines.all)")
      bench.end()
    }
  }
}

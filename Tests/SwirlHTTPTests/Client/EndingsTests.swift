import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// After each way in which a request and its connection can end, all timers and queued calls fire.
  @Suite(.inBothVersions) struct EndingsTests {
    /// The server's action for targets that end without a response; it never answers the others.
    private static func serve(_ request: RawRequest) {
      let connection = request.connection
      switch request.target {
      case "/answered", "/kept": request.answer("x")
      case "/chunks": connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
      case "/closed": connection.close(after: "HTTP/1.1 200 OK\r\n\r\nx")
      case "/upgraded":
        connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
      case "/nothing": connection.close()
      case "/reset": connection.reset()
      case "/half": connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
      case "/malformed": connection.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
      case "/cancelled/head", "/timeout/head": connection.send("HTTP/1.1 200 OK\r\nX")
      case "/cancelled/body", "/timeout/body", "/streamed":
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
      case "/redirect/reset":
        connection.send("HTTP/1.1 302 Found\r\nLocation: /reset\r\nContent-Length: 0\r\n\r\n")
      case "/redirect/cut":
        connection.close(after: "HTTP/1.1 302 X\r\nLocation: /answered\r\nContent-Length: 9\r\n\r\n")
      default: break
      }
    }

    private static func serveHead(_ head: String, on connection: RawConnection) {
      let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 1\r\n\r\nx"
      switch head.split(separator: " ")[1] {
      case "/early": connection.send(answer)
      case "/early/closed": connection.close(after: answer)
      case "/continue": connection.send("HTTP/1.1 100 Continue\r\n\r\n")
      case "/expects/answered": connection.send(answer)
      case "/expects/reset": connection.reset()
      default: break
      }
    }

    /// The targets, and the expected outcomes.
    private static let endings: [(target: String, outcome: String)] = [
      ("/answered", "200 x"), ("/chunks", "200 x"), ("/closed", "200 x"), ("/upgraded", "invalidResponse"),
      ("/nothing", "closedEarly"), ("/reset", "connectionLost"), ("/half", "closedEarly"),
      ("/malformed", "invalidResponse"), ("/cancelled/sent", "CancellationError()"),
      ("/cancelled/head", "CancellationError()"), ("/cancelled/body", "CancellationError()"), ("/timeout", "timeout"),
      ("/timeout/head", "timeout"), ("/timeout/body", "timeout"), ("/redirect/reset", "connectionLost"),
      ("/redirect/cut", "200 x"), ("/early", "413 x"), ("/early/closed", "413 x"), ("/continue", "timeout"),
      ("/expects/answered", "413 x"), ("/expects/reset", "connectionLost"), ("/expects/nothing", "timeout"),
      ("/source", "requestBody"), ("http://127.0.0.1:1/", "cannotConnect"), ("http://slow.test/", "timeout"),
    ]

    /// The maximum delay of any timer of a request or its connection.
    private static let limit = Duration.milliseconds(1500)

    private func request(_ target: String, at url: String) -> HTTPClient.Request {
      var request = HTTPClient.Request(target.hasPrefix("/") ? url + target : target, timeout: Self.limit)
      request.readTimeout = Self.limit
      request.connectTimeout = Self.limit
      if target.hasPrefix("/early") || target.hasPrefix("/expects") || target == "/continue" {
        request.method = .post
        request.body = .bytes(pattern(100_000))
        request.expectsContinue = !target.hasPrefix("/early")
      }
      if target == "/source" {
        request.method = .post
        request.body = .producer { { .fail(CancelledError()) } }
      }
      return request
    }

    @Test(arguments: [false, true])
    func `every request ends once, and no timer that is left does harm`(_ stopsBetween: Bool) throws {
      var configuration = HTTPClient.Configuration()
      configuration.idleTimeout = .milliseconds(300)
      configuration.connectionLifetime = .milliseconds(1000)
      let bench = try ClientBench(configuration, on: .memory, Self.serve)
      bench.server.countsSockets = false
      bench.server.resetsStreams = true
      bench.server.onConnect = { connection in
        connection.onHead = { [unowned connection] in Self.serveHead($0, on: connection) }
      }
      bench.reactor.resolver.lookup = { _ in Deferred() }
      var outcomes: [(Outcome, String)] = []
      for form in Outcome.Form.allCases {
        for (target, expected) in Self.endings {
          outcomes.append((bench.fetch(request(target, at: bench.server.url), form, as: target), expected))
        }
      }
      // A client that is closed, one that is released, and a response that is not read.
      let closed = HTTPClient(configuration.inCurrentVersion, on: bench.reactor)
      var ends: [String] = []
      closed.fetch(request("/timeout", at: bench.server.url)) { _ in ends.append("closed") }
      HTTPClient(configuration.inCurrentVersion, on: bench.reactor).fetch(request("/timeout", at: bench.server.url)) {
        _ in
        ends.append("released")
      }
      var streamed: HTTPClient.StreamedResponse?
      bench.client.stream(request("/streamed", at: bench.server.url)).addBoth { result -> Void in
        streamed = try? result.get()
      }
      bench.reactor.callLater(.milliseconds(400)) {
        for (outcome, _) in outcomes where outcome.target.hasPrefix("/cancelled") { outcome.cancel() }
        closed.close()
        if stopsBetween { bench.reactor.stop() }
      }
      if stopsBetween { bench.reactor.run() }
      bench.run()
      #expect(streamed != nil)
      // All pending timers fire now.
      bench.run(for: Self.limit + .milliseconds(200))
      for (outcome, expected) in outcomes {
        // What breaks a connection of HTTP/1 resets a stream of HTTP/2.
        let isReset = WireVersion.current == .http2 && ["connectionLost", "invalidResponse"].contains(expected)
        #expect("\(outcome)" == (isReset ? "closedEarly" : expected), "\(outcome.target)")
        #expect(outcome.count == 1, "\(outcome.target)")
      }
      streamed = nil
      #expect(ends.sorted() == ["closed", "released"])
      for connection in bench.server.connections { connection.reset() }
      bench.end()
    }
  }
}

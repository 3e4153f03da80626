import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// Repeats requests that fail in every way, and checks that nothing leaks.
  @Suite(.inBothVersions) struct FailuresTests {
    /// A way to fail, and the code of its error; nil for cancellation.
    struct Kind: Sendable {
      let target: String
      let code: HTTPError.Code?
      /// The server's action; nil without a server.
      var serve: (@Sendable (RawRequest) -> Void)?
      /// Changes to the request besides its URL.
      var prepare: @Sendable (inout HTTPClient.Request) -> Void = { _ in }

      init(
        _ target: String, _ code: HTTPError.Code?,
        prepare: @escaping @Sendable (inout HTTPClient.Request) -> Void = { _ in },
        serve: (@Sendable (RawRequest) -> Void)? = nil
      ) {
        self.target = target
        self.code = code
        self.prepare = prepare
        self.serve = serve
      }

      /// A server that sends these bytes.
      static func answer(
        _ target: String, _ code: HTTPError.Code, _ text: String, closes: Bool = false
      ) -> Kind {
        Kind(
          target, code,
          serve: { request in
            if closes { request.connection.close(after: text) } else { request.connection.send(text) }
          })
      }
    }

    static let ok = "HTTP/1.1 200 OK\r\n"

    static let kinds: [Kind] = [
      .answer("/early", .closedEarly, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", closes: true),
      .answer("/nothing", .closedEarly, "", closes: true),
      .answer("/head-only", .closedEarly, "HTTP/1.1 200 O", closes: true),
      .answer("/not-http", .invalidResponse, "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
      .answer("/negative", .invalidResponse, ok + "Content-Length: -1\r\n\r\n"),
      .answer("/2-to-64", .invalidResponse, ok + "Content-Length: 18446744073709551616\r\n\r\n"),
      .answer("/two-lengths", .invalidResponse, ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
      .answer("/chunk-size", .invalidResponse, ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
      .answer("/chunk-nonsense", .invalidResponse, ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld"),
      .answer("/fields", .invalidResponse, ok + String(repeating: "A: b\r\n", count: 20_000)),
      .answer("/long-field", .invalidResponse, ok + "A: " + String(repeating: "x", count: 200_000)),
      .answer("/too-large", .bodyTooLarge, ok + "Content-Length: 100001\r\n\r\n"),
      .answer("/too-many", .bodyTooLarge, ok + "\r\n" + String(repeating: "x", count: 100_001)),
      .answer("/no-gzip", .invalidResponse, ok + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
      .answer(
        "/gzips", .invalidResponse,
        ok
          + "Content-Encoding: \(Array(repeating: "gzip", count: 20).joined(separator: ", "))\r\nContent-Length: 5\r\n\r\nhello"
      ),
      .answer(
        "/upgrade", .invalidResponse, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
      .answer("/to-file", .redirect, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
      .answer("/loop", .redirect, "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"),
      Kind("/reset", .connectionLost, serve: { $0.connection.reset() }),
      Kind("/silent", .timeout, prepare: { $0.timeout = .milliseconds(5) }) { _ in },
      Kind("/slow", .timeout, prepare: { $0.readTimeout = .milliseconds(5) }) { $0.connection.send(ok) },
      Kind("/drip", .timeout, prepare: { $0.timeout = .milliseconds(5) }) { request in
        request.connection.drip(ok + "X-Long: " + String(repeating: "x", count: 60_000))
      },
      Kind("/cancel", nil, serve: { _ in }),
      Kind("http://gone.test/", .cannotConnect),
      Kind("http://127.0.0.1:1/", .cannotConnect),
      Kind("https:///", .invalidURL),
      Kind("nonsense", .invalidURL),
      Kind("/crlf", .invalidRequest, prepare: { $0.authentication = .bearer("a\r\nb") }),
      // A file that becomes unreadable after its length was read.
      Kind("/body", .requestBody, prepare: { $0.body = try? .file("/proc/self/mem") }, serve: { _ in }),
    ]

    /// How many requests: `SWIRL_FAILURES=100000` for the long run.
    static let count = ProcessInfo.processInfo.environment["SWIRL_FAILURES"].flatMap { Int($0) } ?? 3000

    @Test(.timeLimit(.minutes(10)))
    func `after failures of every kind descriptors, memory and the pool are as before`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.maximumBodySize = 100_000
      configuration.connectionsPerOrigin = 20
      configuration.idleTimeout = .milliseconds(20)
      // Deviations from RFC 9112 are failures here, and a small head exceeds the limit.
      configuration.strictResponses = true
      configuration.limits = HTTPLimits()
      let serving = Dictionary(uniqueKeysWithValues: Self.kinds.map { ($0.target, $0.serve) })
      let bench = try ClientBench(configuration) { request in
        if let serve = serving[request.target] ?? nil { serve(request) } else { request.answer("hello") }
      }
      bench.server.countsSockets = false
      bench.server.resetsStreams = true
      bench.server.keepsRequests = false
      bench.reactor.resolver.lookup = { .fail(NetError(.resolve, $0)) }

      // What breaks a connection of HTTP/1 resets a stream of HTTP/2.
      let ends: [HTTPError.Code] = [.invalidResponse, .connectionLost, .closedEarly]
      func isExpected(_ code: HTTPError.Code?, _ expected: HTTPError.Code?) -> Bool {
        if WireVersion.current == .http2, let code, let expected, ends.contains(code), ends.contains(expected) {
          return true
        }
        return code == expected
      }
      var wrong: [String] = []
      func fail(_ count: Int) {
        var started = 0
        var ended = 0
        func start() {
          guard started < count else { return }
          let kind = Self.kinds[started % Self.kinds.count]
          started += 1
          var request = HTTPClient.Request(kind.target.hasPrefix("/") ? bench.server.url + kind.target : kind.target)
          kind.prepare(&request)
          let exchange = bench.client.fetch(request) { result in
            let code: HTTPError.Code? = if case .failure(let error as HTTPError) = result { error.code } else { nil }
            let isCancelled = if case .failure(let error) = result { error is CancelledError } else { false }
            if !isExpected(code, kind.code) || (code == nil && !isCancelled), wrong.count < 10 {
              wrong.append("\(kind.target): \(result)")
            }
            ended += 1
            start()
          }
          if kind.code == nil { bench.reactor.callLater(.milliseconds(2)) { exchange.cancel() } }
        }
        bench.reactor.callSoon { for _ in 0..<40 { start() } }
        bench.run(until: { ended == count })
      }
      fail(1000)
      bench.run(until: { bench.client.counts == HTTPClient.Counts() && bench.server.isIdle })
      let before = Self.residentKiB
      fail(Self.count)
      bench.run(until: { bench.client.counts == HTTPClient.Counts() && bench.server.isIdle })
      #expect(wrong == [])
      #expect(bench.client.isUnused && bench.client.connections == 0)
      #expect(bench.openSockets == 1)
      // Other tests run in parallel; the count is meaningful only alone and over many requests.
      if Self.count >= 100_000 {
        #expect(Self.residentKiB - before < 4096, "\(before) KiB before, \(Self.residentKiB) after")
      }
      let after = bench.fetch("/ok")
      bench.run()
      #expect("\(after)" == "200 hello")
      bench.end()
    }

    private static var residentKiB: Int {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
      return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
  }
}

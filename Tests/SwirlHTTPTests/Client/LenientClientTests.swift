import HTTPTypes
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// The deviations from RFC 9112 that a client accepts, and the peers with which it is strict.
  @Suite struct LenientClientTests {
    struct Answer: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let bytes: String
      var expected = "200 hello"
      let isKept: Bool
    }

    static let answers = [
      Answer(
        testDescription: "a folded field",
        bytes: "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello", isKept: true),
      Answer(
        testDescription: "line feeds alone", bytes: "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", isKept: false),
      Answer(
        testDescription: "a control character",
        bytes: "HTTP/1.1 200 OK\r\nA: \u{1}b\r\nContent-Length: 5\r\n\r\nhello", isKept: true),
      Answer(
        testDescription: "both lengths",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        isKept: false),
      Answer(
        testDescription: "chunks in HTTP/1.0",
        bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        isKept: false),
      Answer(
        testDescription: "blanks behind a chunk's size",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5   \r\nhello\r\n0  \r\n\r\n", isKept: true),
      Answer(
        testDescription: "both lengths in a 204",
        bytes: "HTTP/1.1 204 No\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", expected: "204 ",
        isKept: false),
    ]

    @Test(arguments: answers)
    func `an answer that departs from the letter is taken, unless all is to be strict or a proxy is between`(
      answer: Answer
    ) throws {
      func bench(_ configuration: HTTPClient.Configuration) throws -> ClientBench {
        try ClientBench(configuration) { request in
          request.number == 1 && request.target.hasSuffix("/1")
            ? request.connection.send(answer.bytes) : request.answer("next")
        }
      }
      let lenient = try bench(HTTPClient.Configuration())
      let first = lenient.fetch("/1")
      lenient.run()
      let next = lenient.fetch("/2")
      lenient.run()
      #expect("\(first)" == answer.expected && "\(next)" == "200 next")
      #expect(lenient.server.accepted == (answer.isKept ? 1 : 2))
      lenient.end()

      var configuration = HTTPClient.Configuration()
      configuration.strictResponses = true
      let strict = try bench(configuration)
      let refused = strict.fetch("/1")
      strict.run()
      #expect(refused.httpError?.code == .invalidResponse && refused.httpError?.wire != nil)
      strict.end()

      let proxy = try bench(HTTPClient.Configuration())
      configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: proxy.server.port))
      let client = HTTPClient(configuration, on: proxy.reactor)
      var result: Result<HTTPClient.Response, any Error>?
      client.fetch(HTTPClient.Request("http://nowhere.test/1")) { result = $0 }
      proxy.run(until: { result != nil })
      #expect(throws: HTTPError.self) { try result?.get() }
      client.close()
      proxy.end()
    }

    @Test func `150 fields and 100 KiB of head are taken, and the limits are knobs`() throws {
      let fields = (0..<150).map { "X-\($0): \(String(repeating: "a", count: 700))\r\n" }.joined()
      let bench = try ClientBench { $0.answer("hello", fields: fields) }
      let outcome = bench.fetch("/")
      bench.run()
      #expect("\(outcome)" == "200 hello" && outcome.response?.headers.count == 151)
      bench.end()
      var configuration = HTTPClient.Configuration()
      configuration.limits.fieldCount = 150
      let limited = try ClientBench(configuration) { $0.answer("hello", fields: fields) }
      let refused = limited.fetch("/")
      limited.run()
      #expect(refused.httpError?.wire?.code == .tooManyFields)
      limited.end()
    }

    @Test func `a server's limits are as they were`() {
      let limits = HTTPServer.Configuration().limits
      #expect(limits.fieldCount == 128 && limits.headBytes == 64 * 1024)
    }

    /// RFC 9110 §9.3.6.
    @Test(arguments: [
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n", "",
    ])
    func `a proxy makes the connection whatever its 200 says of content, and one that refuses is read to the letter`(
      fields: String
    ) throws {
      func ask(_ status: String) throws -> TunnelProgress {
        let origin = try HTTPURL("https://example.org/").origin
        let negotiation = ConnectNegotiation(.http("127.0.0.1", port: 1), to: origin, ProxySessions())
        let bytes = Array("HTTP/1.1 \(status)\r\n\(fields)\r\n".utf8)
        return try negotiation.received(bytes.span)
      }
      guard case .done = try ask("200 Connection established") else {
        Issue.record("no connection")
        return
      }
      #expect(throws: NetError.self) { try ask("407 No") }
    }
  }
}

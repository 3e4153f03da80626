import SwirlReactor
import Synchronization
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  @Suite struct InformationalTests {
    private final class Seen: Sendable {
      private let heads = Mutex<[String]>([])
      var all: [String] { heads.withLock { $0 } }
      func note(_ head: HTTPClient.Response) {
        heads.withLock { $0.append("\(head.status.code) \(head["link"] ?? "")") }
      }
    }

    @Test func `informational responses are shown before the answer, all but 100, RFC 8297`() throws {
      let bench = try ClientBench { request in
        request.connection.send(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
        request.answer("done")
      }
      let seen = Seen()
      var request = HTTPClient.Request(bench.server.url)
      request.onInformational = { seen.note($0) }
      for way in [Outcome.Form.callback, .deferred] {
        let outcome = bench.fetch(request, way)
        bench.run()
        #expect("\(outcome)" == "200 done")
      }
      bench.client.intercept { request, next in next(request) }
      bench.fetch(request)
      bench.run()
      #expect(seen.all == Array(repeating: ["103 </a>", "102 "], count: 3).flatMap { $0 })
      bench.end()
    }
  }
}

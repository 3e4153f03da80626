import SwirlDeferred
import SwirlReactor
import Synchronization
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  @Suite(.inBothVersions) struct InformationalTests {
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

    @Test(arguments: [false, true])
    func `a stream, callbacks and a download show them of each hop, through every piece`(isBare: Bool) throws {
      let bench = try ClientBench { request in
        request.connection.send("HTTP/1.1 103 Early Hints\r\nLink: <\(request.target)>\r\n\r\n")
        let isOld = request.target == "/old"
        request.answer(
          "done", status: isOld ? "302 Found" : "200 OK",
          fields: isOld ? "Location: /new\r\n" : "Cache-Control: no-store\r\n")
      }
      let client = bench.client!
      if !isBare {
        client.intercept(eachHop: true) { request, next in next(request) }
        client.intercept(HTTPCache())
        client.intercept(.retry())
        client.intercept(.rateLimit(1000, burst: 100))
      }
      let seen = Seen()
      var request = HTTPClient.Request(bench.server.url + "/old")
      request.onInformational = { seen.note($0) }
      let asked: [Deferred<String>] = [
        client.fetch(request).addCallback(\.text),
        client.stream(request).addCallback { $0.collect() }.addCallback(\.text),
        client.fetch(request, onData: { _ in }).addCallback { "\($0.status.code)" },
        client.download(request, to: "/dev/null").addCallback { "\($0.size)" },
      ]
      var texts: [String] = []
      for each in asked { each.addCallback { texts.append($0) } }
      bench.run(until: { texts.count == asked.count })
      #expect(texts.sorted() == ["200", "4", "done", "done"])
      #expect(seen.all.sorted() == Array(repeating: "103 </new>", count: 4) + Array(repeating: "103 </old>", count: 4))
      bench.end()
    }
  }
}

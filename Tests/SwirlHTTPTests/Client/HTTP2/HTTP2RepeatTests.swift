#if HTTP2
import HTTPTypes
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// A server that ends its connections whenever it likes.
  @Suite(.failsOnUnhandledFailures) struct HTTP2RepeatTests {
    /// What a server does with the requests of one connection.
    private final class Moody {
      private let bench: HTTP2Bench
      private var random: SeededGenerator
      /// The last stream that is looked at, by connection.
      private var last: [ObjectIdentifier: Int32] = [:]
      private var latestProcessed: [ObjectIdentifier: Int32] = [:]
      /// How often each request was processed.
      private(set) var processed: [String: Int] = [:]
      private(set) var goAways = 0
      private(set) var cuts = 0
      private(set) var refusals = 0

      init(_ bench: HTTP2Bench, seed: UInt64) {
        self.bench = bench
        random = SeededGenerator(seed: seed)
      }

      func take(_ request: HTTP2Request) {
        let connection = request.connection
        let id = ObjectIdentifier(connection)
        switch Int.random(in: 0..<200, using: &random) {
        case 0:
          cuts += 1
          last[id] = -1
          return connection.transport!.abort()
        case 1:
          goAways += 1
          // Some of those it knows of are not looked at.
          let latest = Int32.random(in: (latestProcessed[id] ?? 0)...request.id, using: &random) | 1
          last[id] = min(last[id] ?? .max, latest)
          connection.session.goAway(lastStream: latest)
          connection.flush()
        case 2...5:
          refusals += 1
          return request.reset(.refusedStream)
        default: break
        }
        bench.reactor.callLater(.microseconds(Int.random(in: 0..<20_000, using: &random))) { [self] in process(request)
        }
      }

      private func process(_ request: HTTP2Request) {
        let id = ObjectIdentifier(request.connection)
        if request.id > last[id] ?? .max || request.isClosed || request.connection.isLost { return }
        latestProcessed[id] = max(latestProcessed[id] ?? 0, request.id)
        processed[request.path, default: 0] += 1
        request.answer(request.path)
      }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `of 10,000 requests each has its own answer or a lawful error, and no POST is processed twice`(seed: UInt64)
      throws
    {
      let bench = try HTTP2Bench(streams: 40)
      let server = Moody(bench, seed: seed)
      bench.answer = { _ in }
      bench.answerWhole = { server.take($0) }
      var random = SeededGenerator(seed: seed + 100)
      var started = 0
      var answered = 0
      var failed = 0
      func next() {
        guard started < 10_000 else { return }
        started += 1
        let isPOST = Bool.random(using: &random)
        let body =
          isPOST ? HTTPClient.Body.bytes([UInt8](repeating: 1, count: Int.random(in: 0..<500, using: &random))) : nil
        let path = "/\(isPOST ? "post" : "get")\(started)"
        bench.fetch(path, method: isPOST ? .post : .get, body: body) { outcome in
          if let text = outcome.text {
            answered += 1
            #expect(text == path && server.processed[path, default: 0] >= 1)
          } else {
            failed += 1
            let error = outcome.httpError
            #expect(error.map { [.connectionLost, .closedEarly].contains($0.code) } == true, "\(outcome)")
          }
          next()
        }
      }
      for _ in 0..<100 { next() }
      bench.run()
      #expect(answered + failed == 10_000)
      // A cut fails the POSTs in flight, and GETs that meet a second one.
      #expect(
        server.cuts > 10 && server.goAways > 10 && server.refusals > 50 && failed < server.cuts * 80,
        "\(server.cuts) cuts, \(server.goAways) GOAWAYs, \(server.refusals) refusals, \(failed) failed")
      for (path, count) in server.processed where path.hasPrefix("/post") { #expect(count == 1, "\(path)") }
      #expect(server.processed.count >= answered)
    }
  }
}
#endif

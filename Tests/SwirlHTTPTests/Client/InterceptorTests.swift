import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct InterceptorTests {
    private let mark = HTTPField.Name("X-Mark")!

    @Test(arguments: Outcome.Form.allCases)
    func `the one that was added first sees the request first, and the response last`(_ form: Outcome.Form) throws {
      let bench = try ClientBench { $0.answer($0.values("x-mark").joined()) }
      var order: [String] = []
      for name in ["a", "b"] {
        bench.client.intercept { request, next in
          order.append("\(name) request")
          var request = request
          request.headers[self.mark] = (request.headers[self.mark] ?? "") + name
          return next(request).addCallback { response in
            order.append("\(name) response")
            return response
          }
        }
      }
      let outcome = bench.fetch("/", form)
      bench.run()
      #expect("\(outcome)" == "200 ab")
      #expect(order == ["a request", "b request", "b response", "a response"])
      bench.end()
    }

    @Test func `one that awaits`() throws {
      let bench = try ClientBench(on: .memory) { $0.answer($0.values("x-mark").joined()) }
      bench.client.interceptAwaiting { request, next in
        try await Reactor.current.sleep(.milliseconds(1)).value
        var request = request
        request.headers[mark] = "awaited"
        return try await next(request)
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect("\(outcome)" == "200 awaited")
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases)
    func `one that has the answer at once, or throws, never calls back before fetch has returned`(
      _ form: Outcome.Form
    ) throws {
      struct Refused: Error {}
      let bench = try ClientBench()
      var kept: HTTPClient.Response?
      bench.client.intercept { request, next in
        if request.url.hasSuffix("/refused") { throw Refused() }
        if let kept { return .succeed(.init(kept)) }
        return next(request).addCallback { $0.collect() }.addCallback { response in
          kept = response
          return .init(response)
        }
      }
      bench.fetch("/", form)
      bench.run()
      let second = bench.fetch("/", form)
      let refused = bench.fetch("/refused", form)
      bench.run()
      #expect("\(second)" == "200 hello" && refused.error is Refused)
      #expect(bench.server.requests.count == 1)
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases)
    func `cancelling goes through to the connection`(_ form: Outcome.Form) throws {
      let bench = try ClientBench { _ in }
      bench.client.intercept { request, next in next(request) }
      let outcome = bench.fetch("/", form)
      bench.run(until: { bench.server.requests.count == 1 })
      outcome.cancel()
      bench.run()
      #expect(outcome.error is CancelledError && outcome.count == 1)
      bench.end()
    }

    // MARK: - Rate

    @Test func `each origin gets its burst at once, and then the rate, in order`() throws {
      var times: [Int64] = []
      let bench = try ClientBench { request in
        times.append(request.connection.transport.reactor.now.nanoseconds)
        request.answer(request.target)
      }
      bench.client.intercept(.rateLimit(100, burst: 3))
      let start = bench.reactor.now.nanoseconds
      for number in 0..<6 { bench.fetch("/\(number)") }
      bench.run()
      #expect(bench.server.targets.suffix(3) == ["/3", "/4", "/5"])
      for (index, time) in times.enumerated().dropFirst(3) {
        #expect(time - start >= Int64(index - 2) * 10_000_000, "not before its turn")
      }
      let malformed = bench.fetch("nonsense")
      bench.run()
      #expect(malformed.httpError?.code == .invalidURL)
      bench.end()
    }

    @Test func `who comes late on a loop that is late waits behind the others`() {
      let reactor = Reactor()
      var order: [String] = []
      reactor.callSoon {
        let client = HTTPClient(on: reactor)
        guard let limited = HTTPClient.Middleware.rateLimit(1000).interceptor(of: client) else { return }
        func send(_ name: String) throws {
          _ = try limited(HTTPClient.Request("http://127.0.0.1/\(name)")) { _ in
            order.append(name)
            if order.count == 3 { reactor.stop() }
            return Deferred()
          }
        }
        try send("first")
        try send("second")
        let late = reactor.now + .milliseconds(20)
        while reactor.now < late {}
        try send("third")
      }
      reactor.run()
      #expect(order == ["first", "second", "third"])
    }

    // MARK: - Retries

    private func retrying(_ change: (inout HTTPClient.RetryPolicy) -> Void = { _ in }) -> HTTPClient.Middleware {
      var policy = HTTPClient.RetryPolicy()
      policy.firstDelay = .milliseconds(1)
      change(&policy)
      return .retry(policy)
    }

    @Test func `what may pass is tried again, as often as the policy says`() throws {
      var answers = 0
      let bench = try ClientBench { request in
        answers += 1
        if request.target == "/closes" { return request.connection.close() }
        request.answer("\(answers)", status: answers < 3 ? "503 Later" : "200 OK")
      }
      bench.client.intercept(retrying())
      let outcome = bench.fetch("/")
      bench.run()
      #expect("\(outcome)" == "200 3")
      answers = 0
      let closed = bench.fetch("/closes")
      bench.run()
      #expect(closed.httpError?.code == .closedEarly && answers >= 3)
      bench.end()
    }

    @Test func `what would do harm, or cannot pass, is not`() throws {
      let bench = try ClientBench { $0.answer("no", status: $0.target == "/gone" ? "404 No" : "503 Later") }
      bench.client.intercept(retrying())
      bench.fetch("/", method: .post, body: [1])
      bench.fetch("/gone")
      let malformed = bench.fetch("nonsense")
      bench.run()
      #expect(bench.server.requests.count == 2 && malformed.httpError?.code == .invalidURL)
      bench.end()
    }

    @Test func `the server's own word for the pause is obeyed, up to the limit`() throws {
      let bench = try ClientBench { request in
        request.answer(
          "no", status: "503 Later", fields: "Retry-After: \(request.target == "/soon" ? "0" : "3600")\r\n")
      }
      bench.client.intercept(retrying { $0.firstDelay = .seconds(3600) })
      let soon = bench.fetch("/soon")
      let late = bench.fetch("/late")
      bench.run()
      #expect("\(soon)" == "503 no" && "\(late)" == "503 no")
      #expect(bench.server.targets.sorted() == ["/late", "/soon", "/soon", "/soon"])
      bench.end()
    }

    @Test func `a cancelled pause is the end`() throws {
      let bench = try ClientBench { $0.answer("no", status: "503 Later", fields: "Retry-After: 15\r\n") }
      bench.client.intercept(retrying())
      let outcome = bench.fetch("/")
      bench.run(until: { bench.client.counts.idle == 1 })
      outcome.cancel()
      bench.run()
      #expect(outcome.error is CancelledError)
      #expect(bench.server.requests.count == 1)
      bench.end()
    }

    @Test(arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
    ])
    func `dates are those of HTTP`(text: String, seconds: Int) { #expect(HTTPDate.parse(text) == seconds) }

    @Test(arguments: [
      "", "Sun, 06 Nov 1994 08:49:37", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT", "x",
    ])
    func `an invalid date is nil`(text: String) { #expect(HTTPDate.parse(text) == nil) }
  }

  @Suite(.inBothVersions) struct MapTests {
    @Test func `the responses come in the order of the requests, no more at a time than was said`() throws {
      var open = 0
      var most = 0
      let bench = try ClientBench(on: .memory) { request in
        open += 1
        most = max(most, open)
        // Later requests get their response sooner.
        let delay = 20 - (Int(request.target.dropFirst()) ?? 0)
        request.connection.transport.reactor.callLater(.milliseconds(delay)) {
          open -= 1
          request.answer(request.target)
        }
      }
      var texts: [String?] = []
      bench.client.map((0..<20).map { HTTPClient.Request("\(bench.server.url)/\($0)") }, atMost: 7).addCallback {
        texts = $0.map { $0?.text }
      }
      bench.run(until: { !texts.isEmpty })
      #expect(texts == (0..<20).map { "/\($0)" })
      #expect(most == 7)
      bench.end()
    }

    @Test func `one that fails is nil, or what the handler makes of it`() throws {
      let bench = try ClientBench()
      var codes: [String] = []
      var statuses: [Int?] = []
      let requests = ["\(bench.server.url)/", "nonsense", "\(bench.server.url)/2"].map { HTTPClient.Request($0) }
      bench.client.map(requests) { request, error in
        codes.append("\(request.url) \((error as? HTTPError)?.code.description ?? "?")")
        return nil
      }.addCallback { statuses = $0.map { $0?.status.code } }
      bench.run(until: { !statuses.isEmpty })
      #expect(statuses == [200, nil, 200] && codes == ["nonsense invalidURL"])
      var isEmpty = false
      bench.client.map([]).addCallback { isEmpty = $0.isEmpty }
      #expect(isEmpty)
      bench.end()
    }

    @Test func `cancelling ends what is under way, and starts no more`() throws {
      let bench = try ClientBench { _ in }
      let requests = (0..<10).map { HTTPClient.Request("\(bench.server.url)/\($0)") }
      var error: (any Error)?
      let responses = bench.client.map(requests, atMost: 3)
      responses.addErrback {
        error = $0
        return []
      }
      bench.run(until: { bench.server.requests.count == 3 })
      responses.cancel()
      #expect(error is CancelledError)
      bench.run(until: { bench.server.connections.isEmpty })
      #expect(bench.server.requests.count == 3)
      bench.end()
    }

    @Test(.http1Only("the reason phrase")) func `an error status is an error for those who ask`() throws {
      let bench = try ClientBench { $0.answer("gone\nfor good", status: $0.target == "/" ? "200 OK" : "404 No") }
      let good = bench.fetch("/")
      let bad = bench.fetch("/bad")
      bench.run()
      #expect(try good.response?.raiseForStatus().text == "gone\nfor good")
      #expect { try bad.response?.raiseForStatus() } throws: {
        "\($0)" == "\(bench.server.url)/bad answered 404 No: gone for good"
      }
      bench.end()
    }

    @Test(.http1Only("the reason phrase")) func `addStatusCheck makes an error status the failure of the chain`() throws
    {
      let bench = try ClientBench { $0.answer("gone\nfor good", status: $0.target == "/" ? "200 OK" : "404 No") }
      var seen: [String] = []
      for path in ["/", "/bad"] {
        bench.client.fetch(HTTPClient.Request(bench.server.url + path)).addStatusCheck()
          .addCallback { seen.append($0.text) }.addErrback { seen.append("\($0)") }
      }
      bench.run { seen.count == 2 }
      #expect(seen.sorted() == ["gone\nfor good", "\(bench.server.url)/bad answered 404 No: gone for good"].sorted())
      bench.end()
    }
  }
}

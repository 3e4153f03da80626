import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// Identical requests at the same time: one asks the server for all.
  @Suite final class SharedMissTests {
    private let reactor = Reactor()
    private let origin = "http://example.test/"
    /// The requests that reached the server, and what answers them.
    private var sent: [(request: HTTPClient.Request, answer: Deferred<HTTPClient.StreamedResponse>)] = []
    private var outcomes: [String] = []

    private lazy var client: HTTPClient = {
      let client = HTTPClient(
        answering: { [unowned self] request in
          let answer = Deferred<HTTPClient.StreamedResponse>(canceller: { $0.errback(CancelledError()) })
          sent.append((request, answer))
          return answer
        }, on: reactor)
      client.intercept(HTTPCache())
      return client
    }()

    @discardableResult
    private func ask(
      _ headers: HTTPFields = [:], timeout: Duration? = nil, _ change: (inout HTTPClient.Request) -> Void = { _ in }
    ) -> HTTPClient.Exchange {
      var request = HTTPClient.Request(origin, headers: headers, timeout: timeout)
      change(&request)
      let number = outcomes.count
      outcomes.append("pending")
      return client.fetch(request) { [unowned self] result in
        switch result {
        case .success(let response):
          outcomes[number] = "\(response.cacheOutcome.map { "\($0)" } ?? "-") \(response.text)"
        case .failure(let error as HTTPError): outcomes[number] = "\(error.code)"
        case .failure(let error): outcomes[number] = "\(error)"
        }
      }
    }

    /// Some turns, in which all that can happen does.
    private func turns() {
      func turn(_ count: Int) {
        if count == 0 { return reactor.stop() }
        reactor.callSoon { turn(count - 1) }
      }
      reactor.callSoon { turn(20) }
      reactor.run()
    }

    private func answer(_ index: Int, _ text: String = "x", control: String = "max-age=60") {
      sent[index].answer.callback(.init(.init(.ok, headers: [.cacheControl: control], body: Array(text.utf8))))
      turns()
    }

    @Test func `one asks, and all get what it got`() {
      for _ in 0..<3 { ask([.accept: "a"]) }
      turns()
      #expect(sent.count == 1)
      answer(0)
      #expect(outcomes == ["miss x", "hit x", "hit x"] && sent.count == 1)
    }

    @Test func `other headers, credentials, cookies and other methods are not shared`() {
      ask()
      ask([.accept: "b"])
      for _ in 0..<2 { ask([.authorization: "Bearer t"]) }
      for _ in 0..<2 { ask([.cookie: "a=b"]) }
      for _ in 0..<2 { ask { $0.authentication = .basic("u", "p") } }
      for _ in 0..<2 { ask { $0.method = .head } }
      turns()
      #expect(sent.count == outcomes.count)
      client.cookies = CookieJar()
      client.cookies?.store(setCookie: Array("a=b".utf8), from: origin)
      for _ in 0..<2 { ask([.accept: "jar"]) }
      turns()
      #expect(sent.count == outcomes.count)
    }

    @Test(arguments: ["no-store", "private, no-store"])
    func `what cannot be kept each asks for itself`(control: String) {
      for _ in 0..<3 { ask() }
      turns()
      #expect(sent.count == 1)
      answer(0, "first", control: control)
      #expect(sent.count == 3 && outcomes == ["miss first", "pending", "pending"])
      answer(1, "second", control: control)
      answer(2, "third", control: control)
      #expect(outcomes == ["miss first", "miss second", "miss third"])
    }

    @Test func `who comes after the head of what cannot be kept does not wait for its end`() {
      ask()
      turns()
      // Its content never ends.
      let body = StreamBuffer<[UInt8]>(on: reactor.remote, high: 10, low: 5, cost: { $0.count })
      sent[0].answer.callback(
        .init(.init(.ok, headers: [.cacheControl: "no-store"]), body: ReactorStream(body), trailers: LateTrailers()))
      turns()
      for _ in 0..<2 { ask() }
      turns()
      #expect(sent.count == 2)
      answer(1, "second")
      #expect(outcomes == ["pending", "miss second", "hit second"])
      body.put(Array("first".utf8))
      body.finish()
      turns()
      #expect(outcomes[0] == "miss first")
    }

    @Test func `what is not fresh is asked for again, by all at once`() {
      for _ in 0..<3 { ask() }
      turns()
      answer(0, "first", control: "max-age=0")
      #expect(sent.count == 3)
    }

    @Test func `when the leader is cancelled the next one leads`() {
      let leader = ask()
      for _ in 0..<2 { ask() }
      turns()
      leader.cancel()
      turns()
      #expect(sent.count == 2)
      answer(1)
      #expect(outcomes == ["\(CancelledError())", "miss x", "hit x"] && sent.count == 2)
    }

    @Test func `a follower that is cancelled disturbs no other`() {
      ask()
      let follower = ask()
      ask()
      turns()
      follower.cancel()
      answer(0)
      #expect(outcomes == ["miss x", "\(CancelledError())", "hit x"])
    }

    @Test func `when the leader fails each asks for itself`() {
      for _ in 0..<3 { ask() }
      turns()
      sent[0].answer.errback(HTTPError(.connectionLost, "reset", url: origin))
      turns()
      #expect(sent.count == 3 && outcomes == ["connectionLost", "pending", "pending"])
    }

    @Test func `a follower has its own time`() {
      ask()
      ask(timeout: .milliseconds(1))
      turns()
      while outcomes[1] == "pending" { turns() }
      #expect(outcomes == ["pending", "timeout"])
      answer(0)
      #expect(outcomes == ["miss x", "timeout"])
    }
  }
}

import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// The deadline of a request that interceptors delay or send again.
  @Suite(.failsOnUnhandledFailures) struct DeadlineTests {
    private let reactor = Reactor(clock: .virtual())
    private let url = "http://example.test/"

    /// The time after which `deferred` fails with a timeout; nil if it does not.
    private func timeout<Value>(_ deferred: Deferred<Value>) -> Duration? {
      let start = reactor.now
      var end: Duration?
      deferred.addBoth { [reactor] result in
        if case .failure(let error as HTTPError) = result, error.code == .timeout { end = reactor.now - start }
      }
      reactor.run(for: .seconds(100))
      return end
    }

    private func request() -> HTTPClient.Request {
      var request = HTTPClient.Request(url)
      request.deadline = reactor.now + .seconds(1)
      return request
    }

    @Test func `it bounds all tries of a request, with the pauses between them`() {
      var sent = 0
      let client = HTTPClient(
        answering: { _ in
          sent += 1
          return HTTPClient.Response(.serviceUnavailable, headers: [.retryAfter: "15"])
        }, on: reactor)
      client.intercept(.retry())
      #expect(timeout(client.fetch(request())) == .seconds(1) && sent == 1)
    }

    @Test func `it bounds the wait for the rate`() {
      let client = HTTPClient(answering: { _ in HTTPClient.Response() }, on: reactor)
      client.intercept(.rateLimit(0.001))
      client.fetch(url) { _ in }
      #expect(timeout(client.fetch(request())) == .seconds(1))
      #expect(timeout(client.stream(request())) == .seconds(1))
    }

    @Test func `it ends an interceptor that awaits`() {
      let client = HTTPClient(answering: { _ in HTTPClient.Response() }, on: reactor)
      client.intercept { [reactor] request, next in reactor.sleep(.seconds(50)).addCallback { _ in next(request) } }
      var past = HTTPClient.Request(url)
      past.deadline = reactor.now - .seconds(1)
      #expect(timeout(client.stream(request())) == .seconds(1))
      #expect(timeout(client.fetch(past)) == .zero)
    }

    @Test func `it bounds the wait for another request for the same`() {
      let client = HTTPClient(answering: { _ in Deferred() }, on: reactor)
      client.intercept(HTTPCache())
      client.fetch(url) { _ in }
      #expect(timeout(client.fetch(request())) == .seconds(1))
    }

    @Test func `an answer before it is given`() throws {
      let client = HTTPClient(answering: { _ in HTTPClient.Response(text: "x") }, on: reactor)
      client.intercept { [reactor] request, next in
        reactor.sleep(.milliseconds(999)).addCallback { _ in next(request) }
      }
      var text: String?
      client.fetch(request()).addCallback { text = $0.text }
      reactor.run(for: .seconds(100))
      #expect(text == "x")
    }
  }
}

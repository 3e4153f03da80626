import HTTPTypes
import SwirlDeferred
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlReactor

extension HTTPClientTests {
  /// A request that ends inside a callback of the program, which the code below it on the stack must notice.
  @Suite(.failsOnUnhandledFailures) final class CancelInCallbackTests {
    private let reactor = Reactor(clock: .virtual())
    private let request = HTTPClient.Request("http://example.test/")
    private struct Trouble: Error {}
    private typealias Streamed = HTTPClient.StreamedResponse

    /// Runs until the reactor is idle; returns the error of `deferred`, or nil.
    private func error<Value>(of deferred: Deferred<Value>) throws -> (any Error)? {
      var outcome: Result<Value, any Error>?
      deferred.addBoth { outcome = $0 }
      reactor.runUntilIdle()
      if case .failure(let error) = try #require(outcome) { return error }
      return nil
    }

    /// A response whose content has no end: a piece each millisecond.
    private final class Endless {
      private var isPaused = false
      private(set) var isStopped = false
      private(set) var pieces = 0
      private let buffer: StreamBuffer<[UInt8]>

      init(_ reactor: Reactor) {
        buffer = StreamBuffer(on: reactor.remote, high: 1000, low: 100, cost: { $0.count })
        buffer.setSource(
          StreamBuffer.Source(
            pause: { [unowned self] in isPaused = true }, resume: { [unowned self] in isPaused = false },
            stop: { [unowned self] in isStopped = true }))
        reactor.callSoon { [self] in put(reactor) }
      }

      /// Not longer than a test needs to see that it was not stopped.
      private func put(_ reactor: Reactor) {
        if isStopped || pieces >= 1000 { return }
        if !isPaused {
          pieces += 1
          buffer.put(Array(repeating: 120, count: 500))
        }
        reactor.callLater(.milliseconds(1)) { [self] in put(reactor) }
      }

      func response() -> HTTPClient.StreamedResponse {
        HTTPClient.StreamedResponse(
          HTTPClient.Response(.ok), body: ReactorStream(buffer), trailers: LateTrailers())
      }
    }

    private func client(answering endless: Endless, isIntercepted: Bool = false) -> HTTPClient {
      let client = HTTPClient(answering: { _ in .succeed(endless.response()) }, on: reactor)
      if isIntercepted { client.intercept { $1($0) } }
      return client
    }

    @Test(arguments: [false, true])
    func `an error of onHead, or cancelling there, stops the content of an answer`(throws: Bool) throws {
      let endless = Endless(reactor)
      let client = client(answering: endless)
      var deferred: Deferred<HTTPClient.Response>?
      deferred = client.fetch(
        request,
        onHead: { _ in if `throws` { throw Trouble() } else { deferred?.cancel() } },
        onData: { _ in Issue.record("it was cancelled") })
      let error = try error(of: deferred!)
      #expect(`throws` ? error is Trouble : error is CancelledError)
      #expect(endless.isStopped && endless.pieces <= 2)
      #expect(client.counts == HTTPClient.Counts())
    }

    @Test func `an answer that cancels its own request is cancelled`() {
      var isCancelled = false
      let answer = Deferred<Streamed>(canceller: { _ in isCancelled = true })
      var exchange: HTTPClient.Exchange?
      let client = HTTPClient(
        answering: { _ in
          exchange?.cancel()
          return answer
        }, on: reactor)
      exchange = client.fetch(request) { _ in }
      reactor.runUntilIdle()
      #expect(isCancelled && client.counts == HTTPClient.Counts())
    }

    @Test(arguments: [false, true])
    func `cancelling in onHead ends a request of interceptors, too`(isIntercepted: Bool) throws {
      let endless = Endless(reactor)
      let client = client(answering: endless, isIntercepted: isIntercepted)
      var deferred: Deferred<HTTPClient.Response>?
      deferred = client.fetch(
        request, onHead: { _ in deferred?.cancel() }, onData: { _ in Issue.record("it was cancelled") })
      #expect(try error(of: deferred!) is CancelledError)
      #expect(endless.isStopped && endless.pieces <= 2)
    }

    @Test(arguments: [false, true])
    func `cancelling in onData ends a request whose content is there already`(isIntercepted: Bool) throws {
      let client = HTTPClient(answering: { _ in .succeed(.init(.init(.ok), pieces: [[1], [2], [3]])) }, on: reactor)
      if isIntercepted {
        // All pieces wait when the head arrives.
        client.intercept { [reactor] request, next in
          next(request).addCallback { response in reactor.sleep(.seconds(1)).addCallback { _ in response } }
        }
      }
      var pieces = 0
      var deferred: Deferred<HTTPClient.Response>?
      deferred = client.fetch(request) { _ in
        pieces += 1
        deferred?.cancel()
      }
      #expect(try error(of: deferred!) is CancelledError)
      #expect(pieces == 1)
    }

    @Test(arguments: [false, true])
    func `an error of onData after it cancelled the request is dropped`(isIntercepted: Bool) throws {
      let endless = Endless(reactor)
      let client = client(answering: endless, isIntercepted: isIntercepted)
      var pieces = 0
      var deferred: Deferred<HTTPClient.Response>?
      deferred = client.fetch(request) { _ in
        pieces += 1
        guard pieces == 3 else { return }
        deferred?.cancel()
        throw Trouble()
      }
      #expect(try error(of: deferred!) is CancelledError)
      #expect(pieces == 3 && endless.isStopped)
    }

    @Test func `what an interceptor makes is cancelled when it has cancelled its own request`() throws {
      var cancelled = 0
      let answers = (0..<2).map { _ in Deferred<Streamed>(canceller: { _ in cancelled += 1 }) }
      let client = HTTPClient(answering: { _ in HTTPClient.Response() }, on: reactor)
      var exchange: HTTPClient.Exchange?
      var stream: Deferred<Streamed>?
      var calls = 0
      client.intercept { _, _ in
        calls += 1
        exchange?.cancel()
        stream?.cancel()
        return answers[calls - 1]
      }
      exchange = client.fetch(request) { _ in }
      reactor.runUntilIdle()
      #expect(cancelled == 1)
      stream = client.stream(request)
      #expect(try error(of: stream!) is CancelledError)
      #expect(cancelled == 2)
    }

    /// An interceptor of each hop that cancels its call in the second hop, after or before it has sent it.
    @Test(arguments: ["before", "after", "stream before", "stream after"])
    func `cancelling in a later hop stops that hop`(_ form: String) throws {
      var cancelled = 0
      var sent: [String] = []
      var hops: [Deferred<Streamed>] = []
      let client = HTTPClient(
        answering: { request in
          sent.append(request.url)
          if request.url.hasSuffix("/old") {
            return .succeed(Streamed(HTTPClient.Response(.found, headers: [.location: "/new"])))
          }
          hops.append(Deferred<Streamed>(canceller: { _ in cancelled += 1 }))
          return hops[0]
        }, on: reactor)
      var cancel = {}
      client.intercept(eachHop: true) { request, next in
        if request.url.hasSuffix("/old") { return next(request) }
        if form.hasSuffix("before") { cancel() }
        let answer = next(request)
        // The hop is under way.
        if form.hasSuffix("after") {
          self.reactor.callSoon { cancel() }
        }
        return answer
      }
      let old = HTTPClient.Request("http://example.test/old")
      if form.hasPrefix("stream") {
        let streamed = client.stream(old)
        cancel = { streamed.cancel() }
        #expect(try error(of: streamed) is CancelledError)
      } else {
        let fetched = client.fetch(old)
        cancel = { fetched.cancel() }
        #expect(try error(of: fetched) is CancelledError)
      }
      let isBefore = form.hasSuffix("before")
      #expect(sent == ["http://example.test/old"] + (isBefore ? [] : ["http://example.test/new"]))
      #expect(cancelled == (isBefore ? 0 : 1))
      #expect(client.counts.busy == 0)
    }

    /// It has its hop, and cancels before it returns that.
    @Test func `cancelling in a later hop that was just sent stops it`() throws {
      var cancelled = 0
      let client = HTTPClient(
        answering: { _ in HTTPClient.Response(.found, headers: [.location: "/new"]) }, on: reactor)
      var fetched: Deferred<HTTPClient.Response>?
      client.intercept(eachHop: true) { request, next in
        if !request.url.hasSuffix("/new") { return next(request) }
        let hop = Deferred<Streamed>(canceller: { _ in cancelled += 1 })
        fetched?.cancel()
        return hop
      }
      fetched = client.fetch(request)
      #expect(try error(of: fetched!) is CancelledError)
      #expect(cancelled == 1)
    }

    @Test func `the answer of an interceptor that has cancelled its own request is dropped`() throws {
      let client = HTTPClient(answering: { _ in HTTPClient.Response() }, on: reactor)
      var stream: Deferred<Streamed>?
      client.intercept { _, _ in
        stream?.cancel()
        return .succeed(Streamed(HTTPClient.Response()))
      }
      stream = client.stream(request)
      #expect(try error(of: stream!) is CancelledError)
    }
  }
}

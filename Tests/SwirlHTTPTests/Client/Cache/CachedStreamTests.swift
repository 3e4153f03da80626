import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// The cache for what is streamed and downloaded.
  @Suite(.inBothVersions) final class CachedStreamTests {
    private let reactor = Reactor()
    private let cache = HTTPCache(memory: 32 << 20)
    private var requests: [HTTPClient.Request] = []
    /// What the server answers: the fields and the pieces; and the error after them.
    private var fields: HTTPFields = [.cacheControl: "max-age=60"]
    private var pieces = ["one ", "two"]
    private var status = HTTPResponse.Status.ok
    private var fault: (any Error)?
    /// Called with each request, before its answer.
    private var onRequest: (HTTPClient.Request) -> Void = { _ in }

    private lazy var client: HTTPClient = {
      let client = HTTPClient(
        answering: { [unowned self] request in
          requests.append(request)
          onRequest(request)
          return .succeed(
            HTTPClient.StreamedResponse(
              HTTPClient.Response(status, headers: fields), pieces: pieces.map { Array($0.utf8) }, fault: fault))
        }, on: reactor)
      client.intercept(cache)
      return client
    }()

    private func request(_ path: String = "", _ fields: HTTPFields = [:]) -> HTTPClient.Request {
      HTTPClient.Request("http://example.test/" + path, headers: fields)
    }

    /// Runs until `answer` has come, and says what it is.
    private func outcome<Value>(_ answer: Deferred<Value>, _ text: @escaping (Value) -> String) -> String {
      var outcome = "nothing"
      answer.addBoth { [reactor] (result: Result<Value, any Error>) in
        switch result {
        case .success(let value): outcome = text(value)
        case .failure(let error as HTTPError): outcome = "\(error.code)"
        case .failure(let error): outcome = "\(error)"
        }
        reactor.callSoon { reactor.stop() }
      }
      reactor.run()
      return outcome
    }

    private func text(_ response: HTTPClient.Response) -> String {
      "\(response.cacheOutcome.map { "\($0)" } ?? "-") \(response.status.code) \(response.text)"
    }

    private func stream(_ path: String = "", _ fields: HTTPFields = [:]) -> String {
      outcome(client.stream(request(path, fields)).addCallback { $0.collect() }, text)
    }

    private func fetch(_ path: String = "", _ fields: HTTPFields = [:]) -> String {
      outcome(client.fetch(request(path, fields)), text)
    }

    private func onData(_ path: String = "") -> String {
      var bytes: [UInt8] = []
      return outcome(client.fetch(request(path), onData: { bytes += $0 })) { [self] in
        text($0.with(body: bytes, trailers: nil))
      }
    }

    private func download(_ path: String = "") -> String {
      outcome(client.download(request(path), to: "/dev/null")) { "\($0.status.code) \($0.size)" }
    }

    @Test func `a kept answer serves whatever form asks for it`() {
      #expect(fetch() == "miss 200 one two")
      #expect(stream() == "hit 200 one two" && onData() == "hit 200 one two" && download() == "200 7")
      #expect(requests.count == 1 && cache.counts.hits == 3)
    }

    @Test func `what is streamed is kept while it passes`() {
      #expect(stream("a") == "miss 200 one two" && fetch("a") == "hit 200 one two")
      #expect(onData("b") == "miss 200 one two" && stream("b") == "hit 200 one two")
      #expect(download("c") == "200 7" && fetch("c") == "hit 200 one two")
      #expect(requests.count == 3 && cache.counts.stores == 3)
    }

    @Test(arguments: ["no-store", "max-age=0, no-store"])
    func `what must not be kept is not`(control: String) {
      fields = [.cacheControl: control]
      #expect(stream() == "miss 200 one two" && stream() == "miss 200 one two")
      #expect(requests.count == 2 && cache.counts.stores == 0)
    }

    /// RFC 9111 §3.3: an incomplete response.
    @Test func `a stream that breaks is not kept`() {
      fault = HTTPError(.connectionLost, "reset", url: "http://example.test/")
      #expect(stream() == "connectionLost" && cache.counts.stores == 0)
      fault = nil
      #expect(stream() == "miss 200 one two" && requests.count == 2)
    }

    @Test func `a stream that its reader leaves is not kept`() {
      struct Enough: Error {}
      let whole = pieces
      pieces = Array(repeating: String(repeating: "x", count: 64 * 1024), count: 16)
      let left = client.fetch(request(), onData: { _ in throw Enough() })
      #expect(outcome(left, text) == "\(Enough())")
      let cancelled = client.fetch(request(), onData: { _ in Deferred<Void>() })
      reactor.callLater(.zero) { [reactor] in reactor.callSoon { cancelled.cancel() } }
      #expect(outcome(cancelled, text) == "\(CancelledError())")
      pieces = whole
      #expect(cache.counts.stores == 0)
      #expect(stream() == "miss 200 one two" && stream() == "hit 200 one two")
    }

    @Test(arguments: [true, false])
    func `a stream longer than the limit passes, and takes the place of what was kept`(isAnnounced: Bool) {
      fields = [.cacheControl: "max-age=0", .eTag: "\"1\""]
      #expect(fetch() == "miss 200 one two")
      fields[.cacheControl] = "max-age=60"
      let count = (8 << 20) + 1
      pieces = Array(repeating: String(repeating: "x", count: 1 << 20), count: 8) + ["y"]
      if isAnnounced { fields[.contentLength] = "\(count)" }
      #expect(outcome(client.stream(request()).addCallback { $0.collect() }) { "\($0.body.count)" } == "\(count)")
      #expect(cache.counts.stores == 1)
      pieces = ["short"]
      fields[.contentLength] = nil
      #expect(stream() == "miss 200 short" && requests.last?.headers[.ifNoneMatch] == nil)
    }

    /// RFC 9111 §4.3.
    @Test func `a stale answer is validated for a stream`() {
      fields = [.cacheControl: "max-age=0", .eTag: "\"1\""]
      #expect(stream() == "miss 200 one two")
      status = .notModified
      pieces = []
      #expect(stream() == "revalidated 200 one two" && requests[1].headers[.ifNoneMatch] == "\"1\"")
      status = .ok
      pieces = ["new"]
      fields[.eTag] = "\"2\""
      #expect(stream() == "miss 200 new" && requests.count == 3)
    }

    /// RFC 5861 §4.
    @Test func `a stale answer replaces an error for a stream`() {
      fields = [.cacheControl: "max-age=0, stale-if-error=60"]
      #expect(stream() == "miss 200 one two")
      status = .serviceUnavailable
      #expect(stream() == "stale 200 one two" && requests.count == 2)
      // An error whose content breaks is one, too.
      fault = HTTPError(.connectionLost, "reset", url: "http://example.test/")
      #expect(stream() == "stale 200 one two" && requests.count == 3)
    }

    /// RFC 5861 §3.
    @Test func `a stale answer is validated behind a stream`() {
      fields = [.cacheControl: "max-age=0, stale-while-revalidate=60"]
      #expect(stream() == "miss 200 one two")
      fields[.cacheControl] = "max-age=60"
      pieces = ["new"]
      #expect(stream() == "stale 200 one two")
      #expect(stream() == "hit 200 new" && requests.count == 2)
    }

    /// RFC 9111 §5.2.1.7.
    @Test func `only-if-cached gives 504 to a stream`() {
      #expect(stream("", [.cacheControl: "only-if-cached"]) == "miss 504 " && requests.isEmpty)
    }

    @Test func `ranges and requests with no-store pass by`() {
      #expect(fetch() == "miss 200 one two")
      #expect(stream("", [.range: "bytes=0-1"]) == "- 200 one two")
      #expect(stream("", [.cacheControl: "no-store"]) == "- 200 one two" && requests.count == 3)
    }

    /// RFC 9111 §4.4.
    @Test func `what is invalidated while it passes is not kept`() {
      let whole = client.fetch(request(), onData: { [cache] _ in cache.remove("http://example.test/") })
      #expect(outcome(whole, { "\($0.status.code)" }) == "200" && cache.counts.stores == 0)
    }

    @Test func `a redirect and what it leads to are both kept of a stream`() {
      onRequest = { [unowned self] request in
        let isFirst = request.url.hasSuffix("/from")
        status = isFirst ? .movedPermanently : .ok
        fields[.location] = isFirst ? "/to" : nil
      }
      #expect(stream("from") == "miss 200 one two" && stream("from") == "hit 200 one two")
      #expect(stream("to") == "hit 200 one two" && requests.count == 2)
    }
  }
}

import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// Interceptors around fetches, streams, callbacks and downloads alike.
  @Suite(.inBothVersions) struct MiddlewareTests {
    private let reactor = Reactor(clock: .virtual())
    private let server = MockServer()
    private let origin = "http://example.test"
    private let mark = HTTPField.Name("X-Mark")!

    /// How something is asked for.
    enum Way: CaseIterable { case fetch, stream, callbacks, download }

    /// Asks for `target`, and gives the content as text.
    private func ask(_ client: HTTPClient, _ target: String = "/", _ way: Way) throws -> String {
      let request = HTTPClient.Request(origin + target)
      switch way {
      case .fetch: return try reactor.result(of: client.fetch(request)).text
      case .stream: return try reactor.result(of: client.stream(request).addCallback { $0.collect() }).text
      case .callbacks:
        var bytes: [UInt8] = []
        _ = try reactor.result(of: client.fetch(request) { bytes += $0 })
        return String(decoding: bytes, as: UTF8.self)
      case .download:
        let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).bin").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let download = try reactor.result(of: client.download(request, to: path))
        let bytes = try #require(FileManager.default.contents(atPath: path))
        #expect(bytes.count == download.size)
        return String(decoding: bytes, as: UTF8.self)
      }
    }

    @Test(arguments: Way.allCases)
    func `each way goes through them, the first that was added outermost`(_ way: Way) throws {
      server.on("/", .reply { .init(.ok, body: Array(($0.headers[mark] ?? "").utf8)) })
      let client = HTTPClient(answering: server.answer, on: reactor)
      for name in ["a", "b"] {
        client.intercept { request, next in
          var request = request
          request.headers[mark] = (request.headers[mark] ?? "") + name
          return next(request).addCallback { $0.mapBody { $0 + Array(name.utf8) } }
        }
      }
      #expect(try ask(client, "/", way) == "abba")
    }

    @Test(arguments: Way.allCases)
    func `one may answer by itself, or fail`(_ way: Way) throws {
      struct Refused: Error {}
      let client = HTTPClient(answering: server.answer, on: reactor)
      client.intercept { request, next in
        if request.url.hasSuffix("/refused") { throw Refused() }
        return .succeed(.init(.init(.ok, body: Array("mine".utf8))))
      }
      #expect(try ask(client, "/", way) == "mine")
      #expect(throws: Refused.self) { try ask(client, "/refused", way) }
      #expect(server.requests.isEmpty)
    }

    @Test(arguments: Way.allCases)
    func `one that sees each hop sees what redirects lead to`(_ way: Way) throws {
      server.on("/old", .answer(.init(.found, headers: [.location: "/new"], body: [1])))
      server.on("/new", .answer(.init(.ok, body: Array("there".utf8))))
      let client = HTTPClient(answering: server.answer, on: reactor)
      var whole: [String] = []
      var hops: [String] = []
      client.intercept(eachHop: true) { request, next in
        hops.append(request.url)
        return next(request)
      }
      client.intercept { request, next in
        whole.append(request.url)
        return next(request)
      }
      #expect(try ask(client, "/old", way) == "there")
      #expect(whole == [origin + "/old"] && hops == [origin + "/old", origin + "/new"])
    }

    @Test(arguments: [false, true])
    func `what one adds to the whole stays with the first origin`(hasHops: Bool) throws {
      let other = "http://other.test/"
      server.on("/old", .answer(.init(.found, headers: [.location: other])))
      server.on(
        other, .reply { .init(.ok, body: Array("\($0.headers[mark] ?? "no") \($0.headers[.accept] ?? "")".utf8)) })
      let client = HTTPClient(answering: server.answer, on: reactor)
      client.intercept { request, next in
        var request = request
        request.headers[mark] = "token"
        return next(request)
      }
      if hasHops { client.intercept(eachHop: true) { request, next in next(request) } }
      let request = HTTPClient.Request(origin + "/old", headers: [.accept: "mine"])
      #expect(try reactor.result(of: client.fetch(request)).text == "no mine")
      #expect(server.requests.map { $0.headers[mark] } == ["token", nil])
    }

    @Test func `a stream is tried again until its head is there, and what is fetched until its end`() throws {
      let broken = HTTPError(.closedEarly, "cut", url: origin)
      let client = HTTPClient(answering: server.answer, on: reactor)
      var policy = HTTPClient.RetryPolicy()
      policy.firstDelay = .milliseconds(1)
      client.intercept(.retry(policy))
      server.on("/", .answer(.init(.serviceUnavailable, body: [1])), .answer(.init(.ok, body: [2])))
      #expect(
        try reactor.result(of: client.stream(HTTPClient.Request(origin)).addCallback { $0.collect() }).body == [2])
      server.on("/", .pieces(.init(), [[1]], fault: broken), .answer(.init(.ok, body: [2])))
      #expect(try reactor.result(of: client.fetch(HTTPClient.Request(origin))).body == [2])
      server.on("/", .pieces(.init(), [[1]], fault: broken), .answer(.init(.ok, body: [2])))
      #expect(throws: HTTPError.self) {
        try reactor.result(of: client.stream(HTTPClient.Request(origin)).addCallback { $0.collect() })
      }
    }

    @Test func `cancelling a stream goes through to what answers`() throws {
      var cancelled = 0
      let never = Deferred<HTTPClient.StreamedResponse>(canceller: { _ in cancelled += 1 })
      var stream: Deferred<HTTPClient.StreamedResponse>?
      let answer = { [reactor] (_: HTTPClient.Request) -> Deferred<HTTPClient.StreamedResponse> in
        reactor.callSoon { stream?.cancel() }
        return never
      }
      let client = HTTPClient(answering: answer, on: reactor)
      client.intercept { request, next in next(request) }
      let asked = client.stream(HTTPClient.Request(origin))
      stream = asked
      #expect(throws: CancelledError.self) { try reactor.result(of: asked) }
      #expect(cancelled == 1)
    }

    @Test func `a body that is not read ends its request, one that is discarded does not`() throws {
      let client = HTTPClient(answering: server.answer, on: reactor)
      client.intercept { request, next in
        next(request).addCallback { first in first.discard(atMost: 2).addCallback { next(request) } }
      }
      server.on("/", .pieces(.init(.ok), [[1], [2], [3]]), .answer(.init(.ok, body: [4])))
      #expect(try reactor.result(of: client.fetch(HTTPClient.Request(origin))).body == [4])
      #expect(client.counts == HTTPClient.Counts())
    }
  }
}

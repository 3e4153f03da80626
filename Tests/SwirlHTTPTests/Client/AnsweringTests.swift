import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// A client without a socket, with all that is around the network.
  @Suite(.failsOnUnhandledFailures) struct AnsweringTests {
    private let reactor = Reactor(clock: .virtual())
    private let server = MockServer()
    private let origin = "http://example.test"
    private struct Trouble: Error {}

    private func client(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) -> HTTPClient {
      var configuration = HTTPClient.Configuration()
      change(&configuration)
      return HTTPClient(answering: server.answer, configuration, on: reactor)
    }

    private func fetch(_ client: HTTPClient, _ target: String = "/") throws -> HTTPClient.Response {
      try reactor.result(of: client.fetch(HTTPClient.Request(origin + target)))
    }

    private func code(_ body: () throws -> HTTPClient.Response) -> HTTPError.Code? {
      do { _ = try body() } catch { return (error as? HTTPError)?.code }
      return nil
    }

    @Test func `it answers, and sees all fields that would be sent`() throws {
      server.on("/a?b", .answer(.init(.ok, headers: [.contentType: "text/plain"], body: Array("hello".utf8))))
      let client = client()
      let response = try fetch(client, "/a?b#c")
      #expect(response.text == "hello" && response.status == 200 && response.url == origin + "/a?b#c")
      #expect(response["content-type"] == "text/plain")
      #expect(server.requests.map(\.url) == [origin + "/a?b"])
      #expect(server.requests[0].headers[.userAgent] == "Swirl/\(swirlVersion)")
      #expect(client.counts == HTTPClient.Counts())
      #expect(try fetch(client, "/elsewhere").status == 404)
    }

    @Test func `a function that answers at once needs no Deferred`() throws {
      struct Item: Codable, Equatable { var name: String }
      let client = HTTPClient(
        answering: { request in
          switch request.url {
          case origin + "/text": return .init(text: "grüß", status: .created)
          case origin + "/json": return try .init(json: Item(name: "x"))
          case origin + "/old": return .init(.found, headers: [.location: "/text"])
          case origin + "/none": return .init(.noContent)
          default: throw HTTPError(.connectionLost, "the connection was reset", url: request.url)
          }
        }, on: reactor)
      let text = try reactor.result(of: client.fetch(origin + "/text"))
      #expect(text.status == .created && text.text == "grüß" && text["content-type"]?.hasPrefix("text/") == true)
      #expect(try reactor.result(of: client.fetch(origin + "/json")).json(as: Item.self) == Item(name: "x"))
      #expect(try reactor.result(of: client.fetch(origin + "/old")).url == origin + "/text")
      #expect(try reactor.result(of: client.fetch(origin + "/none")).status == .noContent)
      #expect(code { try reactor.result(of: client.fetch(origin + "/else")) } == .connectionLost)
      #expect(
        code { try reactor.result(of: HTTPClient(answering: { _ in throw Trouble() }, on: reactor).fetch(origin)) }
          != nil)
    }

    @Test func `a URL stands for the request that gets it`() async throws {
      server.on("/a", .answer(.init(text: "a")))
      let client = client()
      #expect(try reactor.result(of: client.fetch(origin + "/a")).text == "a")
      var text: String?
      client.fetch(origin + "/a") { [reactor] in
        text = try $0.get().text
        reactor.stop()
      }
      reactor.run()
      #expect(text == "a")
      let streamed = try reactor.result(of: client.stream(origin + "/a"))
      #expect(try reactor.result(of: streamed.collect()).text == "a")
      #expect(server.requests.map(\.method) == [.get, .get, .get])
    }

    @Test func `the callback is never called before fetch has returned`() throws {
      server.on("/", .answer(.init()))
      let client = client()
      var hasReturned = false
      reactor.callSoon {
        client.fetch(HTTPClient.Request(origin)) { _ in
          #expect(hasReturned)
          reactor.stop()
        }
        hasReturned = true
      }
      reactor.run()
    }

    @Test func `redirects are followed, with cookies`() throws {
      server.on(
        "/old", .answer(.init(.found, headers: [.location: "/new", .setCookie: "a=b"], body: Array("moved".utf8))))
      server.on("/new", .reply { .init(.ok, body: Array(($0.headers[.cookie] ?? "none").utf8)) })
      let client = client()
      client.cookies = CookieJar()
      let response = try fetch(client, "/old")
      #expect(response.text == "a=b" && response.history.map(\.url) == [origin + "/old"])
      #expect(code { try fetch(self.client { $0.redirects = .follow(0) }, "/old") } == nil)
    }

    @Test func `a proof is given to a server that wants one`() throws {
      let challenge = #"Digest realm="r", nonce="n", qop="auth""#
      server.on(
        "/", .answer(.init(.unauthorized, headers: [.wwwAuthenticate: challenge])),
        .reply { .init(.ok, body: Array(($0.headers[.authorization] ?? "").prefix(7).utf8)) })
      var request = HTTPClient.Request(origin)
      request.authentication = .digest("user", "password")
      #expect(try reactor.result(of: client().fetch(request)).text == "Digest ")
      #expect(server.requests.count == 2)
    }

    @Test func `content in a coding is decoded, within the limits`() throws {
      // "hello", by gzip.
      let gzip: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 7, 0, 0x86, 0xA6, 0x10, 0x36, 5, 0, 0, 0,
      ]
      server.on("/", .answer(.init(.ok, headers: [.contentEncoding: "gzip"], body: gzip)))
      let response = try fetch(client())
      #expect(response.text == "hello" && response.contentCodings == [])
      #expect(try fetch(client { $0.decodesContent = false }).body == gzip)
      #expect(code { try fetch(client { $0.maximumBodySize = 4 }) } == .bodyTooLarge)
      server.on("/", .pieces(.init(), [[1, 2, 3], [4, 5]]))
      #expect(code { try fetch(client { $0.maximumBodySize = 4 }) } == .bodyTooLarge)
      #expect(try fetch(client { $0.maximumBodySize = 5 }).body == [1, 2, 3, 4, 5])
    }

    @Test func `timeouts and cancelling end what does not answer`() throws {
      server.on("/", .silence)
      let client = client { $0.timeout = .milliseconds(1) }
      #expect(code { try fetch(client) } == .timeout)
      let waiting = self.client().fetch(HTTPClient.Request(origin))
      reactor.callSoon { waiting.cancel() }
      #expect(throws: CancelledError.self) { try reactor.result(of: waiting) }
    }

    @Test func `faults are what the script says`() throws {
      let refused = HTTPError(.connectionLost, "the connection was reset", url: origin)
      server.on("/", .fault(refused), .answer(.init()))
      let client = client()
      #expect(code { try fetch(client) } == .connectionLost)
      server.on("/", .fault(refused), .answer(.init(.serviceUnavailable)), .answer(.init()))
      var policy = HTTPClient.RetryPolicy()
      policy.firstDelay = .milliseconds(1)
      client.intercept(.retry(policy))
      #expect(try fetch(client).status == 200)
      server.on("/", .pieces(.init(), [[1]], fault: refused))
      let streamed = try reactor.result(of: self.client().stream(HTTPClient.Request(origin)))
      #expect(throws: HTTPError.self) { try reactor.result(of: streamed.collect()) }
    }

    @Test func `a body is streamed in its pieces`() throws {
      server.on("/", .pieces(.init(.ok, trailers: [.init("X-Sum")!: "3"]), [[1], [2], [3]]))
      var pieces: [[UInt8]] = []
      let response = try reactor.result(
        of:
          client().fetch(HTTPClient.Request(origin), onHead: { #expect($0.status == 200) }) { pieces.append($0) })
      #expect(pieces == [[1], [2], [3]] && response.trailers == [.init("X-Sum")!: "3"])
    }

    @Test func `what cannot be sent is an error here too`() throws {
      let client = client()
      #expect(code { try fetch(client, " x") } == .invalidURL)
      let request = HTTPClient.Request(origin, headers: [.host: "a b"])
      #expect(code { try reactor.result(of: client.fetch(request)) } == .invalidRequest)
      client.close()
      #expect(code { try fetch(client) } == .clientClosed)
      #expect(server.requests.isEmpty)
    }
  }
}

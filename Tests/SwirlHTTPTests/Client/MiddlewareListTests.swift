import HTTPTypes
import Logging
import SwirlContent
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// The list of pieces: read, left out, added to.
  @Suite(.inBothVersions) struct MiddlewareListTests {
    typealias Middleware = HTTPClient.Middleware
    private let reactor = Reactor(clock: .virtual())
    private let server = MockServer()
    private let origin = "http://example.test"

    private func client(_ configuration: HTTPClient.Configuration = .init()) -> HTTPClient {
      HTTPClient(answering: server.answer, configuration, on: reactor)
    }

    private func get(_ client: HTTPClient, _ target: String = "/") throws -> HTTPClient.Response {
      try reactor.result(of: client.fetch(HTTPClient.Request(origin + target)))
    }

    private func passing(_ name: String, _ seen: @escaping (String) -> Void = { _ in }) -> Middleware {
      Middleware(name) { request, next in
        seen(name)
        return next(request)
      }
    }

    @Test func `a new client has the built-in pieces`() {
      #expect("\(client().middleware)" == "[redirects, cookies, authentication, decoding]")
      #expect(client().middleware == [.redirects, .cookies, .authentication, .decoding])
    }

    @Test func `whatever the order in which they are added, each has its place`() {
      let client = client()
      client.intercept(.rateLimit(10))
      client.intercept(eachHop: true) { request, next in next(request) }
      client.intercept(.retry())
      client.intercept(HTTPCache())
      client.intercept(passing("mine"))
      client.intercept(.log(to: .init(label: "test")))
      client.intercept(passing("second"))
      #expect(
        client.middleware.map(\.name) == [
          "log", "mine", "second", "redirects", "interceptor", "cache", "retry", "rate limit", "cookies",
          "authentication", "decoding",
        ])
    }

    @Test func `a list of one's own has any order, but for what is nearest to the connection`() {
      let client = client()
      let retry = Middleware.retry()
      let own = passing("own")
      client.middleware = [.decoding, retry, .cookies, .redirects, own, .redirects, .decoding]
      #expect(client.middleware == [retry, .redirects, own, .cookies, .decoding])
      #expect(own == client.middleware[2] && own != passing("own") && retry != .retry())
      client.middleware = []
      #expect(client.middleware.isEmpty)
    }

    @Test func `pieces before redirects see the call, and those behind it each hop`() throws {
      server.on("/old", .answer(.init(.found, headers: [.location: "/new"])))
      server.on("/new", .answer(.init(text: "there")))
      var seen: [String] = []
      let client = client()
      client.middleware.insert(passing("call") { seen.append($0) }, at: 0)
      client.middleware.append(passing("hop") { seen.append($0) })
      #expect(client.middleware.map(\.name).prefix(3) == ["call", "redirects", "hop"])
      let response = try get(client, "/old")
      #expect(response.text == "there" && response.history.count == 1)
      #expect(seen == ["call", "hop", "hop"])
    }

    @Test(arguments: [false, true])
    func `without redirects the redirect is the response`(hasHops: Bool) throws {
      server.on("/old", .answer(.init(.found, headers: [.location: "/new"])))
      let client = client()
      if hasHops { client.intercept(eachHop: true) { request, next in next(request) } }
      client.middleware.removeAll { $0 == .redirects }
      #expect(try get(client, "/old").status == .found)
      var request = HTTPClient.Request(origin + "/old")
      request.redirects = .follow()
      #expect(try reactor.result(of: client.fetch(request)).status == .found)
      #expect(try reactor.result(of: client.stream(request)).status == .found)
    }

    @Test func `without cookies the jar is not used, and with them again it is`() throws {
      server.on("/", .reply { .init(.ok, headers: [.setCookie: "a=1"], body: Array(($0.headers[.cookie] ?? "").utf8)) })
      let client = client()
      let jar = CookieJar()
      client.cookies = jar
      client.middleware.removeAll { $0 == .cookies }
      #expect(client.cookies === jar)
      _ = try get(client)
      #expect(jar.isEmpty)
      client.middleware.append(.cookies)
      _ = try get(client)
      #expect(!jar.isEmpty)
      #expect(try get(client).text == "a=1")
      client.middleware = []
      #expect(try get(client).text == "")
      client.cookies = CookieJar()
      #expect(try get(client).text == "" && client.cookies?.isEmpty == true)
    }

    @Test(arguments: [
      (HTTPClient.Authentication.basic("me", "pw"), "Basic bWU6cHc="), (.bearer("t"), "Bearer t"),
      (.digest("me", "pw"), "Digest username"),
    ])
    func `without authentication no credentials are sent, and no challenge is answered`(
      authentication: HTTPClient.Authentication, field: String
    ) throws {
      let challenge = HTTPTypes.HTTPField.Name.wwwAuthenticate
      server.on(
        "/",
        .reply { request in
          guard let field = request.headers[.authorization] else {
            return .init(.unauthorized, headers: [challenge: #"Digest realm="r", nonce="n""#])
          }
          return .init(text: field)
        })
      let client = client()
      var request = HTTPClient.Request(origin)
      request.authentication = authentication
      client.middleware.removeAll { $0 == .authentication }
      #expect(try reactor.result(of: client.fetch(request)).status == .unauthorized)
      client.middleware.append(.authentication)
      #expect(try reactor.result(of: client.fetch(request)).text.hasPrefix(field))
    }

    @Test(arguments: [false, true])
    func `without decoding no coding is announced, and none is decoded`(hasCache: Bool) throws {
      let gzip: [UInt8] = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0,
      ]
      server.on("/", .answer(.init(.ok, headers: [.contentEncoding: "gzip", .cacheControl: "max-age=60"], body: gzip)))
      let client = client()
      if hasCache { client.intercept(HTTPCache()) }
      #expect(try get(client).text == "hello")
      client.middleware.removeAll { $0 == .decoding }
      var request = HTTPClient.Request(origin)
      request.decodesContent = true
      let response = try reactor.result(of: client.fetch(request))
      #expect(response.body == gzip && response.contentCodings == ["gzip"])
      client.middleware.append(.decoding)
      #expect(try get(client).text == "hello")
      let announced = server.requests.map { $0.headers[.acceptEncoding] != nil }
      #expect(announced == (hasCache ? [true, false] : [true, false, true]))
    }

    @Test func `each other piece can be left out again`() throws {
      server.on("/", .answer(.init(.serviceUnavailable, headers: [.cacheControl: "max-age=60"])))
      let client = client()
      var policy = HTTPClient.RetryPolicy()
      policy.firstDelay = .zero
      let added: [Middleware] = [
        .retry(policy), .cache(HTTPCache()), .rateLimit(1), .log(to: .init(label: "test")), passing("own"),
      ]
      for piece in added { client.intercept(piece) }
      for piece in added {
        #expect(client.middleware.contains(piece))
        client.middleware.removeAll { $0 == piece }
      }
      #expect(client.middleware == [.redirects, .cookies, .authentication, .decoding])
      #expect(client.interceptors.isEmpty, "the plain path again")
      #expect(try get(client).status == .serviceUnavailable && server.requests.count == 1)
    }

    @Test func `a request under way keeps the list that it began with`() throws {
      server.on("/", .answer(.init(text: "done")))
      let client = client()
      var seen: [String] = []
      client.intercept { request, next in self.reactor.sleep(.seconds(1)).addCallback { _ in next(request) } }
      client.intercept(passing("second") { seen.append($0) })
      let response = client.fetch(HTTPClient.Request(origin))
      reactor.callLater(.milliseconds(500)) { client.middleware = [] }
      #expect(try reactor.result(of: response).text == "done")
      #expect(seen == ["second"])
      #expect(try get(client).text == "done" && seen == ["second"])
    }

    @Test func `retry is beneath redirects: only the hop that failed is repeated`() throws {
      server.on("/old", .answer(.init(.found, headers: [.location: "/new"])))
      server.on("/new", .answer(.init(.serviceUnavailable)), .answer(.init(text: "there")))
      let client = client()
      client.intercept(.retry())
      #expect(try get(client, "/old").text == "there")
      #expect(server.requests.map(\.url) == ["/old", "/new", "/new"].map { origin + $0 })
    }
  }
}

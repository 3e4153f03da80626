import Swirl
import SwirlTesting
import Testing

@Suite struct CORSTests {
  private static let site = "https://app.test"

  private func ask(
    _ middleware: HTTPServer.Middleware, _ fields: KeyValuePairs<String, String>, _ method: HTTPRequest.Method = .get,
    _ path: String = "/"
  ) throws -> HTTPServer.Response {
    let router = Router()
    router.intercept(middleware)
    router.intercept { request, next in
      if request["Authorization"] == nil, request.path == "/private" { throw HTTPServer.StatusError(.unauthorized) }
      return next(request)
    }
    router.get("/") { _ in .text("x").with(.vary, "Accept") }
    router.get("/private") { _ in .text("x") }
    router.get("/failing") { _ in throw Trouble() }
    let request = try HTTPServer.Request(path, method: method, headers: HTTPFields(fields))
    return try successResult(of: HTTPServer(router).respond(to: request, on: Reactor()))
  }
  private struct Trouble: Error {}

  private func preflight(_ method: String, headers: String? = nil, origin: String = site) -> KeyValuePairs<
    String, String
  > {
    headers.map {
      ["Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": $0]
    } ?? ["Origin": origin, "Access-Control-Request-Method": method]
  }

  @Test func `a page of a listed site gets the fields, and others none`() throws {
    let cors = HTTPServer.Middleware.cors(origins: [Self.site], exposed: ["X-Total"])
    let response = try ask(cors, ["Origin": Self.site])
    #expect(response.text == "x")
    #expect(response.headers[.accessControlAllowOrigin] == Self.site)
    #expect(response.headers[.accessControlAllowCredentials] == nil)
    #expect(response.headers[.accessControlExposeHeaders] == "X-Total")
    #expect(response.headers[.vary] == "Accept, Origin")
    for origin in [
      "https://app.test.evil.test", "http://app.test", "https://app.test:8443", "null", "https://APP.test",
    ] {
      let response = try ask(cors, ["Origin": origin])
      #expect(response.headers[.accessControlAllowOrigin] == nil && response.headers[.vary] == "Accept, Origin")
    }
    // A cache must not give this response to a page of the site.
    let plain = try ask(cors, [:])
    #expect(plain.headers[.accessControlAllowOrigin] == nil && plain.headers[.vary] == "Accept, Origin")
  }

  @Test func `with any origin the response is the same for all`() throws {
    let response = try ask(.cors(origins: .any), ["Origin": "null"])
    #expect(response.headers[.accessControlAllowOrigin] == "*" && response.headers[.vary] == "Accept")
    // A cache may have stored it for an image, and give it to a page that asks.
    let plain = try ask(.cors(origins: .any), [:])
    #expect(plain.headers[.accessControlAllowOrigin] == "*" && plain.headers[.vary] == "Accept")
  }

  @Test func `a preflight is answered before other interceptors`() throws {
    let cors = HTTPServer.Middleware.cors(origins: [Self.site], credentials: true, maxAge: .seconds(600))
    for path in ["/", "/private", "/nothing"] {
      let response = try ask(cors, preflight("DELETE", headers: "x-a,authorization"), .options, path)
      #expect(response.status == .noContent)
      #expect(response.headers[.accessControlAllowOrigin] == Self.site)
      #expect(response.headers[.accessControlAllowCredentials] == "true")
      #expect(response.headers[.accessControlAllowMethods] == "GET, HEAD, POST, PUT, PATCH, DELETE")
      #expect(response.headers[.accessControlAllowHeaders] == "x-a,authorization")
      #expect(response.headers[.accessControlMaxAge] == "600")
      #expect(response.headers[.vary] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    }
    let listed = try ask(
      .cors(origins: .any, methods: [.get], headers: ["X-A"]), preflight("GET", headers: "x-b"), .options)
    #expect(listed.headers[.accessControlAllowHeaders] == "X-A" && listed.headers[.accessControlAllowMethods] == "GET")
    #expect(listed.headers[.vary] == "Access-Control-Request-Method, Access-Control-Request-Headers")
    let stranger = try ask(cors, preflight("GET", origin: "https://evil.test"), .options)
    #expect(stranger.status == .forbidden && stranger.headers[.accessControlAllowOrigin] == nil)
    #expect(stranger.headers[.vary]?.hasPrefix("Origin, ") == true)
  }

  @Test func `OPTIONS that is no preflight goes on`() throws {
    let response = try ask(.cors(origins: [Self.site]), ["Origin": Self.site], .options)
    #expect(response.headers[.allow] == "GET, HEAD, OPTIONS")
    #expect(response.headers[.accessControlAllowOrigin] == Self.site)
  }

  @Test(.failsOnUnhandledFailures) func `an error response has the fields, so that the page sees its status`() throws {
    let bench = try RouterBench()
    bench.server.logger = LogLines().logger()
    bench.router.intercept(.cors(origins: [Self.site]))
    bench.router.get("/failing") { _ in throw Trouble() }
    bench.router.get("/refusing") { _ in
      throw HTTPServer.StatusError(.unauthorized, headers: [.wwwAuthenticate: "Basic"])
    }
    for (path, status) in [("/failing", 500), ("/refusing", 401), ("/nothing", 404)] {
      let page = try bench.fetch(.get, path, headers: [.origin: Self.site])
      #expect(page.status.code == status && page.headers[.accessControlAllowOrigin] == Self.site, "\(path)")
      #expect(page.headers[.vary] == "Origin" && (page.headers[.wwwAuthenticate] != nil) == (status == 401))
    }
  }

  @Test func `origins that a browser never sends, and any with credentials, end the program`() async {
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.cors(origins: ["https://app.test/"]) }
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.cors(origins: ["app.test"]) }
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.cors(origins: ["*"]) }
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.cors(origins: .any, credentials: true) }
  }
}

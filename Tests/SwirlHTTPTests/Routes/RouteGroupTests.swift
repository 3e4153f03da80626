import Swirl
import SwirlTesting
import Testing

@Suite struct RouteGroupTests {
  private enum Steps: HTTPServer.RequestKey { typealias Value = String }

  /// Leaves its letter in the request and in the response.
  private static func mark(_ letter: String) -> HTTPServer.Interceptor {
    { request, next in
      var request = request
      request[Steps.self] = (request[Steps.self] ?? "") + letter
      return next(request).addCallback { $0.with("X-Steps", ($0.headers["X-Steps"] ?? "") + letter) }
    }
  }

  private func answer(_ target: String, _ router: Router, method: HTTPRequest.Method = .get) throws
    -> HTTPServer.Response
  {
    try successResult(of: HTTPServer(router).respond(to: .init(target, method: method), on: Reactor()))
  }

  @Test func `interceptors of outer groups are outside, in the order in which they were added`() throws {
    let router = Router()
    router.intercept(Self.mark("a"))
    let api = router.group("/api")
    api.get("/x/{id}") { request in .text("\(request[Steps.self] ?? "-") \(try request.parameter("id"))") }
    api.group("/inner") { inner in
      inner.intercept(Self.mark("d"))
      inner.get("") { request in .succeed(.text(request[Steps.self] ?? "-")) }
    }
    router.get("/x") { request in .text(request[Steps.self] ?? "-") }
    // Added after its routes, and around them all the same.
    api.intercept(Self.mark("b"))
    router.intercept(Self.mark("c"))
    let inner = try answer("/api/inner", router)
    #expect(inner.text == "acbd" && inner.headers["X-Steps"] == "dbca")
    #expect(try answer("/api/x/7", router).text == "acb 7")
    #expect(try answer("/x", router).text == "ac")
    router.intercept(Self.mark("e"))
    #expect(try answer("/x", router).text == "ace")
  }

  @Test func `an interceptor answers by itself in the words of a handler`() throws {
    let router = Router()
    router.intercept { request, next in
      switch request.path {
      case "/no": return .status(.unauthorized)
      case "/text": return .text("not here", status: .gone)
      case "/away": return .redirect(to: "/there")
      case "/form": return .redirect(.seeOther, to: "/shown")
      default: return next(request)
      }
    }
    router.get("/") { _ in .text("handler") }
    #expect(try answer("/no", router).status == .unauthorized)
    #expect(try answer("/text", router).text == "not here" && answer("/text", router).status == .gone)
    #expect(try answer("/away", router).status == .found)
    #expect(try answer("/form", router).headers[.location] == "/shown")
    #expect(try answer("/", router).text == "handler")
  }

  @Test func `a group without a prefix shares interceptors alone`() throws {
    let router = Router()
    router.intercept(Self.mark("a"))
    router.get("/open") { request in .text(request[Steps.self] ?? "-") }
    router.group { members in
      members.intercept(Self.mark("b"))
      members.get("/club") { request in .text(request[Steps.self] ?? "-") }
      members.group("/lounge").group().get("/{seat}") { request in
        .text("\(request[Steps.self] ?? "-") \(try request.parameter("seat")) \(request.route ?? "-")")
      }
    }
    #expect(try answer("/open", router).text == "a")
    #expect(try answer("/club", router).text == "ab")
    #expect(try answer("/lounge/7", router).text == "ab 7 /lounge/{seat}")
    #expect(try answer("/", router).status == .notFound)
  }

  @Test func `a router's interceptors see what has no route`() throws {
    let router = Router()
    router.trailingSlash = .redirect
    var seen: [String] = []
    router.intercept { request, next in
      next(request).addBoth { result in
        switch result {
        case .success(let response): seen.append("\(request.route ?? "-") \(response.status.code)")
        case .failure(let error): seen.append("\(request.route ?? "-") \(error)")
        }
        return try result.get()
      }
    }
    let api = router.group("/api")
    api.intercept { request, next in
      seen.append("api")
      return next(request)
    }
    api.get("/users") { _ in .text("") }
    #expect(try answer("/nothing", router).status == .notFound)
    #expect(try answer("/api/nothing", router).status == .notFound)
    #expect(try answer("/api/users", router, method: .post).status == .methodNotAllowed)
    #expect(try answer("/api/users", router, method: .options).status == .noContent)
    #expect(try answer("/api/users/", router).status == .permanentRedirect)
    #expect(
      seen == [
        "- 404: 404 Not Found", "- 404: 404 Not Found", "api", "- 405: 405 Method Not Allowed", "api", "- 204", "api",
        "- 308",
      ])
  }

  @Test func `an interceptor answers by itself, or throws`() throws {
    let router = Router()
    router.intercept { request, next in
      if request.path == "/a" { return .succeed(.text("mine")) }
      if request.path == "/b" { throw HTTPServer.StatusError(.unauthorized, headers: [.wwwAuthenticate: "Basic"]) }
      return next(request)
    }
    for path in ["/a", "/b", "/c"] { router.get(path) { _ in .text("the handler's") } }
    #expect(try answer("/a", router).text == "mine")
    let refused = try answer("/b", router)
    #expect(refused.status == .unauthorized && refused.headers[.wwwAuthenticate] == "Basic")
    #expect(try answer("/c", router).text == "the handler's")
  }
}

import Foundation
import Swirl
import SwirlTesting
import Testing

@Suite struct RouterTests {
  /// Answers with the route, the method and the parameters that it has.
  private static func show(_ names: String...) -> (HTTPServer.Request) throws -> HTTPServer.Response {
    { request in
      let values = try names.map { "\($0)=\(try request.parameter($0))" }
      return .text(([request.method.rawValue, request.route ?? "-"] + values).joined(separator: " "))
    }
  }

  private static func router(_ trailingSlash: Router.TrailingSlash = .strict) -> Router {
    let router = Router()
    router.trailingSlash = trailingSlash
    router.get("/", show())
    router.get("/users", show())
    router.post("/users", show())
    router.get("/users/me", show())
    router.get("/users/{id}", name: "user", show("id"))
    router.delete("/users/{name}", show("name"))
    router.put("/dir/", show())
    router.any("/any/{x}", show("x"))
    router.get("/any/{y}", show("y"))
    router.on("PURGE", "/files/{path*}", show("path"))
    router.get("/files/{path*}", name: "file") { request in .succeed(try show("path")(request)) }
    router.options("/own", show())
    router.head("/own", show())
    return router
  }

  private func answer(
    _ method: HTTPRequest.Method, _ target: String, _ router: Router = Self.router()
  ) throws -> HTTPServer.Response {
    try successResult(of: HTTPServer(router).respond(to: .init(target, method: method), on: Reactor()))
  }

  @Test(arguments: [
    ("GET", "/", "GET /"), ("GET", "/?a=b/c", "GET /"), ("POST", "/users", "POST /users"),
    ("GET", "/users/7", "GET /users/{id} id=7"), ("DELETE", "/users/7", "DELETE /users/{name} name=7"),
    ("DELETE", "/users/me", "DELETE /users/{name} name=me"), ("HEAD", "/users/me", "HEAD /users/me"),
    ("GET", "/users/a%2Fb%20c", "GET /users/{id} id=a/b c"), ("GET", "/users/%25", "GET /users/{id} id=%"),
    ("GET", "/users/%zz", "GET /users/{id} id=%zz"), ("GET", "/any/1", "GET /any/{y} y=1"),
    ("HEAD", "/any/1", "HEAD /any/{y} y=1"), ("PATCH", "/any/1", "PATCH /any/{x} x=1"),
    ("OPTIONS", "/any/1", "OPTIONS /any/{x} x=1"), ("PURGE", "/files/a/b", "PURGE /files/{path*} path=a/b"),
    ("GET", "/files/", "GET /files/{path*} path="), ("OPTIONS", "/own", "OPTIONS /own"),
    ("GET", "http://example.org", "GET /"), ("GET", "http://example.org?x", "GET /"),
    ("GET", "http://example.org/users/7?x", "GET /users/{id} id=7"),
  ])
  func `a request comes to the handler of its route`(_ method: String, _ target: String, _ expected: String) throws {
    let response = try answer(HTTPRequest.Method(method)!, target)
    #expect(response.status == .ok && response.text == expected)
  }

  @Test(arguments: [
    ("GET", "/nothing", 404, nil), ("GET", "/users/", 404, nil), ("GET", "/users/1/2", 404, nil),
    ("GET", "/dir", 404, nil), ("GET", "//", 404, nil), ("GET", "/users%2F7", 404, nil),
    ("PUT", "/users", 405, "GET, HEAD, POST, OPTIONS"), ("get", "/users", 405, "GET, HEAD, POST, OPTIONS"),
    ("PUT", "/users/me", 405, "GET, HEAD, OPTIONS, DELETE"), ("GET", "/own", 405, "OPTIONS, HEAD"),
    ("OPTIONS", "/users", 204, "GET, HEAD, POST, OPTIONS"), ("OPTIONS", "/nothing", 404, nil),
    ("OPTIONS", "*", 204, "GET, HEAD, POST, DELETE, PUT, PURGE, OPTIONS"), ("HEAD", "/dir/", 405, "PUT, OPTIONS"),
    ("GET", "/users/%FF", 400, nil),
  ])
  func `other requests are answered as RFC 9110 §15.5.5, §15.5.6 and §9.3.7 say`(
    _ method: String, _ target: String, _ status: Int, _ allow: String?
  ) throws {
    let response = try answer(HTTPRequest.Method(method)!, target)
    #expect(response.status.code == status)
    #expect(
      response.headers[.allow].map { Set($0.split(separator: ", ")) } == allow.map { Set($0.split(separator: ", ")) })
  }

  @Test func `CONNECT is not allowed, as at a handler without tunnels`() {
    let text = raw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    #expect(text.statuses == [405] && text.contains("Allow: GET, HEAD"))
  }

  private func raw(_ request: String) -> String {
    SwirlHTTPTests.answer(HTTPServer(Self.router()), request)
  }

  // MARK: - Slashes at the end

  @Test(arguments: [
    ("/users/", "/users"), ("/users/?a=1/", "/users?a=1/"), ("/users/7/", "/users/7"), ("/users/a%2F/", "/users/a%2F"),
  ])
  func `a path with another end is redirected if that is wanted`(_ target: String, _ location: String) throws {
    let response = try answer(.get, target, Self.router(.redirect))
    #expect(response.status == .permanentRedirect && response.headers[.location] == location)
    #expect(try answer(.put, "/dir", Self.router(.redirect)).headers[.location] == "/dir/")
    // A route with another method is no reason.
    #expect(try answer(.delete, "/dir", Self.router(.redirect)).status == .notFound)
  }

  @Test func `a redirect never leads to another server`() throws {
    let router = Router()
    router.trailingSlash = .redirect
    router.get("/{path*}") { _ in .text("x") }
    router.get("/{a}/b/") { _ in .text("x") }
    for target in ["//evil.test", "/%5Cevil.test/b", "//evil.test/b", "/\\evil.test/b"] {
      guard let request = try? HTTPServer.Request(target) else { continue }
      let response = try successResult(of: HTTPServer(router).respond(to: request, on: Reactor()))
      let location = response.headers[.location]
      #expect(location?.hasPrefix("//") != true && location?.hasPrefix("/\\") != true, "\(target)")
    }
  }

  @Test func `a path with another end is answered if that is wanted`() throws {
    let router = Self.router(.ignore)
    #expect(try answer(.get, "/users/", router).text == "GET /users")
    #expect(try answer(.get, "/users/7/", router).text == "GET /users/{id} id=7")
    #expect(try answer(.put, "/dir", router).text == "PUT /dir/")
    #expect(try answer(.get, "/nothing/", router).status == .notFound)
  }

  // MARK: - Parameters

  private enum Color: String { case red }

  @Test func `a parameter has a type, and another value is 404`() throws {
    let router = Router()
    router.get("/int/{id}") { request in .text("\(try request.parameter("id", as: Int.self) + 1)") }
    router.get("/color/{c}") { request in .text("\(try request.parameter("c", as: Color.self))") }
    router.get("/uuid/{id}") { request in .text("\(try request.parameter("id", as: UUID.self))") }
    router.get("/inferred/{id}") { request in
      let id: UUID = try request.parameter("id")
      return .text(id.uuidString)
    }
    router.get("/even/{n}") { request in
      .text("\(try request.parameter("n") { Int($0).flatMap { $0 % 2 == 0 ? $0 : nil } })")
    }
    #expect(try answer(.get, "/int/41", router).text == "42")
    #expect(try answer(.get, "/int/-2", router).text == "-1")
    #expect(try answer(.get, "/color/red", router).text == "red")
    #expect(try answer(.get, "/even/4", router).text == "4")
    let id = "E621E1F8-C36C-495A-93FC-0C247A3E6E5F"
    #expect(try answer(.get, "/uuid/\(id.lowercased())", router).text == id)
    #expect(try answer(.get, "/inferred/\(id)", router).text == id)
    for target in ["/int/x", "/int/1.0", "/int/99999999999999999999", "/int/1%00", "/color/blue", "/even/3", "/uuid/1"]
    {
      #expect(try answer(.get, target, router).status == .notFound, "\(target)")
    }
  }

  @Test func `a parameter that the route has not is a mistake of the program`() throws {
    let router = Router()
    router.get("/users/{id}") { request in .text(try request.parameter("name")) }
    let failure = try failureResult(of: HTTPServer(router).respond(to: try .init("/users/7"), on: Reactor()))
    #expect("\(failure)" == "the route /users/{id} has no parameter {name}")
    #expect(throws: (any Error).self) { try HTTPServer.Request("/users/7").parameter("id") }
  }

  // MARK: - URLs

  @Test func `a URL is built by the name of its route`() throws {
    let router = Self.router()
    #expect(try router.url(for: "user", ["id": 7]) == "/users/7")
    #expect(
      try router.url(for: "user", ["id": "a/b"], query: ["q": "x y", "é": "&"]) == "/users/a%2Fb?q=x%20y&%C3%A9=%26")
    #expect(try router.url(for: "file", ["path": "a/b.txt"]) == "/files/a/b.txt")
    let unknown = #expect(throws: (any Error).self) { try router.url(for: "usr") }
    #expect("\(try #require(unknown))" == "no route has the name \"usr\": there are file, user")
  }

  @Test func `what is built finds its route again`() throws {
    let router = Self.router()
    for value in ["7", "a/b", "ü", "%2F", "a b?c#d", "..a", "\u{0}"] {
      let url = try router.url(for: "user", ["id": value])
      #expect(try answer(.get, url, router).text == "GET /users/{id} id=\(value)")
    }
  }

  @Test func `the routes are listed`() {
    let router = Router()
    router.group("/api").get("/users/{id}") { _ in .text("") }
    router.any("/a") { _ in .text("") }
    #expect(router.routes == ["* /a", "GET /api/users/{id}"])
  }

  // MARK: - Mistakes

  @Test func `two routes for the same requests end the program, with both in the message`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let router = Router()
      router.get("/users/{id}", file: "First.swift", line: 1) { _ in .text("") }
      router.group("/users").get("/{name}", file: "Second.swift", line: 2) { _ in .text("") }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.contains("GET /users/{name} (Second.swift:2) matches the same requests as GET /users/{id} (First.swift:1)"))
  }

  @Test func `two routes of the same name end the program, with both in the message`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let router = Router()
      router.get("/a", name: "it", file: "First.swift", line: 1) { _ in .text("") }
      router.any("/b", name: "it", file: "Second.swift", line: 2) { _ in .text("") }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("any method /b (Second.swift:2) has the name \"it\", which GET /a (First.swift:1) has, too"))
  }

  @Test func `a path that is none ends the program`() async {
    await #expect(processExitsWith: .failure) { Router().get("users") { _ in .text("") } }
    await #expect(processExitsWith: .failure) { _ = Router().group("/api/") }
    await #expect(processExitsWith: .failure) { _ = Router().group("/{id}").group("/{id}") }
  }
}

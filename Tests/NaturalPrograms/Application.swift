import Foundation
import Swirl

/// Applications as people write them after a tour of the guides: what they expect by analogy, too.
@MainActor struct Application {
  struct User: Sendable {
    let name: String
    let isAdmin: Bool
  }
  enum CurrentUser: HTTPServer.RequestKey { typealias Value = User }

  func run() async throws {
    let users = ["s3cret": User(name: "ada", isAdmin: true), "t0ken": User(name: "bob", isAdmin: false)]
    let router = Router()
    try pages(of: router)
    api(of: router, users)
    try await ask(router)
    try await streams()
    proxies()
  }

  private func pages(of router: Router) throws {
    router.intercept(.sessions(keys: ["0123456789abcdef0123456789abcdef"]))
    router.intercept(.sameOrigin())
    router.get("/hello/{name}") { request in .html("<h1>Hello \(try request.parameter("name").htmlEscaped)</h1>") }
    router.get("/search") { request in
      let page = request.queryValue("page", as: Int.self) ?? 1
      return .text("\(page) \(request.queryValues("tag").joined(separator: ","))")
    }
    router.post("/login") { request in
      guard let user = request.formValue("user"), request.formValue("password") == "lovelace" else {
        return .html("wrong", status: .unauthorized)
      }
      try request.session["user"] = user
      return .redirect(.seeOther, within: request.queryValue("next"), or: "/club")
    }
    // Routes without a common prefix that share an interceptor.
    router.group { members in
      members.intercept { request, next in
        guard try request.session["user"] != nil else { return .redirect(.seeOther, to: "/login") }
        return next(request)
      }
      members.get("/club") { request in .text("the club of \(try request.session["user"] ?? "-")") }
      members.get("/lounge") { _ in .text("lounge") }
    }
    let files = StaticFiles("/nowhere", at: "/static")
    router.get("/static/{path*}", files.respond)
  }

  private func api(of router: Router, _ users: [String: User]) {
    let api = router.group("/api")
    api.intercept { request, next in
      guard let token = request[.authorization]?.dropFirst("Bearer ".count), let user = users[String(token)] else {
        throw HTTPServer.StatusError(.unauthorized, headers: ["WWW-Authenticate": "Bearer"])
      }
      var request = request
      request[CurrentUser.self] = user
      return next(request)
    }
    api.get("/me") { request in .text(request[CurrentUser.self]?.name ?? "-") }
    api.group("/admin") { admin in
      admin.interceptAwaiting { request, next in
        guard request[CurrentUser.self]?.isAdmin == true else { throw HTTPServer.StatusError(.forbidden) }
        return try await next(request).with(.cacheControl, "no-store")
      }
      admin.get("/stats") { _ in try .json(["users": users.count]) }
    }
    router.streaming(.put, "/raw") { request in
      Deferred {
        var count = 0
        for try await chunk in request.body { count += chunk.count }
        return .text("\(request.queryValue("name") ?? "-") \(count)")
      }
    }
  }

  // scopes: 2250
  private func ask(_ router: Router) async throws {
    let server = HTTPServer(router)
    server.onError = { failure in .html("<h1>\(failure.text.htmlEscaped)</h1>", status: failure.status) }
    let base = "http://\(try server.listen(0).localAddress)"
    let client = HTTPClient()
    client.cookies = CookieJar()
    check("appEscapes", try await client.fetch("\(base)/hello/%3Cb%3E").text == "<h1>Hello &lt;b&gt;</h1>")
    check("appQuery", try await client.fetch("\(base)/search?page=2&tag=a&tag=b").text == "2 a,b")
    check("appFileErrors", try await client.fetch("\(base)/static/x").text == "<h1>404 Not Found</h1>")
    check("appGroup", try await client.fetch("\(base)/club").status == .methodNotAllowed)
    let login = HTTPClient.Request(
      "\(base)/login", method: .post, body: .form(["user": "ada", "password": "lovelace"]))
    check("appLogin", try await client.fetch(login).text == "the club of ada")
    var forged = login
    forged.headers["Origin"] = "https://evil.test"
    check("appSameOrigin", try await client.fetch(forged).status == .forbidden)
    var me = HTTPClient.Request("\(base)/api/me")
    check("appGuard", try await client.fetch(me).headers["WWW-Authenticate"] == "Bearer")
    me.authentication = .bearer("t0ken")
    check("appUser", try await client.fetch(me).text == "bob")
    var stats = HTTPClient.Request("\(base)/api/admin/stats")
    stats.authentication = .bearer("t0ken")
    check("appForbidden", try await client.fetch(stats).status == .forbidden)
    stats.authentication = .bearer("s3cret")
    check("appAdmin", try await client.fetch(stats).headers[.cacheControl] == "no-store")
    let raw = HTTPClient.Request("\(base)/raw?name=x", method: .put, body: .bytes([1, 2, 3]))
    check("appStreams", try await client.fetch(raw).text == "x 3")
    try await server.stop().value
  }

  private func streams() async throws {
    var clients: Set<HTTPServer.EventWriter> = []
    let server = HTTPServer { _ in
      .events { client in
        clients.insert(client)
        client.onDisconnect = { clients.remove(client) }
        client.send("welcome")
      }
    }
    for try await event in events("http://127.0.0.1:\(try server.listen(0).port)") {
      check("appSetOfClients", event.data == "welcome" && clients.count == 1)
      break
    }
    try await server.stop().value
    check("appNoClients", clients.isEmpty)
  }

  // scopes: 5850
  private func proxies() {
    var configuration = HTTPServer.Configuration()
    configuration.trustedProxies = ["127.0.0.1", "10.0.0.0/8"]
    check("appProxies", configuration.trustedProxies?.addresses.count == 2)
    let pool = ThreadPool(size: 1, name: "app")
    deferToThread(in: pool) { 6 * 7 }.addCallback { check("appPool", $0 == 42) }
  }
}

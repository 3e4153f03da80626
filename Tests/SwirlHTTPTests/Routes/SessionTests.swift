import Logging
import Swirl
import SwirlTesting
import Testing

@testable import SwirlHTTPServer

private struct Broken: Error {}

@Suite(.failsOnUnhandledFailures) struct SessionTests {
  static let key = String(repeating: "k", count: 32)
  static let newKey = String(repeating: "n", count: 32)

  /// A server that stores and shows a value, and a client with a cookie jar.
  private func bench(_ keys: [String] = [key], lifetime: Duration = .seconds(1000)) throws -> RouterBench {
    let bench = try RouterBench()
    bench.client.cookies = CookieJar(clock: bench.reactor)
    bench.router.intercept(.sessions(keys: keys, lifetime: lifetime))
    bench.router.get("/set/{value}") { request in
      try request.session["user"] = request.parameter("value")
      return .text("set")
    }
    bench.router.get("/show") { request in
      let session = try request.session
      return .text("\(session["user"] ?? "-") \(session.isNew)")
    }
    bench.router.get("/count") { request in
      let session = try request.session
      session["count", as: Int.self] = (session["count", as: Int.self] ?? 0) + 1
      return .text(session["count"] ?? "-")
    }
    bench.router.get("/out") { request in
      try request.session.clear()
      return .text("out")
    }
    bench.router.get("/public") { _ in .text("public") }
    return bench
  }

  @Test func `a session lasts from request to request`() throws {
    let bench = try bench()
    #expect(try bench.fetch(.get, "/show").text == "- true")
    let set = try bench.fetch(.get, "/set/me%3B%C3%BC")
    #expect(set.headers[.setCookie]?.hasSuffix("; Path=/; Max-Age=1000; HttpOnly; SameSite=Lax") == true)
    #expect(set.headers[.vary] == "Cookie")
    let show = try bench.fetch(.get, "/show")
    #expect(show.text == "me;ü false")
    // What has not changed is not sent again, and what is not used has no Vary.
    #expect(show.headers[.setCookie] == nil && show.headers[.vary] == "Cookie")
    #expect(try bench.fetch(.get, "/public").headers[.vary] == nil)
    #expect(try ["1", "2", "3"] == [1, 2, 3].map { _ in try bench.fetch(.get, "/count").text })
    #expect(try bench.fetch(.get, "/show").text == "me;ü false")
    let out = try bench.fetch(.get, "/out")
    #expect(out.headers[.setCookie]?.hasPrefix("session=; Path=/; Max-Age=0;") == true)
    #expect(try bench.fetch(.get, "/show").text == "- true")
    #expect(bench.client.cookies?.cookies.isEmpty == true)
  }

  @Test func `what a handler has changed before it fails holds`() throws {
    let bench = try bench()
    bench.router.intercept(.cors(origins: ["https://app.test"]))
    bench.router.get("/fail") { request in
      try request.session.clear()
      throw HTTPServer.StatusError(.unauthorized, headers: [.setCookie: "other=1"])
    }
    bench.router.get("/crash") { request in
      try request.session["user"] = "changed"
      throw Broken()
    }
    _ = try bench.fetch(.get, "/set/me")
    let failed = try bench.fetch(.get, "/fail")
    #expect(failed.status == .unauthorized)
    #expect(failed.headers[values: .setCookie].contains { $0.hasPrefix("session=; Path=/; Max-Age=0;") })
    #expect(failed.headers[values: .setCookie].contains("other=1"))
    #expect(failed.headers[.vary] == "Origin, Cookie")
    #expect(try bench.fetch(.get, "/show").text == "- true")
    #expect(try bench.fetch(.get, "/crash").status == .internalServerError)
    #expect(try bench.fetch(.get, "/show").text == "changed false")
  }

  @Test func `a session ends with its lifetime, and is extended by use`() throws {
    let bench = try bench(lifetime: .seconds(100))
    _ = try bench.fetch(.get, "/set/me")
    bench.reactor.run(for: .seconds(30))
    #expect(try bench.fetch(.get, "/show").headers[.setCookie] == nil)
    bench.reactor.run(for: .seconds(30))
    #expect(try bench.fetch(.get, "/show").headers[.setCookie] != nil)
    bench.reactor.run(for: .seconds(60))
    #expect(try bench.fetch(.get, "/show").text == "me false")
    bench.reactor.run(for: .seconds(100))
    #expect(try bench.fetch(.get, "/show").text == "- true")
  }

  @Test func `a new key signs, and the old one is accepted while it is listed`() throws {
    let bench = try bench()
    _ = try bench.fetch(.get, "/set/me")
    let old = try #require(bench.client.cookies?.cookies.first?.value)
    let seals = [[Self.newKey, Self.key], [Self.newKey]].map {
      SessionSeal(keys: $0.map { Array($0.utf8) }, cookie: "session", lifetime: 1000)
    }
    let now = Int(bench.reactor.wallTime.components.seconds)
    let opened = try seals[0].open(old, now: now)
    #expect(opened.values == ["user": "me"] && opened.isStale)
    #expect(throws: SessionSeal.Refusal.self) { try seals[1].open(old, now: 0) }
    let new = seals[0].close(["user": "me"], now: 0)
    #expect(try !seals[1].open(new, now: 0).isStale)
  }

  @Test func `whatever is not as it was signed is an empty session, and logged at debug`() throws {
    let seal = SessionSeal(keys: [Array(Self.key.utf8)], cookie: "session", lifetime: 1000)
    let good = seal.close(["user": "me"], now: 0)
    #expect(try seal.open(good, now: 999).values == ["user": "me"])
    func reason(_ text: String, _ seal: SessionSeal = seal, now: Int = 0) -> String? {
      do throws(SessionSeal.Refusal) { _ = try seal.open(text, now: now) } catch { return error.reason }
      return nil
    }
    #expect(reason(good, now: 1000) == "it is expired")
    #expect(reason(good, SessionSeal(keys: seal.keys, cookie: "other", lifetime: 1000)) == "its signature is wrong")
    // Each byte, changed to each other character of the alphabet, and each shorter text.
    let bytes = Array(good.utf8)
    for index in bytes.indices {
      for byte in Array("Ab0_.-".utf8) where byte != bytes[index] {
        var changed = bytes
        changed[index] = byte
        #expect(reason(String(decoding: changed, as: UTF8.self)) != nil)
      }
      #expect(reason(String(good.prefix(index))) != nil)
    }
    for text in ["", "...", "1.2.3", good + ".", good + "A", good + "=", "2" + good.dropFirst(), " " + good] {
      #expect(reason(text) != nil, "\(text)")
    }
    #expect(reason(String(repeating: "a", count: 5000)) == "it is too long")

    let lines = LogLines()
    let logger = lines.logger(at: .debug)
    let router = Router()
    router.intercept(.sessions(keys: [Self.key], logger: logger))
    router.get("/") { request in .text("\(try request.session.isNew) \(try request.session.names)") }
    let headers: HTTPFields = [.cookie: "session=\(good.dropLast())A; a=b"]
    let response = try successResult(
      of: HTTPServer(router).respond(to: .init("/", headers: headers), on: Reactor()))
    #expect(response.text == "true []")
    #expect(lines.all.count == 1 && lines.all[0].contains("is no session: its signature is wrong"), "\(lines.all)")
    #expect(!lines.all[0].contains("me"))
  }

  @Test func `a session that is too large for a cookie is a 500, and the client's stays`() throws {
    let router = Router()
    router.intercept(.sessions(keys: [Self.key]))
    router.get("/") { request in
      try request.session["x"] = String(repeating: "x", count: 4000)
      return .text("")
    }
    let failure = try failureResult(of: HTTPServer(router).respond(to: try .init("/"), on: Reactor()))
    #expect("\(failure)".contains("keep an ID in it"))
  }

  @Test func `a request without sessions around it has none`() {
    #expect(throws: (any Error).self) { try HTTPServer.Request("/").session }
  }

  @Test func `keys that are short, and cookies that browsers refuse, end the program`() async {
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.sessions(keys: []) }
    await #expect(processExitsWith: .failure) { _ = HTTPServer.Middleware.sessions(keys: ["secret"]) }
    await #expect(processExitsWith: .failure) {
      _ = HTTPServer.Middleware.sessions(keys: [SessionTests.key], cookie: "__Host-s")
    }
  }
}

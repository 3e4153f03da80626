import Swirl
import SwirlTesting
import Testing

/// A server with routes and a client, on a network in memory.
final class RouterBench {
  let network = MemoryNetwork(seed: 3, link: .init(latency: .zero))
  let router = Router()
  let server: HTTPServer
  let client: HTTPClient
  var reactor: Reactor { network.reactor }

  init(_ version: HTTPVersion = .http11) throws {
    server = HTTPServer(router)
    var configuration = HTTPClient.Configuration()
    #if HTTP2
    if version == .http2 { configuration.http2 = .priorKnowledge }
    #endif
    configuration.redirects = .none
    client = HTTPClient(configuration, on: network.reactor)
    try server.listen(80, interface: "server.test", on: reactor)
  }

  static var versions: [HTTPVersion] {
    #if HTTP2
    return [.http11, .http2]
    #else
    return [.http11]
    #endif
  }

  func fetch(
    _ method: HTTPRequest.Method, _ path: String, _ body: HTTPClient.Body? = nil, headers: HTTPFields = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPClient.Response {
    let request = HTTPClient.Request("http://server.test\(path)", method: method, headers: headers, body: body)
    let page = client.fetch(request)
    reactor.run(for: .seconds(5))
    return try successResult(of: page, sourceLocation: sourceLocation)
  }
}

@Suite(.failsOnUnhandledFailures) struct RouterServerTests {
  private static func bytes(_ count: Int) -> HTTPClient.Body { .bytes([UInt8](repeating: 65, count: count)) }

  @Test(arguments: RouterBench.versions)
  func `handlers of all three kinds are beside each other on a connection`(_ version: HTTPVersion) throws {
    let bench = try RouterBench(version)
    bench.router.get("/plain/{id}") { request in .text("plain \(try request.parameter("id"))") }
    bench.router.post("/plain") { request in .text("\(request.body.count)") }
    bench.router.get("/deferred") { request in Deferred { .text("deferred \(request.version)") } }
    bench.router.streaming(.put, "/files/{path*}") { request in
      Deferred {
        var count = 0
        for try await bytes in request.body { count += bytes.count }
        return .text("\(try request.parameter("path")) \(count) \(request.route ?? "-")")
      }
    }
    for _ in 0..<2 {
      #expect(try bench.fetch(.get, "/plain/7").text == "plain 7")
      #expect(try bench.fetch(.put, "/files/a/b", Self.bytes(300_000)).text == "a/b 300000 /files/{path*}")
      #expect(try bench.fetch(.post, "/plain", Self.bytes(1000)).text == "1000")
      #expect(try bench.fetch(.put, "/files/").text == " 0 /files/{path*}")
      #expect(try bench.fetch(.get, "/deferred").text == "deferred \(version)")
      #expect(try bench.fetch(.post, "/deferred", Self.bytes(10)).status == .methodNotAllowed)
      #expect(try bench.fetch(.post, "/nothing", Self.bytes(10)).status == .notFound)
      let head = try bench.fetch(.head, "/plain/8")
      #expect(head.status == .ok && head.body.isEmpty && head.headers[.contentLength] == "7")
    }
    // The reason to read the body of a request without a route.
    #expect(bench.server.connectionCount == 1)
  }

  @Test(arguments: RouterBench.versions)
  func `the limit on bodies is that of the route`(_ version: HTTPVersion) throws {
    let bench = try RouterBench(version)
    let count: (HTTPServer.Request) -> HTTPServer.Response = { .text("\($0.body.count)") }
    bench.router.post("/small", bodyLimit: 10, count)
    bench.router.post("/large", bodyLimit: 3 << 20, count)
    bench.router.post("/default", count)
    bench.router.streaming(.post, "/stream", bodyLimit: 2000) { request in
      Deferred {
        var count = 0
        for try await bytes in request.body { count += bytes.count }
        return .text("\(count)")
      }
    }
    #expect(try bench.fetch(.post, "/small", Self.bytes(10)).text == "10")
    #expect(try bench.fetch(.post, "/small", Self.bytes(11)).status == .contentTooLarge)
    #expect(try bench.fetch(.post, "/large", Self.bytes(2 << 20)).text == "\(2 << 20)")
    #expect(try bench.fetch(.post, "/default", Self.bytes(1 << 20)).text == "\(1 << 20)")
    #expect(try bench.fetch(.post, "/default", Self.bytes(1 << 20 + 1)).status == .contentTooLarge)
    #expect(try bench.fetch(.post, "/stream", Self.bytes(2000)).text == "2000")
    #expect(try bench.fetch(.post, "/stream", Self.bytes(2001)).status == .contentTooLarge)
    // The server's hook comes first, and knows the route.
    var routes: [String?] = []
    bench.server.decideOnBody = { request in
      routes.append(request.route)
      return request.path == "/small" ? .accept(upTo: 20) : .accept
    }
    #expect(try bench.fetch(.post, "/small", Self.bytes(20)).text == "20")
    #expect(try bench.fetch(.post, "/large", Self.bytes(2 << 20)).text == "\(2 << 20)")
    #expect(try bench.fetch(.post, "/none", Self.bytes(5)).status == .notFound)
    #expect(routes == ["/small", "/large", nil])
  }

  @Test(arguments: RouterBench.versions)
  func `interceptors are around handlers of all kinds`(_ version: HTTPVersion) throws {
    enum User: HTTPServer.RequestKey { typealias Value = String }
    let bench = try RouterBench(version)
    bench.router.interceptAwaiting { request, next in
      await Task.yield()
      var request = request
      request[User.self] = request["X-User"]
      return try await next(request).with("X-Seen", "yes")
    }
    bench.router.get("/plain") { request in .text(request[User.self] ?? "-") }
    bench.router.get("/deferred") { request in Deferred { .text(request[User.self] ?? "-") } }
    bench.router.streaming(.put, "/stream") { request in
      Deferred {
        for try await _ in request.body {}
        return .text(request[User.self] ?? "-")
      }
    }
    for (method, path) in [(HTTPRequest.Method.get, "/plain"), (.get, "/deferred"), (.put, "/stream")] {
      let page = try bench.fetch(
        method, path, method == .put ? Self.bytes(1000) : nil, headers: HTTPFields(["X-User": "me"]))
      #expect(page.text == "me" && page["X-Seen"] == "yes")
    }
  }

  @Test(arguments: RouterBench.versions)
  func `a client that disconnects cancels the interceptor's Deferred`(_ version: HTTPVersion) throws {
    let bench = try RouterBench(version)
    var events: [String] = []
    var kept: Deferred<HTTPServer.Response>?
    bench.router.intercept { request, next in
      next(request).addErrback { error in
        events.append("interceptor: \(type(of: error))")
        throw error
      }
    }
    bench.router.get("/") { _ in
      events.append("called")
      let answer = Deferred<HTTPServer.Response>(canceller: { _ in events.append("handler") })
      // As the program does that is to fire it.
      kept = answer
      return answer
    }
    let page = bench.client.fetch("http://server.test/")
    bench.reactor.run(for: .seconds(1))
    page.cancel()
    page.addErrback { _ in .init() }
    bench.reactor.run(for: .seconds(5))
    #expect(kept != nil)
    #expect(events == ["called", "handler", "interceptor: CancellationError"])
  }

  @Test func `an access log has the route`() throws {
    let bench = try RouterBench()
    var log: [String] = []
    bench.server.onFinish = { log.append("\($0.request?.route ?? "-") \($0.status.code)") }
    bench.router.get("/users/{id}") { _ in .text("x") }
    bench.router.post("/users/{id}") { _ in Deferred { .text("x") } }
    _ = try bench.fetch(.get, "/users/1")
    _ = try bench.fetch(.post, "/users/1", Self.bytes(3))
    _ = try bench.fetch(.get, "/nothing")
    #expect(log == ["/users/{id} 200", "/users/{id} 200", "- 404"])
  }

  #if HTTP2
  @Test(arguments: RouterBench.versions)
  func `a route opens a WebSocket`(_ version: HTTPVersion) throws {
    let bench = try RouterBench(version)
    bench.router.get("/chat/{room}") { request in
      let room = try request.parameter("room")
      return .webSocket { socket in socket.onText { socket.send("\(room): \($0)") } }
    }
    var received: [String] = []
    let socket = bench.client.webSocket("ws://server.test/chat/7")
    socket.addCallback { socket in
      socket.onText { received.append($0) }
      socket.send("hello")
    }
    bench.reactor.run(for: .seconds(5))
    #expect(received == ["7: hello"])
  }
  #endif
}

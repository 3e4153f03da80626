import Foundation
import Swirl
import SwirlTesting
import Testing

@Suite struct ServerErrorPageTests {
  private struct Trouble: Error {}
  private struct Item: Codable {
    var name: String
    var tags: [Tag]
    struct Tag: Codable { var id: Int }
  }

  // MARK: - onError

  private func server(_ configure: (inout HTTPServer.Configuration) -> Void = { _ in }) -> HTTPServer {
    var configuration = HTTPServer.Configuration()
    configure(&configuration)
    let router = Router()
    router.get("/") { _ in .text("x") }
    router.get("/failing") { _ in throw Trouble() }
    router.get("/late") { _ in Deferred() }
    router.get("/deferred") { _ in Deferred.fail(Trouble()) }
    router.post("/") { _ in .text("x") }
    let server = HTTPServer(configuration: configuration, router)
    server.logger = LogLines().logger()
    server.onError = { failure in
      let error = failure.error.map { "\(type(of: $0))" } ?? "-"
      return .html("<h1>\(failure.text) \(failure.request?.path ?? "-") \(error)</h1>", status: failure.status)
    }
    return server
  }

  @Test(arguments: [
    (get("/nothing"), 404, "404 Not Found /nothing -"),
    (get("/failing"), 500, "500 Internal Server Error /failing Trouble"),
    (get("/deferred"), 500, "500 Internal Server Error /deferred Trouble"),
    ("PUT / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "405 Method Not Allowed / -"),
    ("GET /\r\n\r\n", 400, " - -"), (get("/", "Expect: miracles\r\n"), 417, "417 Expectation Failed / -"),
    (get("/", "X-Long: \(String(repeating: "x", count: 100_000))\r\n"), 431, " - -"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", 413, " / -"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, " / -"),
  ])
  func `all errors have the page of the program`(_ request: String, _ status: Int, _ text: String) {
    let answer = answer(server(), request)
    #expect(answer.statuses == [status])
    #expect(answer.contains("\(text)</h1>") && answer.contains("Content-Type: text/html"), "\(answer)")
    #expect(answer.contains("\nAllow: GET, HEAD, POST, OPTIONS\n") == (status == 405))
  }

  @Test func `a timeout has the page of the program`() {
    let reactor = Reactor(clock: .virtual())
    let transport = ServerMemoryTransport(server(), on: reactor)
    transport.send("GET / HTTP/1.1\r\n")
    reactor.run(for: .seconds(31))
    #expect(transport.take().contains("<h1>the request head did not come in time - -</h1>"))
    let late = ServerMemoryTransport(server { $0.handlerTimeout = .seconds(1) }, on: reactor)
    late.send(get("/late"))
    reactor.run(for: .seconds(2))
    #expect(late.take().contains("<h1>there is no answer yet: try again later /late -</h1>"))
  }

  @Test func `a page that fails, and one that can't be sent, is the default`() {
    let failing = server()
    failing.onError = { _ in throw Trouble() }
    #expect(answer(failing, get("/nothing")).hasSuffix("\n\n404 Not Found\n"))
    failing.onError = { _ in nil }
    #expect(answer(failing, get("/nothing")).hasSuffix("\n\n404 Not Found\n"))
    failing.onError = { _ in .status(.init(code: 101)) }
    #expect(answer(failing, get("/nothing")).statuses == [500])
  }

  @Test func `a page may be a file`() throws {
    let bench = try FileBench()
    let page = try bench.file("error.html", "<h1>sorry")
    let large = try bench.file("large.html", [UInt8](repeating: 65, count: 200_000))
    var configuration = HTTPServer.Configuration()
    configuration.limits.bodyBytes = 10
    let server = HTTPServer(configuration: configuration) { request in
      if request.path == "/late" { return Deferred.fail(Trouble()) }
      throw HTTPServer.StatusError(.notFound, headers: [.allow: "X"])
    }
    let lines = LogLines()
    server.logger = lines.logger()
    server.onError = { failure in
      .file(failure.request?.path == "/large" ? large : page, status: failure.status).with("X-Page", "1")
    }
    for (request, status) in [
      (get("/"), 404), (get("/late"), 500), ("GET /\r\n\r\n", 400), (get("/", "Range: bytes=0-1\r\n"), 404),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", 413),
    ] {
      let answer = answer(server, request)
      #expect(answer.statuses == [status] && answer.hasSuffix("\n\n<h1>sorry"), "\(answer)")
      #expect(answer.contains("Content-Type: text/html") && answer.contains("X-Page: 1"))
    }
    #expect(answer(server, get("/")).contains("\nAllow: X\n"))
    let whole = try bench.fetch(server, [("/large", .get, [:]), ("/", .get, [:])])
    #expect(whole.map(\.status.code) == [404, 404] && whole[0].body.count == 200_000)
    // Without the file it is the default.
    try FileManager.default.removeItem(atPath: page)
    #expect(answer(server, get("/")).hasSuffix("\n\n404 Not Found\n"))
    #expect(lines.all.last?.contains("onError failed: 404") == true)
  }

  @Test func `a body may be refused with a file`() throws {
    let bench = try FileBench()
    let page = try bench.file("refused.html", "<h1>no")
    let server = HTTPServer { _ in .text("x") }
    server.decideOnBody = { _ in .refuse(.file(page, status: .forbidden)) }
    let answer = answer(server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n")
    #expect(answer.statuses == [403] && answer.hasSuffix("\n\n<h1>no"))
  }

  @Test func `the errors of files have the page of the program, and the fields of interceptors`() throws {
    let bench = try FileBench()
    try bench.file("a.txt")
    let (files, folder) = (bench.files(), bench.folder.path)
    let router = Router()
    router.intercept { request, next in
      next(request).addCallback { response in response.with("X-Seen", "\(response.status.code)") }
    }
    router.any("/files/{path*}") { request in files.respond(to: request, path: "/\(try request.parameter("path"))") }
    router.get("/file") { _ in .file("\(folder)/missing") }
    router.get("/folder") { _ in .file(folder) }
    let server = HTTPServer(router)
    server.onError = { failure in .html("<h1>\(failure.text)</h1>", status: failure.status) }
    for (method, path, status) in [
      (HTTPRequest.Method.get, "/files/missing", 404), (.get, "/files/..%2f", 404), (.post, "/files/a.txt", 405),
      (.get, "/file", 404), (.get, "/folder", 404),
    ] {
      let answer = try bench.ask(server, path, method: method)
      #expect(answer.status == status && answer.text.hasPrefix("<h1>\(status) "), "\(path): \(answer)")
      #expect(answer.headers[.allow] == (status == 405 ? "GET, HEAD" : nil))
      // A `.file` is looked for behind the interceptors.
      #expect(answer.headers[.init("X-Seen")!] == (path.hasPrefix("/files") ? "\(status)" : "200"))
    }
    server.onError = nil
    #expect(try bench.ask(server, "/files/missing").text == "404 Not Found\n")
    #expect(try bench.ask(server, "/files/a.txt").text == "content")
    let pages = try bench.fetch(
      server, ["/files/missing", "/file", "/files/a.txt"].map { ($0, HTTPRequest.Method.get, HTTPFields()) })
    #expect(pages.map(\.status.code) == [404, 404, 200] && pages[0].text == "404 Not Found\n")
  }

  @Test func `the error of a file that takes its time is sent`() throws {
    let reactor = Reactor(clock: .virtual())
    let files = StaticFiles("/nowhere")
    let server = HTTPServer { request in
      reactor.sleep(.seconds(1)).addCallback { files.respond(to: request, path: "/..%2f") }
    }
    let transport = ServerMemoryTransport(server, on: reactor)
    transport.send(get("/x"))
    reactor.run(for: .seconds(2))
    #expect(transport.take().hasSuffix("\r\n\r\n404 Not Found\n"))
  }

  @Test func `a page may be a stream`() {
    let streaming = server()
    streaming.onError = { failure in
      .stream(status: failure.status) { writer in
        writer.write("page")
        writer.end()
      }
    }
    #expect(answer(streaming, get("/nothing") + get()).statuses == [404, 200])
    #expect(answer(streaming, "GET /\r\n\r\n").contains("page"))
  }

  #if HTTP2
  @Test(.failsOnUnhandledFailures) func `HTTP/2 has the same pages`() throws {
    let bench = try HTTP2ServerBench(server())
    let client = bench.connect()
    let missing = client.request("GET /nothing HTTP/1.1")
    let failing = client.request("GET /failing HTTP/1.1")
    let large = client.request("POST / HTTP/1.1\r\nContent-Length: 2000000", isComplete: false)
    bench.run { missing.closed != nil && failing.closed != nil && large.head != nil }
    #expect(missing.text == "<h1>404 Not Found /nothing -</h1>")
    #expect(failing.text == "<h1>500 Internal Server Error /failing Trouble</h1>")
    #expect(large.head?.contains("413") == true)
  }
  #endif

  // MARK: - JSON

  @Test(arguments: [
    ("{", 400, "JSON"), ("", 400, "JSON"), ("{}", 422, #"no "name""#), (#"{"name":"x"}"#, 422, #"no "tags""#),
    (#"{"name":7,"tags":[]}"#, 422, "at name"), (#"{"name":"x","tags":[{"id":1},{"id":"2"}]}"#, 422, "at tags[1].id"),
    ("[1,2", 400, "JSON"), ("nul", 400, "JSON"), ("[1]", 422, "JSON"),
    (#"{"name":"x","tags":[{"id":1},{}]}"#, 422, #"no "id" at tags[1]"#), (#"{"name":"x","tags":null}"#, 422, "tags"),
    (#"{"name":"x","tags":[{"id":1.5}]}"#, 422, "JSON"),
  ])
  func `JSON that does not fit says where`(_ body: String, _ status: Int, _ text: String) throws {
    let request = try HTTPServer.Request("/", method: .post, body: Array(body.utf8))
    let error = #expect(throws: HTTPServer.StatusError.self) { try request.json(as: Item.self) }
    #expect(error?.status.code == status && error?.text.contains(text) == true, "\(error?.text ?? "-")")
  }

  // MARK: - Redirects

  @Test(arguments: [
    ("/account?x=1", "/account?x=1"), (nil, "/home"), ("", "/home"), ("//evil.test", "/home"),
    ("/\\evil.test", "/home"),
    ("https://evil.test", "/home"), ("\\/evil.test", "/home"), ("/\t/evil.test", "/home"), (" /x", "/home"),
    ("/x\r\nSet-Cookie: a=b", "/home"), ("javascript:alert(1)", "/home"), ("account", "/home"), ("/ä", "/home"),
    ("///evil.test", "/home"), ("/a//b", "/a//b"), ("/@evil.test", "/@evil.test"), ("/a\\b", "/home"),
  ])
  func `a redirect within the site never leaves it`(_ target: String?, _ location: String) {
    let response = HTTPServer.Response.redirect(.seeOther, within: target, or: "/home")
    #expect(response.status == .seeOther && response.headers[.location] == location)
  }

  @Test func `the kind of a redirect is its status`() {
    #expect(HTTPServer.Response.redirect(.temporary, to: "/x").status == .temporaryRedirect)
    #expect(HTTPServer.Response.redirect(.permanent, to: "/x").status == .permanentRedirect)
  }

  // MARK: - Accept

  @Test func `a handler asks what the client likes best`() throws {
    func best(_ fields: KeyValuePairs<String, String>) throws -> String? {
      try HTTPServer.Request("/", headers: HTTPFields(fields)).preferredType(of: ["text/html", "application/json"])
    }
    #expect(try best([:]) == "text/html")
    #expect(try best(["Accept": "application/*"]) == "application/json")
    #expect(try best(["Accept": "text/html;q=0.1", "accept": "application/json"]) == "application/json")
    #expect(try best(["Accept": "image/png"]) == nil)
  }
}

import Swirl
import Testing

/// Handlers tested by calling them.
@Suite struct ServerFakesTests {
  private struct Trouble: Error {}
  private struct Item: Codable, Equatable { var name: String }

  private func greet(_ request: HTTPServer.Request) throws -> HTTPServer.Response {
    switch (request.method, request.path) {
    case (.get, "/hello"): return .text("hello \(request.queryValue("name") ?? "you")")
    case (.post, "/items"): return try .json(request.json(as: Item.self), status: .created)
    case (.get, "/old"): return .redirect(to: "/hello")
    case (.get, "/count"):
      return .stream { writer in
        for number in 1...3 { writer.write("\(number)\n") }
        writer.end()
      }
    default: throw HTTPServer.StatusError(.notFound)
    }
  }

  @Test func `a handler is tested by calling it`() throws {
    let hello = try greet(HTTPServer.Request("/hello?name=a%20b"))
    #expect(hello.status == .ok && hello.text == "hello a b")
    #expect(hello.headers[.contentType] == "text/plain; charset=utf-8")
    let item = try greet(HTTPServer.Request("/items", method: .post, body: Array(#"{"name":"x"}"#.utf8)))
    #expect(item.status == .created && item.body == Array(#"{"name":"x"}"#.utf8))
    let moved = try greet(HTTPServer.Request("/old"))
    #expect(moved.status == .found && moved.headers[.location] == "/hello" && moved.body == [])
  }

  @Test func `each kind of response takes fields, which replace its own`() throws {
    let fields: HTTPFields = [.contentType: "text/csv", .eTag: "x"]
    let responses: [HTTPServer.Response] = [
      .text("a", headers: fields), .html("a", headers: fields), .bytes([97], headers: fields),
      .bytes([97], type: "image/png", headers: fields), try .json("a", headers: fields),
    ]
    for response in responses {
      #expect(response.headers[values: .contentType] == ["text/csv"] && response.headers[.eTag] == "x")
    }
    let two = HTTPServer.Response.text("a", headers: HTTPFields(["Link": "</a>", "Link": "</b>"]))
    #expect(two.headers.map(\.name.rawName).filter { $0 == "Link" }.count == 2)
    #expect(two.headers[.contentType] == "text/plain; charset=utf-8")
    #expect(HTTPServer.Response.text("a").with("X-Token", "t").headers["x-token"] == "t")
  }

  @Test func `a streamed response is collected`() throws {
    let response = try greet(HTTPServer.Request("/count"))
    #expect(response.body == nil && response.text == nil)
    #expect(response.collect().result(of: [UInt8].self) == Array("1\n2\n3\n".utf8))
  }

  @Test(arguments: [0, 1, 2, 3]) func `a stream that is not whole fails to be collected`(_ way: Int) {
    let response = HTTPServer.Response.stream(length: 3) { writer in
      switch way {
      case 0: throw Trouble()
      case 1: writer.write("four")
      case 2: break
      default: writer.end()
      }
    }
    var problem = ""
    response.collect().addErrback { error in
      problem = "\(error)"
      return []
    }
    #expect(problem.hasPrefix("the body is not whole: "))
  }

  @Test func `a request is as a client would send it`() throws {
    let fields: HTTPFields = [.accept: "a/b", .contentType: "c/d"]
    let peer = SocketAddress(ip: "192.0.2.7", port: 1)
    let request = try HTTPServer.Request(
      "/p?q=1", method: .put, headers: fields, body: [1, 2, 3], peerAddress: peer)
    #expect(request.method == .put && request.path == "/p" && request.query == "q=1" && request.body == [1, 2, 3])
    #expect(request["content-length"] == "3" && request[.accept] == "a/b" && request.authority == "localhost")
    #expect(request.requestLine == "PUT /p?q=1 HTTP/1.1" && request.peerAddress == peer && request.tls == nil)
    let other = try HTTPServer.Request("http://example.org/x", headers: [HTTPField.Name("Host")!: "example.org"])
    #expect(other.authority == "example.org" && other.path == "/x")
    let tunnel = try HTTPServer.Request("a:1", method: .connect)
    #expect(tunnel.authority == "a:1")
    let trailing = try HTTPServer.Request("/", method: .post, body: [1], trailers: [HTTPField.Name("X-T")!: "1"])
    #expect(trailing.head.framing == .chunked && trailing.trailers?[HTTPField.Name("X-T")!] == "1")
  }

  @Test(arguments: ["", "/a b", "/a\r\nX: y", "relative"]) func `what no client could send is refused`(_ target: String)
  {
    #expect(throws: HTTPWireError.self) { try HTTPServer.Request(target) }
  }

  @Test func `a server of any kind responds without a connection, its errors as a client sees them`() {
    let reactor = Reactor()
    let plain = HTTPServer { try greet($0) }
    #expect(status(plain, "/hello", reactor) == 200)
    #expect(status(plain, "/missing", reactor) == 404)
    let later = HTTPServer { (_) -> Deferred<HTTPServer.Response> in .fail(HTTPServer.StatusError(.conflict)) }
    #expect(status(later, "/", reactor) == 409)
    let failing = HTTPServer { _ in throw Trouble() }
    #expect(status(failing, "/", reactor) == nil)
    let deciding = HTTPServer { try greet($0) }
    deciding.decideOnBody = { _ in .refuse(.status(.contentTooLarge)) }
    #expect(status(deciding, "/items", reactor, body: [1]) == 413)
  }

  private func status(_ server: HTTPServer, _ target: String, _ reactor: Reactor, body: [UInt8] = []) -> Int? {
    var status: Int?
    do {
      server.respond(to: try HTTPServer.Request(target, body: body), on: reactor)
        .addCallback { status = $0.status.code }
        .addErrback { _ in }
    } catch { Issue.record(error) }
    return status
  }

  @Test func `a streaming handler is given content that is there`() throws {
    let text = try runOnReactor { reactor in
      let server = HTTPServer.streaming { request in
        Deferred {
          var count = 0
          for try await bytes in request.body { count += bytes.count }
          return .text("\(request.path) \(count)")
        }
      }
      return server.respond(to: try HTTPServer.Request("/up", method: .post, body: [1, 2, 3]), on: reactor)
        .addCallback { $0.text ?? "" }
    }
    #expect(text == "/up 3")
  }

  private func runOnReactor<Value>(_ body: (Reactor) throws -> Deferred<Value>) throws -> Value? {
    let reactor = Reactor()
    var value: Value?
    try body(reactor).addCallback { value = $0 }.addErrback { Issue.record($0) }.addBoth { _ in reactor.stop() }
    let limit = reactor.callLater(.seconds(20)) { reactor.crash() }
    reactor.run(handlingSignals: false)
    limit.cancel()
    return value
  }
}

extension Deferred {
  /// The value that it has fired with.
  fileprivate func result(of type: Value.Type) -> Value? {
    var value: Value?
    addCallback { value = $0 }.addErrback { _ in }
    return value
  }
}

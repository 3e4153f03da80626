import Swirl

/// Handlers of a server, tested without one: a request is made, the handler called, the response looked at.
@MainActor struct Handlers {
  private struct Item: Codable { var name: String }

  private func hello(_ request: HTTPServer.Request) throws -> HTTPServer.Response {
    guard request.path == "/hello" else { throw HTTPServer.StatusError(.notFound) }
    if request.method == .post { return try .json(request.json(as: Item.self), status: .created) }
    return .text("hello \(request.queryValue("name") ?? "you")").with(.cacheControl, "no-store")
  }

  func run() {
    do {
      let response = try hello(HTTPServer.Request("/hello?name=me"))
      check("handlerCalled", response.status == .ok && response.text == "hello me")
      check("handlerFields", response.headers[.cacheControl] == "no-store")
      let posted = try hello(HTTPServer.Request("/hello", method: .post, body: Array(#"{"name":"x"}"#.utf8)))
      check("handlerPosted", posted.status == .created && posted.body == Array(#"{"name":"x"}"#.utf8))
      let server = HTTPServer { try hello($0) }
      server.respond(to: try HTTPServer.Request("/missing")).addCallback { response in
        check("serverResponds", response.status == .notFound)
      }
      let stream = HTTPServer.Response.stream { writer in
        writer.write("some")
        writer.end()
      }
      stream.collect().addCallback { check("streamCollected", $0.count == 4) }
    } catch {
      print(error)
    }
  }
}

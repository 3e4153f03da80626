import Swirl

/// All as it comes: limits, timeouts and the Date field included.
@MainActor func swirl() throws {
  let server = HTTPServer { request in
    request.path == "/1m" ? .bytes(Pages.large) : .text(Pages.hello)
  }
  listening(on: Int(try server.listen(0).localAddress.port))
  reactor.run()
}

import Swirl

/// Default settings, including limits, timeouts and the Date field.
@MainActor func swirl() throws {
  try run(
    HTTPServer { request in
      request.path == "/1m" ? .bytes(Pages.large) : .text(Pages.hello)
    })
}

/// The handler awaits a function with an immediate result, as most handlers of Hummingbird do.
@MainActor func swirlAwaited() throws {
  try run(
    HTTPServer { request in
      Deferred { await .text(page(request.path)) }
    })
}

@MainActor private func page(_ path: String) async -> String { Pages.hello }

/// The handler awaits a Deferred that fires in the next turn.
@MainActor func swirlAwaitedDeferred() throws {
  try run(
    HTTPServer { _ in
      Deferred {
        let page = Deferred<String>()
        reactor.callSoon { page.callback(Pages.hello) }
        return .text(try await page.value)
      }
    })
}

/// The handler awaits an actor of the program, which runs on other threads.
@MainActor func swirlAwaitedActor() throws {
  let store = Store()
  try run(
    HTTPServer { request in
      Deferred { .text(await store.page(request.path)) }
    })
}

@MainActor private func run(_ server: HTTPServer) throws {
  listening(on: Int(try server.listen(0).localAddress.port))
  reactor.run()
}

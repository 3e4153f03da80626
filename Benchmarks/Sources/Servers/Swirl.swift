import Glibc
import Measure
import Swirl

/// Default settings, including limits, timeouts and the Date field.
@MainActor func swirl() throws {
  try run(
    HTTPServer { request in
      request.path == "/1m" ? .bytes(Pages.large) : .text(Pages.hello)
    })
}

/// The same answer through a router of a hundred routes, each with a parameter and a parent.
@MainActor func swirlRouter() throws {
  let router = Router()
  for number in 0..<99 {
    router.get("/group\(number)/{id}/items") { _ in .text(Pages.hello) }
  }
  router.get("/{page}") { _ in .text(Pages.hello) }
  try run(HTTPServer(router))
}

/// No handler ever answers: for the memory that a request takes meanwhile.
@MainActor func swirlSilent() throws {
  try run(HTTPServer { _ in Deferred<HTTPServer.Response>() })
}

/// Files of a directory, of which /1m is one.
@MainActor func swirlFiles() throws {
  let folder = "/tmp/swirl-files-\(getpid())"
  guard mkdir(folder, 0o755) == 0 else { fail("can't make \(folder)") }
  atexit {
    unlink("/tmp/swirl-files-\(getpid())/1m")
    rmdir("/tmp/swirl-files-\(getpid())")
  }
  let file = fopen("\(folder)/1m", "w")
  fwrite(Pages.large, 1, Pages.large.count, file)
  fclose(file)
  let files = StaticFiles(folder)
  try run(HTTPServer { files.respond(to: $0) })
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

@MainActor func run(_ server: HTTPServer) throws {
  var tls: TLSConfiguration?
  if let identity = Identity(Options()) {
    tls = .server(.init(chain: .file(identity.certificate), privateKey: .file(identity.key)))
  }
  listening(on: Int(try server.listen(0, tls: tls).localAddress.port))
  reactor.run()
}

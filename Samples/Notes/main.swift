// A service for notes with files: accounts, pages, the same notes as JSON, in SQLite.
// Answers to: Flask's tutorial (Flaskr), Tornado's blog demo, aiohttp's tutorial.
// Run: `swift run Notes FOLDER [PORT]`, and open the printed URL; database, uploads and key are kept in FOLDER.
//
// Handlers are in Pages.swift and API.swift. It leaves out TLS, limits on attempts to log in and on the disk, a change
// of passwords, and an end of all sessions of a user: a copy of a cookie stays valid for its lifetime.
import Foundation
import Swirl

let arguments = CommandLine.arguments
let folder = arguments.count > 1 ? arguments[1] : "notes"
let port = arguments.count > 2 ? Int(arguments[2]) ?? 8080 : 8080
let store = try Store(folder)

let router = Router()
router.intercept { request, next in
  next(request).addCallback { response in
    response.with("Content-Security-Policy", "default-src 'self'").with("X-Content-Type-Options", "nosniff")
  }
}
router.intercept(.sameOrigin())
router.intercept(.sessions(keys: [try sessionKey(in: folder)]))
addPages(to: router, store)
addAPI(to: router, store)
let files = StaticFiles("\(Bundle.module.bundlePath)/public", at: "/static")
router.get("/static/{path*}") { request in files.respond(to: request) }

var configuration = HTTPServer.Configuration()
configuration.compression = .init()
configuration.handlerTimeout = .seconds(60)
let server = HTTPServer(configuration: configuration, router)
server.onError = errorPage
server.onFinish = { record in print(record) }
print("notes are at http://\(try server.listen(port).localAddress)/")
// SIGTERM and Ctrl-C stop it: requests in progress are answered, and the database is closed behind them.
reactor.addSystemEventTrigger(.after, .shutdown) { try store.close() }
reactor.run()

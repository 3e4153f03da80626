// Serves a folder: pages, pictures, videos, the documentation that `Scripts/docs` builds.
// Answers to: Python's `python3 -m http.server`; Tornado's StaticFileHandler; aiohttp's add_static.
// Run: `swift run FileServer FOLDER [PORT]`, then `curl -C - -O` on a file of it.
//
// Conditions, ranges and links are the handler's matter; texts are compressed on the way. It leaves out TLS.
import Swirl

let arguments = Array(CommandLine.arguments.dropFirst())
let folder = arguments.first ?? "."
let port = arguments.dropFirst().first.flatMap { Int($0) } ?? 0

var configuration = StaticFiles.Configuration()
configuration.listsDirectories = true
configuration.precompressed = true
configuration.cacheControl = "no-cache"  // ask each time; a 304 is cheap
let files = StaticFiles(folder, configuration: configuration)

var serving = HTTPServer.Configuration()
serving.compression = .init()
let server = HTTPServer(configuration: serving) { request in files.respond(to: request) }
print("\(folder) is at http://\(try server.listen(port).localAddress)/")
reactor.run()

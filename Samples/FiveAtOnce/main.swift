// Fetches five pages of three seconds each concurrently, in three seconds. With URLs as arguments it fetches those.
// Answers to: Twisted's DeferredList of pages.
// Run: `swift run FiveAtOnce [URL …]`.
import Swirl

/// The delay server runs in this process on a free port: it and the five requests share one thread.
@MainActor func slowPages() throws -> [String] {
  let server = HTTPServer { request in
    reactor.sleep(.seconds(3)).addCallback { .text("hello from \(request.path)") }
  }
  let address = try server.listen(0).localAddress
  return (1...5).map { "http://\(address)/page/\($0)" }
}

let arguments = Array(CommandLine.arguments.dropFirst())
let urls = arguments.isEmpty ? try slowPages() : arguments
let start = reactor.now

let pages = urls.map { url in
  fetch(url).addCallbacks(
    { page in print("\(url): \(page.status), \(page.body.count) bytes, \(page.text.prefix(40).prefix { $0 != "\n" })")
    },
    { error in print(error) })
}
DeferredList(pages).addBoth { _ in
  let seconds = (reactor.now - start) / .seconds(1)
  print("\(urls.count) urls downloaded in \((seconds * 100).rounded() / 100)s")
  reactor.stop()
}
reactor.run()

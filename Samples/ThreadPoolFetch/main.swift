// Fetches pages by blocking calls on threads, and prints the results as they arrive.
// Answers to: Python's ThreadPoolExecutor and as_completed.
// Run: `swift run ThreadPoolFetch`.
import Swirl

/// Blocks its thread until it has a result: a reactor on another thread does the work.
@Sendable func blockingFetch(_ url: String, by worker: RemoteReactor) throws -> String {
  try worker.blockingCall { _ in fetch(url).addCallback { try $0.raiseForStatus().text } }
}

/// A local server. /later is slow, /missing does not exist.
let server = HTTPServer { request in
  switch request.path {
  case "/missing": .succeed(.text("no such page", status: .notFound))
  case "/later": reactor.sleep(.seconds(1)).addCallback { .text("this came last") }
  default: .succeed(.text("this is \(request.path)"))
  }
}
let address = try server.listen(0).localAddress

let pool = ThreadPool(size: 5)
let worker = ReactorThread()

try runUntilComplete {
  let paths = ["/later", "/a", "/b", "/missing"]
  let pages = paths.map { path in
    let (url, remote) = ("http://\(address)\(path)", worker.remote)
    return reactor.deferToThread(in: pool) { try blockingFetch(url, by: remote) }
      .addCallback { text in "\(path): \(text.utf8.count) bytes" }
      .addErrback { _ in "\(path): failed" }
  }
  for try await line in asCompleted(pages) { print(try line.get()) }
}

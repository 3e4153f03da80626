// Without callbacks or a reactor of its own: `try await fetch` at the top level, five slow pages at once. With URLs as
// arguments it fetches those.
// Answers to: aiohttp's client quickstart.
// Run: `swift run AsyncFetch [URL …]`.
import Swirl

/// A local server on its own thread: every page takes a second.
let thread = ReactorThread()
let address = try await thread.run { reactor in
  try HTTPServer { request in
    reactor.sleep(.seconds(1)).addCallback { .text("hello from \(request.path)") }
  }.listen(0).localAddress
}

let arguments = Array(CommandLine.arguments.dropFirst())
let urls = arguments.isEmpty ? (1...5).map { "http://\(address)/page/\($0)" } : arguments

let start = ContinuousClock.now
try await withThrowingTaskGroup(of: String.self) { group in
  for url in urls {
    group.addTask {
      let page = try await fetch(url)
      return "\(url): \(page.status), \(page.body.count) bytes"
    }
  }
  for try await line in group { print(line) }
}
let seconds = (ContinuousClock.now - start) / .seconds(1)
print("\(urls.count) urls in \((seconds * 10).rounded() / 10)s")
await thread.stop()

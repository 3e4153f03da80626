// Callbacks that await, and code that awaits callbacks: both on the main thread, with a shared variable and no lock.
// Answers to: Twisted's inlineCallbacks beside callbacks.
// Run: `swift run MixedStyles`.
import Swirl

var pages = 0

/// Any async function, also of a library.
@MainActor func count(_ page: HTTPClient.Response) async throws -> String {
  try await Task.sleep(for: .milliseconds(20))
  pages += 1
  return "\(pages): \(page.text)"
}

let server = HTTPServer { request in .text("this is \(request.path)") }
let url = "http://\(try server.listen(0).localAddress)"

// A chain with an await in its middle.
let chain = fetch("\(url)/chain")
  .addCallback { page in Deferred { try await count(page) } }
  .addCallback { print("callback:", $0) }

// Async code awaits the chain, then Deferreds in the order of their results, two at a time.
try runUntilComplete {
  try await chain.value
  for try await result in asCompleted(["/a", "/b", "/c"], atMost: 2, { fetch(url + $0) }) {
    print("awaited:", try await count(result.get()))
  }
  print("\(pages) pages")
}

// Programs as people write them, from the four kinds of place there are: the top level of main.swift, a class of the main actor, an
// actor on a reactor's thread, and async functions of nobody. Without `@Sendable`, `@unchecked` or `nonisolated(unsafe)`: that they
// compile is half of the test, and each says what it got.
import Swirl

let site = ReactorThread(name: "site")
var count = 0
var base = ""

/// Counts what each place has got, and ends when all of it is there.
@MainActor func got(_ what: String) {
  count += 1
  print(what)
}

try runUntilComplete {
  let address = try await site.run { _ in
    try HTTPServer { request in .text("page \(request.path)") }.listen(0).localAddress
  }
  base = "http://\(address)"
}

// The top level: callbacks that change a variable, a chain, a list, a callback from another thread.
fetch("\(base)/callback") { result in got("top: \(try result.get().text)") }
fetch("\(base)/chain").addCallback { $0.text.count }.addCallback { got("top: \($0) characters") }.addErrback {
  print($0)
}
let pages = ["/1", "/2"].map { fetch(base + $0).addCallback(\.text) }
gatherResults(pages).addCallback { got("top: \($0.joined(separator: ", "))") }.addErrback { print($0) }
let remote = reactor.remote
deferToThread { (1...4).reduce(1, *) }.addCallback { got("top: \($0) from a thread") }.addErrback { print($0) }
reactor.callLater(.milliseconds(5)) { remote.callFromThread { _ in print("top: from afar") } }
reactor.addSystemEventTrigger(.before, .shutdown) { () -> Void in print("top: shutting down") }

// The other places.
let crawler = Crawler(base)
let counter = Counter(on: site)
try runUntilComplete {
  try await crawler.crawl(["/a", "/b"])
  for line in try await counter.count(base) { got("actor: \(line)") }
  for line in try await nobody(base, on: site) { got("nobody: \(line)") }
}
print("\(count) in all")

// Awaits several Deferreds together: as an array of one type, or as a tuple of several types.
// Answers to: asyncio's gather.
// Run: `swift run Gather`.
import Swirl

let server = HTTPServer { request in
  if request.path == "/number" { return try .json(42) }
  if request.path == "/broken" { throw HTTPServer.StatusError(.serviceUnavailable) }
  return .text("this is \(request.path)")
}
let url = "http://\(try server.listen(0).localAddress)"

try runUntilComplete {
  // All values in the order of the calls, or the first failure.
  let pages = try await gatherResults(["/a", "/b", "/c"].map { fetch(url + $0) }).value
  print(pages.map(\.text))

  // Three types: a page, a number and a pause.
  let (page, number, _) = try await gather(
    fetch("\(url)/a").addCallback(\.text),
    fetch("\(url)/number").addCallback { try $0.json(as: Int.self) },
    reactor.sleep(.milliseconds(10))
  ).value
  print(page, number)

  // Values and failures together.
  let results = try await gatherSettled(["/a", "/broken"], atMost: 2) { path in
    fetch(url + path).addCallback { try $0.raiseForStatus() }
  }.value
  for result in results {
    switch result {
    case .success(let page): print(page.text)
    case .failure(let error): print("failed: \(error)")
    }
  }
}

// Fetches pages together and cancels them together after the first response.
// Answers to: asyncio's cancelling of a gather, anyio's TaskGroup.
// Run: `swift run CancelGroup`.
import Swirl

let server = HTTPServer { request in
  let seconds = request.queryValue("seconds").flatMap { Double($0) } ?? 0
  return reactor.sleep(.seconds(seconds)).addCallback { .text("after \(seconds) s") }
}
let url = "http://\(try server.listen(0).localAddress)/"

// Ctrl-C cancels all of them too, and waits until they have ended.
let group = DeferredGroup(cancelledBy: reactor)

@MainActor func first(_ page: HTTPClient.Response) {
  print("first: \(page.text)")
  group.cancel()
}

for seconds in [60, 0.1, 50, 40] {
  group.add(
    fetch("\(url)?seconds=\(seconds)")
      .addCallback { page in first(page) }
      .addErrback { error in print("\(seconds) s: \(error is CancelledError ? "cancelled" : "\(error)")") })
}

group.join().addCallback {
  print("none left")
  reactor.stop()
}
reactor.run()

// A task per URL, a callback for each, one for all, then stop.
// Answers to: Twisted's first lesson on Deferreds.
// Run: `swift run TwistedStyle`.
import Swirl

let site = try HTTPServer { request in .text("this is \(request.path)") }.listen(0).localAddress
let urls = ["/a", "/b", "/c"].map { "http://\(site)\($0)" }

func oneDone(_ page: HTTPClient.Response) {
  print("one done: \(page.text)")
}

@MainActor func allDone(_ results: DeferredListResult<Void>) {
  print("all done")
  reactor.stop()
}

let tasks = urls.map { fetch($0).addCallback(oneDone) }
DeferredList(tasks).addBoth(allDone)
reactor.run()

// Ten workers take URLs from a queue and put the links of their pages back.
// Answers to: Tornado's queue crawler.
// Run: `swift run QueueCrawler [URL]`, beside `swift run Site 8080`. Leaves out: robots.txt, a pause between requests,
// and persistence: the sample Crawler has them.
import Swirl
import SwirlHTML

let start = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8080/page/0"
let origin = originOfURL(start)
let begin = reactor.now

let queue = DeferredQueue<String>()
var fetching: Set<String> = []
var fetched: Set<String> = []

@MainActor func put(_ url: String) {
  guard originOfURL(url) == origin, fetching.insert(url).inserted else { return }
  queue.put(url)
}

@MainActor func note(_ page: HTTPClient.Response, at url: String) {
  fetched.insert(url)
  for link in HTMLPage(page.body, url: page.url, contentType: page["content-type"]).links { put(link) }
}

@MainActor func work() {
  queue.get()
    .addCallback { url in
      fetch(url)
        .addCallback { page in note(page, at: url) }
        .addErrback { error in print(error) }
        .addBoth { _ in queue.taskDone() }
    }
    .addCallback { work() }
    .addErrback { _ in }  // the queue was closed
}

put(start)
for _ in 1...10 { work() }

queue.join(timeout: .seconds(300), clock: reactor).addBoth { result in
  if case .failure(let error) = result { print(error) }
  let seconds = (reactor.now - begin).components.seconds
  print("Done in \(seconds) seconds, fetched \(fetched.count) URLs")
  queue.close()
  reactor.stop()
}
reactor.run()

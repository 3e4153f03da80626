// Fetches many pages, at most seven at once, and prints all of them in order.
// Answers to: gevent's Pool(7).map.
// Run: `swift run PoolOfSeven`.
import Swirl

var now = 0
var most = 0
let server = HTTPServer { request in
  now += 1
  most = max(most, now)
  return reactor.sleep(.milliseconds(20)).addCallback {
    now -= 1
    return .text("\(request.path)")
  }
}
let url = "http://\(try server.listen(0).localAddress)"
let urls = (1...50).map { "\(url)/\($0)" }

gatherResults(urls, atMost: 7) { fetch($0) }
  .addCallback { pages in
    print("\(pages.count) pages, from \(pages[0].text) to \(pages[49].text), \(most) at once")
  }
  .addErrback { error in print(error) }
  .addBoth { _ in reactor.stop() }
reactor.run()

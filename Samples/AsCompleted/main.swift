// Twenty pages that take three seconds each, five at a time, each printed as it arrives: twelve seconds.
// Answers to: asyncio's as_completed.
// Run: `swift run AsCompleted [SECONDS]`.
import Swirl

let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 3

let server = HTTPServer { request in
  reactor.sleep(.seconds(seconds)).addCallback { .text("this is \(request.path)") }
}
let address = try server.listen(0).localAddress
let urls = (1...20).map { "http://\(address)/page/\($0)" }

try runUntilComplete {
  let start = reactor.now
  var count = 0
  for try await result in asCompleted(urls, atMost: 5, { fetch($0) }) {
    count += 1
    print("\(count): \(try result.get().text)")
  }
  // Four rounds of five pages.
  let times = ((reactor.now - start) / .seconds(seconds)).rounded()
  print("\(count) pages in \(Int(times)) times \(seconds) s")
}

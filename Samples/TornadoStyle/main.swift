// A callback per response, a counter of requests in flight, stop at zero.
// Answers to: Tornado's first lesson, from before 6.0.
// Run: `swift run TornadoStyle`.
import Swirl

let site = try HTTPServer { request in
  request.path == "/missing" ? .text("no such page", status: .notFound) : .text("this is \(request.path)")
}.listen(0).localAddress
let urls = ["http://\(site)/a", "http://\(site)/missing", "http://127.0.0.1:1/", "http://\(site)/b"]

var underWay = 0

@MainActor func handle(_ result: Result<HTTPClient.Response, any Error>) {
  switch result {
  case .success(let page): print("\(page.status.code): \(page.text)")
  case .failure(let error): print("error: \(error)")
  }
  underWay -= 1
  if underWay == 0 { reactor.stop() }
}

for url in urls {
  underWay += 1
  fetch(url, handle)
}
reactor.run()

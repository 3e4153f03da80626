// One operation of HTTP/2, COUNT times, one after another over one connection: `Multiplexing fetch COUNT PORT`, or
// `Multiplexing hello COUNT`. A separate program, so that the others can still measure commits without HTTP/2.
import Glibc
import Swirl

let arguments = CommandLine.arguments
guard arguments.count >= 3, let count = Int(arguments[2]) else {
  fatalError("usage: Multiplexing NAME COUNT [PORT]")
}

switch arguments[1] {
case "fetch": fetchOneAfterAnother("http://127.0.0.1:\(arguments[3])/page")
case "hello": try serveHello()
default: fatalError("no operation \(arguments[1])")
}

@MainActor func fetchOneAfterAnother(_ url: String) {
  var configuration = HTTPClient.Configuration()
  configuration.http2 = .priorKnowledge
  let client = HTTPClient(configuration)
  var left = count
  func next() {
    client.fetch(HTTPClient.Request(url)) { result in
      let page = try result.get()
      precondition(page.body.count == 100)
      left -= 1
      left > 0 ? next() : reactor.stop()
    }
  }
  next()
  reactor.run()
}

@MainActor func serveHello() throws {
  var left = count
  let server = HTTPServer { request in
    precondition(request.version == .http2)
    left -= 1
    // Stop later, so that the response is written first.
    if left == 0 { reactor.callLater(.milliseconds(10)) { reactor.crash() } }
    return .text("hello")
  }
  print(try server.listen(0).localAddress.port)
  fflush(nil)
  reactor.run()
}

// Many requests with a handler for failures: a timeout, a host that does not exist, a 500.
// Answers to: grequests' map(exception_handler=…).
// Run: `swift run MapWithErrors`.
import Swirl

let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
  switch request.path {
  case "/slow": reactor.sleep(.seconds(1)).addCallback { .text("too late") }
  case "/broken": .fail(HTTPServer.StatusError(.internalServerError))
  default: .succeed(.text("this is \(request.path)"))
  }
}
let url = "http://\(try server.listen(0).localAddress)"

let requests = [
  HTTPClient.Request("\(url)/a"), HTTPClient.Request("\(url)/slow", timeout: .milliseconds(1)),
  HTTPClient.Request("http://no-such-host.invalid/"), HTTPClient.Request("\(url)/broken"),
  HTTPClient.Request("\(url)/b"),
]

/// Called for each request without a response; its return value replaces the response.
func handle(_ request: HTTPClient.Request, _ error: any Error) -> HTTPClient.Response? {
  print("failed: \((error as? HTTPError)?.code.description ?? "\(error)")")
  return nil
}

HTTPClient.shared.map(requests, atMost: 10, exceptionHandler: handle).addCallback { pages in
  // A 500 is a response too; only raiseForStatus() makes it a failure.
  print(pages.map { $0.map { "\($0.status.code)" } ?? "none" }.joined(separator: " "))
  reactor.stop()
}
reactor.run()

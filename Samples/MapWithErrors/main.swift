// Many requests whose failures have a handler of their own: a timeout, a host that does not exist, a 500. grequests: map(exception_handler=…).
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

/// Called for each that has no answer; what it returns is taken instead of one.
func handle(_ request: HTTPClient.Request, _ error: any Error) -> HTTPClient.Response? {
  print("failed: \((error as? HTTPError)?.code.description ?? "\(error)")")
  return nil
}

HTTPClient.shared.map(requests, atMost: 10, exceptionHandler: handle).addCallback { pages in
  // An answer is an answer, a 500 too, unless raiseForStatus() is asked.
  print(pages.map { $0.map { "\($0.status.code)" } ?? "none" }.joined(separator: " "))
  reactor.stop()
}
reactor.run()

import Measure
import Swirl

/// A separate client, with as many connections as requests and default settings otherwise, including the timeout of 60
/// s per request.
@MainActor func client(for load: Load) -> HTTPClient {
  var configuration = HTTPClient.Configuration()
  configuration.connectionsPerOrigin = load.inFlight
  configuration.connections = load.inFlight
  if load.usesHTTP2, load.roots == nil { configuration.http2 = .priorKnowledge }
  if let roots = load.roots { configuration.tls.roots = [.file(roots)] }
  return HTTPClient(configuration)
}

func request(of load: Load) -> HTTPClient.Request {
  HTTPClient.Request(load.url, headers: load.closesConnections ? [.connection: "close"] : [:])
}

/// One closure per request, which starts the next one.
@MainActor func swirlCallback(_ load: Load) {
  let client = client(for: load)
  let request = request(of: load)
  var underWay = load.inFlight

  func next() {
    client.fetch(request) { result in
      let page = try result.get()
      if load.complete(status: page.status.code, length: page.body.count) { return next() }
      underWay -= 1
      if underWay == 0 { reactor.stop() }
    }
  }
  for _ in 1...load.inFlight { next() }
  reactor.run()
}

/// One Deferred per request, with a callback and an errback.
@MainActor func swirlDeferred(_ load: Load) {
  let client = client(for: load)
  let request = request(of: load)
  var underWay = load.inFlight

  func next() {
    client.fetch(request)
      .addCallback { page in
        if load.complete(status: page.status.code, length: page.body.count) { return next() }
        underWay -= 1
        if underWay == 0 { reactor.stop() }
      }
      .addErrback { error in fail("\(error)") }
  }
  for _ in 1...load.inFlight { next() }
  reactor.run()
}

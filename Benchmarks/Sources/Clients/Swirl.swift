import Measure
import Swirl

/// A separate client, with as many connections as requests and default settings otherwise, including the timeout of 60
/// s per request.
@MainActor func client(for load: Load) -> HTTPClient {
  var configuration = HTTPClient.Configuration()
  configuration.connectionsPerOrigin = load.inFlight
  configuration.connections = load.inFlight
  if let roots = load.roots { configuration.tls.roots = [.file(roots)] }
  return HTTPClient(configuration)
}

func request(of load: Load) -> HTTPClient.Request {
  var request = HTTPClient.Request(load.url, headers: load.closesConnections ? [.connection: "close"] : [:])
  // In the request, because `fetch` uses a client of its own where it is awaited. Over TLS the handshake chooses.
  if load.usesHTTP2, load.roots == nil { request.http2 = .priorKnowledge }
  return request
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

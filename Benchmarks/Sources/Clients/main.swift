// HTTP clients under the same load: `Clients swirl-callback http://127.0.0.1:8080/small --in-flight 100 --seconds 2`.
// Each contender has a file, whose comments name the API that it uses.
import Glibc
import Measure

let clients: [String: @MainActor (Load) throws -> Void] = [
  "swirl-callback": swirlCallback,
  "swirl-deferred": swirlDeferred,
  "swirl-awaited-main": swirlAwaitedOnMain,
  "swirl-awaited-deferred": swirlAwaitedDeferred,
  "swirl-awaited-actor": swirlAwaitedInActor,
  "swirl-awaited-pool": swirlAwaitedFromPool,
  "libcurl": libcurl,
  "ahc-future": asyncHTTPClientFuture,
  "ahc-async": asyncHTTPClientAsync,
  "urlsession": urlSession,
]

/// Those under an open load: `Clients swirl-open URL --rate 1000 --in-flight 100`.
let openClients: [String: @MainActor (Load, OpenRequests) throws -> Void] = [
  "swirl-open": swirlOpen,
  "libcurl-open": libcurlOpen,
  "ahc-open": asyncHTTPClientOpen,
]

let options = Options()
if let name = options.words.first, let client = openClients[name] {
  try client(Load(options), OpenRequests(options))
  exit(0)
}
guard let name = options.words.first, let client = clients[name] else {
  fail("usage: Clients NAME URL, the name one of \(clients.keys.sorted())")
}
try client(Load(options))

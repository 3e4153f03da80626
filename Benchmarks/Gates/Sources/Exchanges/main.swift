// One kind of exchange, COUNT times, one after another over one connection: `Exchanges redirect COUNT PORT`. A separate
// program, so that the others can still measure commits that lack these kinds.
import Glibc
import Swirl

let arguments = CommandLine.arguments
guard arguments.count == 4, let count = Int(arguments[2]) else { fatalError("usage: Exchanges NAME COUNT PORT") }
let origin = "\(arguments[1] == "tls" ? "https" : "http")://127.0.0.1:\(arguments[3])"

var configuration = HTTPClient.Configuration()
// The peer makes its own certificate.
configuration.tls.verification = .dangerouslyAcceptingAnyCertificate
let client = HTTPClient(configuration)

switch arguments[1] {
case "tls": repeatedly { whole("/") }
case "mebibyte": repeatedly { whole("/mebibyte") }
case "redirect": repeatedly { whole("/redirect") }
case "gzip": repeatedly { whole("/gzip") }
case "streamed": repeatedly { streamed("/chunked") }
default: fatalError("no exchange \(arguments[1])")
}

/// Runs an exchange that returns the size of the response, COUNT times.
@MainActor func repeatedly(_ exchange: @escaping () -> Deferred<Int>) {
  let size = arguments[1] == "mebibyte" ? 1 << 20 : arguments[1] == "streamed" ? 16_000 : 100
  var left = count
  func next() {
    exchange().addBoth { result in
      guard case .success(size) = result else { fatalError("\(result)") }
      left -= 1
      left > 0 ? next() : reactor.stop()
    }
  }
  next()
  reactor.run()
}

@MainActor func whole(_ path: String) -> Deferred<Int> {
  client.fetch(HTTPClient.Request(origin + path)).addCallback { $0.body.count }
}

@MainActor func streamed(_ path: String) -> Deferred<Int> {
  var size = 0
  return client.fetch(HTTPClient.Request(origin + path)) { piece in size += piece.count }.addCallback { _ in size }
}

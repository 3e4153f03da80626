import Glibc
import Swirl

/// A reverse proxy to the URLs of `to`, separated by commas; bodies may have any length.
func serveReverse(_ arguments: [String]) throws {
  let named = settings(arguments)
  var configuration = HTTPServer.Configuration()
  configuration.limits.bodyBytes = nil
  var passing = ReverseProxy.Configuration()
  if let seconds = named["patience"].flatMap({ Int($0) }) { passing.responseTimeout = .seconds(seconds) }
  let proxy = ReverseProxy(to: named["to", default: ""].split(separator: ",").map(String.init), configuration: passing)
  let server = HTTPServer(configuration: configuration, proxy)
  print(try server.listen(0, tls: serverTLS(named)).localAddress)
  fflush(nil)
  Reactor.current.run()
}

import Foundation
import Swirl
import SwirlDNS

/// Fetches `url` by the addresses and HTTPS records of the name server at the port `server` of 127.0.0.1, trusting
/// `roots`. Prints the text, or the error, and how many milliseconds it took.
func fetchByNames(_ arguments: [String]) {
  let named = settings(arguments)
  let reactor = Reactor.current
  let server = SocketAddress(ip: "127.0.0.1", port: Int(named["server"] ?? "") ?? 53)!
  reactor.resolver.use(NameClient(.init(servers: [server])))
  var configuration = HTTPClient.Configuration()
  configuration.tls.roots = [.file(named["roots"] ?? "")]
  let client = HTTPClient(configuration)
  let start = reactor.now
  var said = "no answer"
  client.fetch(named["url"] ?? "").addCallback { said = $0.text }.addErrback { said = "\($0)" }.addBoth { _ in
    reactor.stop()
  }
  reactor.callLater(.seconds(20)) { reactor.stop() }
  reactor.run()
  print("\(said) \(Int((reactor.now - start) / .milliseconds(1)))")
}

import SwirlDeferred
import SwirlHTTPCore
import SwirlNet

extension Proxy {
  /// The negotiation of a tunnel to `origin`.
  func tunnel(to origin: Origin, _ sessions: ProxySessions) -> () -> any TunnelNegotiation {
    switch kind {
    case .http, .https:
      return { ConnectNegotiation(self, to: origin, sessions) }
    case .socks5:
      return {
        SOCKS5Negotiation(
          proxy: "\(self)", host: origin.name, port: UInt16(origin.port),
          credentials: credentials.map { ($0.user, $0.password) })
      }
    }
  }
}

extension HTTPClient.Exchange {
  /// The error of a connection that could not be made for this request.
  func connectError(_ underlying: any Error, through proxy: Proxy?) -> any Error {
    switch underlying {
    case let network as NetError:
      // Errors of the tunnel name the proxy themselves, and those of TLS inside it are the origin's.
      let way = network.code == .connect || network.code == .resolve ? proxy.map { "use the proxy \($0): " } : nil
      return error(.cannotConnect, "\(way ?? "")\(network)", network: network)
    case let timeout as TimeoutError:
      return error(.timeout, "\(timeout): is \(proxy.map { "the proxy \($0)" } ?? "the server") there?")
    default: return error(.cannotConnect, "\(underlying)")
    }
  }
}

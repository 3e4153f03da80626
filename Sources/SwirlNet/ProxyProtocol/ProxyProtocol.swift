/// The PROXY protocol, by which a proxy for TCP tells a server whose connection it passes on: HAProxy's `send-proxy`
/// and `send-proxy-v2`, nginx's `proxy_protocol on`, and load balancers of clouds.
///
/// A connection from one of ``proxies`` must begin with its header, in version 1 or 2, before TLS; otherwise it is
/// closed, and logged at the level `debug`. The header's address is then the connection's `peerAddress`. From all other
/// addresses a header is not looked for: what they claim is content.
///
/// HAProxy: `tcp-request connection expect-proxy layer4 if { src … }`; nginx: `listen … proxy_protocol`.
public struct ProxyProtocol: Sendable, Hashable {
  /// The addresses of the proxies.
  public var proxies: [AddressRange]
  /// How long a proxy may take for its header.
  public var timeout: Duration

  /// - Parameters:
  ///   - proxies: the addresses whose connections begin with a header; a Unix socket has no address, and always does.
  ///   - timeout: how long a proxy may take for it.
  public init(from proxies: [AddressRange], timeout: Duration = .seconds(5)) {
    self.proxies = proxies
    self.timeout = timeout
  }

  func expectsHeader(from peer: SocketAddress?) -> Bool {
    guard let peer, peer.family != .unix else { return true }
    return proxies.contains { $0.contains(peer) }
  }
}

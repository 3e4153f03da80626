public import SwirlNet

extension HTTPServer {
  /// The reverse proxies in front of a server, whose word about the client is believed.
  ///
  /// ```swift
  /// var configuration = HTTPServer.Configuration()
  /// configuration.trustedProxies = ["127.0.0.1", "10.0.0.0/8"]
  /// ```
  ///
  /// Fields of other clients are content: anyone can send `X-Forwarded-For`. Of trusted ones the list is read from its
  /// end, as each proxy adds the address of whom it was asked by: the client is the last that is no trusted proxy
  /// itself. nginx: `set_real_ip_from` with `real_ip_recursive on`; Tornado: `xheaders` and `trusted_downstream`.
  public struct TrustedProxies: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// Which fields the proxies set. One must be chosen: a proxy passes on the others as the client sent them, who may
    /// have written anything.
    public enum Fields: Sendable, Hashable {
      /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, as most proxies set them.
      case xForwarded
      /// `Forwarded` (RFC 7239).
      case forwarded
    }

    /// The addresses of the proxies. A connection over a Unix socket is one of a proxy, too.
    public var addresses: [AddressRange]
    /// Which fields they set.
    public var fields: Fields

    /// - Parameters:
    ///   - addresses: the addresses of the proxies.
    ///   - fields: which fields they set.
    public init(_ addresses: [AddressRange], fields: Fields = .xForwarded) {
      self.addresses = addresses
      self.fields = fields
    }

    /// Those at these addresses, which set the fields `X-Forwarded-…`.
    public init(arrayLiteral addresses: AddressRange...) { self.init(addresses) }

    func contain(_ address: SocketAddress?) -> Bool {
      guard let address, address.family != .unix else { return true }
      return addresses.contains { $0.contains(address) }
    }
  }
}

/// A place to reach a service at, from its HTTPS records (RFC 9460): a host, its port, its protocols and addresses.
public struct ServiceEndpoint: Sendable, Hashable {
  /// The host whose addresses these are. TLS still verifies the name that was asked for.
  public let host: String
  /// The port.
  public let port: Int
  /// The application protocols for TLS (ALPN), `http/1.1` among them if it is served; empty if nothing is known.
  public let applicationProtocols: [String]
  /// Addresses with the port, from hints: to try before, or without, a lookup of ``host``.
  public let addresses: [SocketAddress]
  /// The configuration for Encrypted Client Hello, as bytes.
  public let encryptedClientHello: [UInt8]?

  /// - Parameters:
  ///   - host: the host whose addresses these are.
  ///   - port: the port.
  ///   - applicationProtocols: the application protocols for TLS; empty if nothing is known.
  ///   - addresses: addresses with the port, from hints.
  ///   - encryptedClientHello: the configuration for Encrypted Client Hello.
  public init(
    host: String, port: Int, applicationProtocols: [String] = [], addresses: [SocketAddress] = [],
    encryptedClientHello: [UInt8]? = nil
  ) {
    self.host = host
    self.port = port
    self.applicationProtocols = applicationProtocols
    self.addresses = addresses
    self.encryptedClientHello = encryptedClientHello
  }
}

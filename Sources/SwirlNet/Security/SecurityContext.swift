package import SwirlReactor

/// The shared state of all connections with one configuration, such as certificates and resumable sessions.
package protocol SecurityContext: AnyObject {
  /// How long a server waits for the end of the handshake.
  var handshakeTimeout: Duration { get }
  /// The application protocols that a client offers (ALPN); empty without the extension.
  var applicationProtocols: [String] { get }

  /// Secures one side of a connection. The handshake has not started.
  /// - Parameters:
  ///   - host: for a client, the host that the certificate must name.
  ///   - peer: the peer for display; also the key of a client's session cache.
  ///   - protocols: for a client, those of its application protocols that it offers; nil for all.
  func security(
    of socket: StreamSocket, host: String?, peer: String, offering protocols: [String]?
  ) throws(NetError) -> any ConnectionSecurity
}

/// A configuration: it makes a client's context for each connect, a server's for `listen` and `reload()`.
package protocol SecurityProvider: Sendable {
  func clientContext(on reactor: Reactor) throws(NetError) -> any SecurityContext
  func serverContext(on reactor: Reactor) throws(NetError) -> any SecurityContext
}

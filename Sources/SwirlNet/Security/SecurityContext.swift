package import SwirlReactor

/// The shared state of all connections with one configuration, such as certificates and resumable sessions.
package protocol SecurityContext: AnyObject {
  /// How long a server waits for the end of the handshake.
  var handshakeTimeout: Duration { get }

  /// Secures one side of a connection. The handshake has not started.
  /// - Parameters:
  ///   - host: for a client, the host that the certificate must name.
  ///   - peer: the peer for display; also the key of a client's session cache.
  func security(of socket: StreamSocket, host: String?, peer: String) throws(NetError) -> any ConnectionSecurity
}

/// A configuration: it makes a client's context for each connect, a server's for `listen` and `reload()`.
package protocol SecurityProvider: Sendable {
  func clientContext(on reactor: Reactor) throws(NetError) -> any SecurityContext
  func serverContext(on reactor: Reactor) throws(NetError) -> any SecurityContext
}

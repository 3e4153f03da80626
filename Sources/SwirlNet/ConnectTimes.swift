/// When the steps of making a connection were done, on the reactor's clock; 0 for one that there was not.
package struct ConnectTimes: Sendable {
  /// The addresses of the name were there.
  package internal(set) var resolved: Int64 = 0
  /// The connection was there, and where it goes through a proxy the way through that.
  package internal(set) var connected: Int64 = 0
  /// The TLS handshake was done.
  package internal(set) var secured: Int64 = 0
}

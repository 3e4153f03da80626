/// The times of the steps of connecting, on the reactor's clock; 0 for a step that was skipped.
package struct ConnectTimes: Sendable {
  /// The name was resolved.
  package internal(set) var resolved: Int64 = 0
  /// The connection was established, including the tunnel of a proxy.
  package internal(set) var connected: Int64 = 0
  /// The TLS handshake was complete.
  package internal(set) var secured: Int64 = 0
}

import Synchronization

/// The kinds of endpoints.
enum EndpointKinds {
  /// Those that this module has.
  static let own = ["fd", "systemd", "tcp", "tls", "udp", "unix"]

  private static let registered = Mutex<[String: @Sendable (Endpoint) throws -> Endpoint]>([:])

  static var names: [String] { (own + registered.withLock { Array($0.keys) }).sorted() }

  static func isKnown(_ kind: String) -> Bool { own.contains(kind) || registered.withLock { $0[kind] != nil } }

  static func register(_ kind: String, _ resolve: @escaping @Sendable (Endpoint) throws -> Endpoint) {
    registered.withLock { $0[kind] = resolve }
  }

  /// The endpoint of one of the own kinds that this one stands for.
  static func resolve(_ endpoint: Endpoint) throws -> Endpoint {
    var resolved = endpoint
    // A kind that stands for itself would otherwise be resolved for ever.
    for _ in 0..<8 {
      if own.contains(resolved.kind.text) { return resolved }
      guard let resolve = registered.withLock({ $0[resolved.kind.text] }) else { break }
      resolved = try resolve(resolved)
    }
    throw EndpointError(endpoint, at: endpoint.kind, "the kind \"\(endpoint.kind.text)\" stands for itself")
  }
}

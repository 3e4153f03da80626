import SwirlNet

/// A server's contexts by host name: the identities of its configuration, each with the names in its certificate.
///
/// Twisted: `txsni`; nginx: the hash of `server_name`.
final class TLSHosts {
  /// What a client's name chooses.
  enum Choice {
    /// The server's first identity.
    case own
    case other(TLSContext)
    case unknown
  }

  /// All its names, sorted.
  let names: [String]
  /// nil for the server's first identity, whose context this belongs to.
  private var contexts: [String: TLSContext?] = [:]

  /// Loads the identities of `first`'s configuration.
  init(of first: TLSContext) throws(NetError) {
    for name in first.names { contexts[name] = .some(nil) }
    for identity in first.configuration.hostIdentities {
      var configuration = first.configuration
      configuration.identity = identity
      let context = try TLSContext(configuration, .server, of: first)
      guard !context.names.isEmpty else {
        throw NetError(
          .configureTLS, "\(identity.chain)",
          reason: "its certificate names no host (subject alternative names, DNS), so no client could ask for it")
      }
      for name in context.names where contexts[name] == nil { contexts[name] = context }
    }
    names = contexts.keys.sorted()
  }

  /// - Parameter name: as the client sent it; nil without one.
  func choice(for name: String?) -> Choice {
    guard let name = name?.lowercased() else { return .unknown }
    let labels = name.hasSuffix(".") ? String(name.dropLast()) : name
    if let found = contexts[labels] { return Self.choice(found) }
    guard let dot = labels.firstIndex(of: "."), let found = contexts["*" + labels[dot...]] else { return .unknown }
    return Self.choice(found)
  }

  private static func choice(_ context: TLSContext?) -> Choice { context.map(Choice.other) ?? .own }
}

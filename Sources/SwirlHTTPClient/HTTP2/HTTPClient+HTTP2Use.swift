#if HTTP2
extension HTTPClient {
  /// When a client uses HTTP/2.
  public enum HTTP2Use: Sendable, Hashable {
    /// For `https`, if the server chooses it (ALPN); otherwise HTTP/1.1.
    case negotiated
    /// Always, also without TLS: the servers are known to speak it (RFC 9113 §3.3). curl: `--http2-prior-knowledge`.
    case priorKnowledge
    /// Never. curl: `--http1.1`.
    case off
  }
}

extension HTTPClient.HTTP2Use {
  /// What is offered to servers (ALPN, RFC 7301).
  var applicationProtocols: [String] {
    switch self {
    case .negotiated: ["h2", "http/1.1"]
    case .priorKnowledge: ["h2"]
    case .off: ["http/1.1"]
    }
  }

  /// Whether the server is known to speak it.
  var isPriorKnowledge: Bool { self == .priorKnowledge }

  /// The protocol of connections if that is no question; nil if the server chooses one of `offered`.
  func expectedProtocol(isSecure: Bool, offered: [String]) -> ConnectionPool.WireProtocol? {
    switch self {
    case .off: .http1
    case .priorKnowledge: .http2
    case .negotiated: isSecure && offered.contains("h2") ? nil : .http1
    }
  }
}
#else
extension HTTPClient {
  /// This build has no HTTP/2: see the package trait of that name.
  enum HTTP2Use: Sendable, Hashable { case off }
}

extension HTTPClient.HTTP2Use {
  var applicationProtocols: [String] { ["http/1.1"] }

  var isPriorKnowledge: Bool { false }

  func expectedProtocol(isSecure: Bool, offered: [String]) -> ConnectionPool.WireProtocol? { .http1 }
}

extension HTTPClient.Configuration {
  var http2: HTTPClient.HTTP2Use { .off }
  var http2PriorKnowledgeOrigins: Set<String> { [] }
  var http2ConnectionsPerOrigin: Int { 1 }
}
#endif

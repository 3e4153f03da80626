import HTTPTypes
import SwirlHTTPCore
import SwirlHTTPServer
import SwirlNet

/// What an upstream learns of the client: `X-Forwarded-For`, `-Host` and `-Proto`, and `Forwarded` (RFC 7239).
struct ForwardedFields {
  private let request: HTTPServer.Request
  private let received: HTTPFields

  /// - Parameter received: the fields as they came.
  init(of request: HTTPServer.Request, _ received: HTTPFields) {
    self.request = request
    self.received = received
  }

  /// Replaces the fields of a client; extends those of a trusted proxy. Of such a proxy one kind is believed: it passes
  /// on the other kind as its client has written it.
  func write(to fields: inout HTTPFields) {
    let believed = request.believedFields
    if believed != .xForwarded {
      fields = fields.filter { field in
        let name = field.name.canonicalName
        return !name.hasPrefix("x-forwarded-") && name != "x-real-ip"
      }
    }
    fields[values: .forwarded] = []
    writeXForwarded(to: &fields, extending: believed == .xForwarded)
    let chain = believed == .forwarded ? received[values: .forwarded] : []
    fields[.forwarded] = (chain + [element(isBehindProxy: believed == .xForwarded)]).joined(separator: ", ")
  }

  private func writeXForwarded(to fields: inout HTTPFields, extending: Bool) {
    // Read before Connection could have removed them.
    let chain = extending ? received[values: .xForwardedFor] : []
    let client = extending ? request.peerAddress : request.clientAddress
    let nodes = chain + (client.flatMap(Self.host).map { [$0] } ?? [])
    fields[values: .xForwardedFor] = nodes.isEmpty ? [] : [nodes.joined(separator: ", ")]
    fields[values: .xForwardedProto] = [request.scheme]
    fields[values: .xForwardedHost] = request.externalAuthority.map { [$0] } ?? []
  }

  /// What this proxy says in Forwarded: of its peer, or of the client where it has that from other fields.
  private func element(isBehindProxy: Bool) -> String {
    let believesForwarded = request.believedFields == .forwarded
    let client = isBehindProxy ? request.clientAddress : request.peerAddress
    let host = believesForwarded ? request.authority : request.externalAuthority
    let scheme = believesForwarded ? (request.tls == nil ? "http" : "https") : request.scheme
    var parts: [String] = []
    if let client = client.flatMap(Self.host) {
      parts.append("for=" + (client.utf8.contains(UInt8(ascii: ":")) ? "\"[\(client)]\"" : client))
    } else {
      parts.append("for=unknown")
    }
    // A host of a request has no quote and no backslash.
    if let host { parts.append("host=\"\(host)\"") }
    parts.append("proto=\(scheme)")
    return parts.joined(separator: ";")
  }

  /// The address without port and zone; nil for a Unix socket.
  private static func host(_ address: SocketAddress) -> String? {
    address.family == .unix ? nil : String(address.host.prefix { $0 != "%" })
  }
}

extension HTTPField.Name {
  static let forwarded = Self("Forwarded")!
  static let xForwardedFor = Self("X-Forwarded-For")!
  static let xForwardedProto = Self("X-Forwarded-Proto")!
  static let xForwardedHost = Self("X-Forwarded-Host")!
  static let via = Self("Via")!
  static let host = Self("Host")!
}

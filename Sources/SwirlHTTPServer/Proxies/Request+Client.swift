import HTTPTypes
import SwirlHTTPCore
public import SwirlNet

extension HTTPServer.Request {
  /// The client's address: behind ``HTTPServer/Configuration/trustedProxies`` the one that they report, otherwise
  /// ``peerAddress``. Its port is zero if the proxy does not name it. nil if it is not known: the proxy hides it, or
  /// wrote what is no address.
  ///
  /// Computed on each access. Tornado: `remote_ip` with `xheaders`; aiohttp: `request.remote` with aiohttp-remotes.
  public var clientAddress: SocketAddress? { reportedClient?.address ?? (reportedClient == nil ? peerAddress : nil) }

  /// `https` if the client uses TLS, with this server or with a trusted proxy that says so; otherwise `http`.
  public var scheme: String { reportedClient?.scheme ?? (tls == nil ? "http" : "https") }

  /// The host and port by which the client asks: those that a trusted proxy reports, otherwise ``authority``.
  public var externalAuthority: String? { reportedClient?.authority ?? authority }

  /// The URL as the client sees it, for links and redirects that name a host; nil without a host. Behind a proxy that
  /// is not trusted, and without one, the host is whatever the client wrote.
  public var externalURL: String? {
    externalAuthority.map { "\(scheme)://\($0)\(path)\(query.map { "?\($0)" } ?? "")" }
  }

  private var reportedClient: ReportedClient? {
    guard let proxies = connection.trustedProxies, proxies.contain(peerAddress) else { return nil }
    return switch proxies.fields {
    case .xForwarded: ReportedClient(xForwarded: headers, peerAddress, proxies)
    case .forwarded: ReportedClient(forwarded: headers[values: .forwarded], peerAddress, proxies)
    }
  }
}

/// What trusted proxies say of a request's client.
private struct ReportedClient {
  var address: SocketAddress?
  var scheme: String?
  var authority: String?

  init(xForwarded fields: HTTPFields, _ peer: SocketAddress?, _ proxies: HTTPServer.TrustedProxies) {
    let hops = Self.list(fields[values: .xForwardedFor])
    address = peer
    for hop in hops.reversed() {
      address = Self.address(hop)
      guard let address, proxies.contain(address) else { break }
    }
    scheme = Self.scheme(Self.list(fields[values: .xForwardedProto]).last)
    authority = Self.authority(Self.list(fields[values: .xForwardedHost]).last)
  }

  init(forwarded values: [String], _ peer: SocketAddress?, _ proxies: HTTPServer.TrustedProxies) {
    address = peer
    for value in values.reversed() {
      guard let elements = ForwardedElement.parse(value) else {
        address = nil
        return
      }
      for element in elements.reversed() {
        address = element.parameters["for"].flatMap(Self.address)
        scheme = Self.scheme(element.parameters["proto"]) ?? scheme
        authority = Self.authority(element.parameters["host"]) ?? authority
        guard let address, proxies.contain(address) else { return }
      }
    }
  }

  private static func list(_ values: [String]) -> [String] {
    // By bytes: a mark behind a comma would make another character of it.
    values.flatMap { $0.utf8.split { $0 == UInt8(ascii: ",") || $0.isBlank } }.map { String(Substring($0)) }
  }

  private static func address(_ text: String) -> SocketAddress? {
    guard let node = ForwardedNode(text), !node.host.contains("%") else { return nil }
    return SocketAddress(ip: node.host, port: node.port)?.unmapped
  }

  private static func scheme(_ text: String?) -> String? {
    let text = text?.lowercased()
    return text == "http" || text == "https" ? text : nil
  }

  private static func authority(_ text: String?) -> String? {
    text.flatMap { Host.isValid($0) ? $0 : nil }
  }
}

extension HTTPField.Name {
  fileprivate static let forwarded = HTTPField.Name("Forwarded")!
  fileprivate static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
  fileprivate static let xForwardedProto = HTTPField.Name("X-Forwarded-Proto")!
  fileprivate static let xForwardedHost = HTTPField.Name("X-Forwarded-Host")!
}

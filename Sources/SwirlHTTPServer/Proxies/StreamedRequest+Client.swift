public import SwirlNet

extension HTTPServer.StreamedRequest {
  /// The client's address: see ``HTTPServer/Request/clientAddress``.
  public var clientAddress: SocketAddress? { request.clientAddress }

  /// `https` if the client uses TLS, with this server or with a trusted proxy that says so; otherwise `http`.
  public var scheme: String { request.scheme }

  /// The host and port by which the client asks: see ``HTTPServer/Request/externalAuthority``.
  public var externalAuthority: String? { request.externalAuthority }

  /// The URL as the client sees it: see ``HTTPServer/Request/externalURL``.
  public var externalURL: String? { request.externalURL }
}

extension HTTPServer.Request {
  /// Which fields about the client are believed, as a trusted proxy has sent them; nil for no field.
  package var believedFields: HTTPServer.TrustedProxies.Fields? {
    guard let proxies = connection.trustedProxies, proxies.contain(peerAddress) else { return nil }
    return proxies.fields
  }
}

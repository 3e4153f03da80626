import SwirlNet
import SwirlTLS

/// Where to connect to, by an endpoint.
enum ConnectingPlace {
  case tcp(host: String, port: Int, timeout: Duration, SocketOptions, TLSConfiguration?)
  case unix(path: String, timeout: Duration)

  private static let defaultTimeout = Duration.seconds(30)

  /// - Throws: ``EndpointError``, or the error of a registered kind.
  init(_ text: String) throws {
    let endpoint = try EndpointKinds.resolve(Endpoint(text))
    var reader = EndpointReader(endpoint)
    switch endpoint.kind.text {
    case "tcp", "tls":
      let isSecured = endpoint.kind.text == "tls"
      let advice = isSecured ? "tls:example.com:443" : "tcp:127.0.0.1:8080"
      let host = try reader.argument("host", advice: advice)
      let port = try reader.port(from: 1, advice: advice)
      let timeout = try reader.seconds("timeout") ?? Self.defaultTimeout
      var options = try reader.socketOptions()
      options.sourceAddress = try reader.source()
      let tls = isSecured ? try reader.clientTLS() : nil
      try reader.finish()
      self = .tcp(host: host.text, port: port, timeout: timeout, options, tls)
    case "unix":
      let path = try reader.argument("path", advice: "unix:/run/site.sock")
      let timeout = try reader.seconds("timeout") ?? Self.defaultTimeout
      try reader.finish()
      self = .unix(path: path.text, timeout: timeout)
    default:
      throw EndpointError(
        endpoint, at: endpoint.kind, "\(endpoint.kind.text) does not connect",
        advice: endpoint.kind.text == "udp" ? "connectUDP(to:) takes it" : "it is for listening")
    }
  }
}

import SwirlNet
import SwirlTLS

extension EndpointReader {
  /// The options of TCP sockets, of both ends.
  mutating func socketOptions() throws(EndpointError) -> SocketOptions {
    var options = SocketOptions()
    if let idle = try seconds("keepAlive") { options.keepAlive = SocketOptions.KeepAlive(idle: idle) }
    options.userTimeout = try seconds("userTimeout")
    return options
  }

  /// The local address to connect or send from.
  mutating func source() throws(EndpointError) -> SocketAddress? {
    guard let part = try value("from") else { return nil }
    guard let address = SocketAddress(ip: part.text, port: 0) else {
      throw error(part, "\"\(part.text)\" is not an address such as 192.0.2.1 or [2001:db8::1]")
    }
    return address
  }

  /// What a server of TLS is made from; nil without a certificate.
  mutating func serverTLS(isRequired: Bool) throws(EndpointError) -> TLSConfiguration? {
    let certificates = values("certificate")
    let keys = values("key")
    let clientRoots = try text("clientRoots")
    let minimum = try minimumVersion()
    let protocols = try applicationProtocols()
    guard let first = certificates.first else {
      if isRequired { throw error(nil, "the certificate is missing", advice: "certificate=PATH, and key=PATH") }
      guard keys.isEmpty, clientRoots == nil, minimum == nil, protocols == nil else {
        throw error(keys.first, "options of TLS without a certificate", advice: "certificate=PATH, and key=PATH")
      }
      return nil
    }
    if keys.count > certificates.count || (keys.count != certificates.count && !keys.isEmpty) {
      throw error(
        keys.last, "there are \(certificates.count) certificates and \(keys.count) keys",
        advice: "each has its key, or all files have both")
    }
    let identities = certificates.enumerated().map { index, certificate in
      TLSConfiguration.Identity(
        chain: .file(certificate.text), privateKey: keys.isEmpty ? nil : .file(keys[index].text))
    }
    if first.text.isEmpty { throw error(first, "the option certificate is empty") }
    var tls = TLSConfiguration.server(identities[0])
    tls.hostIdentities = Array(identities.dropFirst())
    if let clientRoots {
      tls.roots = [.file(clientRoots)]
      tls.requiresClientCertificate = true
    }
    if let minimum { tls.minimumVersion = minimum }
    if let protocols { tls.applicationProtocols = protocols }
    return tls
  }

  /// What a client of TLS is made from.
  mutating func clientTLS() throws(EndpointError) -> TLSConfiguration {
    var tls = TLSConfiguration()
    if let roots = try text("roots") { tls.roots = [.file(roots)] }
    let certificate = try text("certificate")
    let key = try text("key")
    if let certificate {
      tls.identity = TLSConfiguration.Identity(chain: .file(certificate), privateKey: key.map { .file($0) })
    } else if key != nil {
      throw error(nil, "the certificate of the key is missing", advice: "certificate=PATH")
    }
    if let minimum = try minimumVersion() { tls.minimumVersion = minimum }
    if let protocols = try applicationProtocols() { tls.applicationProtocols = protocols }
    return tls
  }

  private mutating func minimumVersion() throws(EndpointError) -> TLSConfiguration.Version? {
    guard let part = try value("minimum") else { return nil }
    switch part.text {
    case "1.2": return .tls12
    case "1.3": return .tls13
    default: throw error(part, "minimum is 1.2 or 1.3")
    }
  }

  private mutating func applicationProtocols() throws(EndpointError) -> [String]? {
    try text("alpn")?.split(separator: ",").map(String.init)
  }
}

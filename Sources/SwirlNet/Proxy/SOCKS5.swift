/// Opens a connection through a SOCKS5 proxy (RFC 1928), with a name and password if the proxy requires them (RFC
/// 1929). The proxy resolves the peer's name.
package final class SOCKS5Negotiation: TunnelNegotiation {
  private enum Step {
    case method, authentication, connection
  }
  private let proxy: String
  private let host: String
  private let port: UInt16
  private let credentials: (user: String, password: String)?
  private var step = Step.method
  private var input: [UInt8] = []

  package init(
    proxy: String, host: String, port: UInt16, credentials: (user: String, password: String)?
  ) {
    self.proxy = proxy
    self.host = host
    self.port = port
    self.credentials = credentials
  }

  package func begin() -> [UInt8] { credentials == nil ? [5, 1, 0] : [5, 2, 0, 2] }

  package func received(_ bytes: Span<UInt8>) throws(NetError) -> TunnelProgress {
    for index in bytes.indices { input.append(bytes[index]) }
    switch step {
    case .method: return try chooseMethod()
    case .authentication: return try authenticated()
    case .connection: return try connected()
    }
  }

  private func error(_ reason: String) -> NetError { NetError(.proxy, proxy, reason: reason) }

  private func chooseMethod() throws(NetError) -> TunnelProgress {
    guard input.count >= 2 else { return try expectVersion(5) }
    let answer = try take(2, version: 5)
    switch answer[1] {
    case 0: return .send(try connect())
    case 2:
      guard let credentials else { throw error("it wants a name and password that it was not offered") }
      let user = Array(credentials.user.utf8)
      let password = Array(credentials.password.utf8)
      guard (1...255).contains(user.count), (1...255).contains(password.count) else {
        throw error("a name and a password for SOCKS have 1 to 255 bytes")
      }
      step = .authentication
      return .send([1, UInt8(user.count)] + user + [UInt8(password.count)] + password)
    case 0xFF:
      throw error(credentials == nil ? "it wants a name and password: give them" : "it takes no name and password")
    default: throw error("it wants a way of authentication that was not offered (\(answer[1]))")
    }
  }

  private func authenticated() throws(NetError) -> TunnelProgress {
    guard input.count >= 2 else { return try expectVersion(1) }
    guard try take(2, version: 1)[1] == 0 else { throw error("it refused the name and password") }
    return .send(try connect())
  }

  private func connect() throws(NetError) -> [UInt8] {
    step = .connection
    var request: [UInt8] = [5, 1, 0]
    if let address = SocketAddress(ip: host, port: 0), let bytes = address.ipBytes {
      request += [bytes.count == 4 ? 1 : 4] + bytes
    } else {
      let name = Array(host.utf8)
      guard (1...255).contains(name.count) else { throw error("the name \(host) is too long for SOCKS") }
      request += [3, UInt8(name.count)] + name
    }
    return request + [UInt8(port >> 8), UInt8(port & 0xFF)]
  }

  private func connected() throws(NetError) -> TunnelProgress {
    guard input.count >= 5 else { return try expectVersion(5) }
    let length: Int
    switch input[3] {
    case 1: length = 10
    case 4: length = 22
    case 3: length = 7 + Int(input[4])
    default: throw error("it does not speak SOCKS5: an address of the kind \(input[3])")
    }
    guard input[0] == 5 else { throw error("it does not speak SOCKS5") }
    guard input[1] == 0 else { throw error("\(host):\(port): \(Self.reason(input[1]))") }
    guard input.count >= length else { return .needMore }
    guard input.count == length else { throw error("it sent something before it was asked for it") }
    return .done
  }

  /// Removes that many bytes from the front. The proxy must not have sent more.
  private func take(_ count: Int, version: UInt8) throws(NetError) -> [UInt8] {
    guard input[0] == version, input.count == count else { throw error("it does not speak SOCKS5") }
    defer { input = [] }
    return input
  }

  private func expectVersion(_ version: UInt8) throws(NetError) -> TunnelProgress {
    if let first = input.first, first != version { throw error("it does not speak SOCKS5") }
    return .needMore
  }

  /// RFC 1928 §6.
  private static func reason(_ code: UInt8) -> String {
    switch code {
    case 1: "it failed"
    case 2: "its rules do not allow the connection"
    case 3: "the network is unreachable from there"
    case 4: "the host is unreachable from there, or has no such name"
    case 5: "connection refused"
    case 6: "the packets live too short"
    case 7: "it does not know how to connect"
    case 8: "it does not know the kind of address"
    default: "it answered \(code)"
    }
  }
}

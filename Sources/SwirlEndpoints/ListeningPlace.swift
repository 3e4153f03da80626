package import SwirlNet
package import SwirlTLS

/// Where to listen, by an endpoint.
package enum ListeningPlace {
  case tcp(port: Int, interface: String, backlog: Int32, SocketOptions, TLSConfiguration?)
  case unix(path: String, backlog: Int32)
  case inherited(ListeningSocket, TLSConfiguration?)

  /// - Throws: ``EndpointError``, the error of a registered kind, or that of an inherited socket.
  package init(_ text: String) throws {
    let endpoint = try EndpointKinds.resolve(Endpoint(text))
    var reader = EndpointReader(endpoint)
    switch endpoint.kind.text {
    case "tcp", "tls": self = try Self.tcp(&reader, isSecured: endpoint.kind.text == "tls")
    case "unix":
      let path = try reader.argument("path", advice: "unix:/run/site.sock")
      self = .unix(path: path.text, backlog: try reader.backlog())
      try reader.finish()
    case "fd": self = try Self.descriptor(&reader)
    case "systemd": self = try Self.systemd(&reader)
    default:
      throw EndpointError(
        endpoint, at: endpoint.kind, "\(endpoint.kind.text) does not listen for connections",
        advice: endpoint.kind.text == "udp" ? "listenUDP(at:) takes it" : nil)
    }
  }

  private static func tcp(_ reader: inout EndpointReader, isSecured: Bool) throws(EndpointError) -> ListeningPlace {
    let advice = isSecured ? "tls:443:certificate=PATH:key=PATH" : "tcp:8080 or tcp:0.0.0.0:8080"
    let (port, interface) = try reader.portAndInterface(advice: advice)
    let backlog = try reader.backlog()
    var options = try reader.socketOptions()
    options.reusesPort = try reader.flag("reusePort")
    let tls = isSecured ? try reader.serverTLS(isRequired: true) : nil
    try reader.finish()
    return .tcp(port: port, interface: interface, backlog: backlog, options, tls)
  }

  private static func descriptor(_ reader: inout EndpointReader) throws -> ListeningPlace {
    let part = try reader.argument("number", advice: "fd:3")
    guard let number = Int32(part.text), number >= 0 else {
      throw reader.error(part, "the descriptor \"\(part.text)\" is not a number")
    }
    let tls = try reader.serverTLS(isRequired: false)
    try reader.finish()
    return .inherited(try ListeningSocket(descriptor: number), tls)
  }

  private static func systemd(_ reader: inout EndpointReader) throws -> ListeningPlace {
    let part = try reader.argument("name", advice: "systemd:NAME, as its FileDescriptorName says, or systemd:0")
    let tls = try reader.serverTLS(isRequired: false)
    try reader.finish()
    guard let socket = try InheritedSockets.socket(part.text) else {
      let names = try InheritedSockets.names
      throw reader.error(
        part, "this process inherited no socket \"\(part.text)\"",
        advice: names.isEmpty ? "it was started with none (LISTEN_FDS)" : "there are \(names.joined(separator: ", "))")
    }
    return .inherited(socket, tls)
  }
}

extension EndpointReader {
  /// `PORT` or `HOST:PORT`, and the option `interface`: with nothing behind it that is every address.
  mutating func portAndInterface(advice: String) throws(EndpointError) -> (port: Int, interface: String) {
    let host = argumentCount > 1 ? try argument("host", advice: advice) : nil
    let port = try port(from: 0, advice: advice)
    let interface = try value("interface")
    if let host, let interface { throw error(interface, "the host is there twice: \(host.text)") }
    return (port, host?.text ?? interface?.text ?? "127.0.0.1")
  }

  mutating func backlog() throws(EndpointError) -> Int32 { Int32(try number("backlog", 1...1_000_000) ?? 4096) }
}

public import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension Reactor {
  /// Receives the datagrams of an endpoint, such as `udp:53`, `udp:0.0.0.0:1900:group=239.255.255.250`.
  ///
  /// - Parameters:
  ///   - endpoint: the string of an ``Endpoint`` of the kind `udp`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - handler: called on the reactor's thread with each datagram, and the socket to answer by.
  /// - Returns: the socket, which the reactor retains until it is closed.
  /// - Throws: ``EndpointError`` for a string that is wrong, `NetError` with the code `.listen`.
  @discardableResult
  public func listenUDP(
    at endpoint: String, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (_ datagram: Datagram, _ socket: DatagramSocket) -> Void
  ) throws -> DatagramSocket {
    let (port, interface, options, groups) = try DatagramPlace.listening(endpoint)
    let socket = try listenUDP(port, interface: interface, options: options, file: file, line: line, handler)
    do { for group in groups { try socket.join(group) } } catch {
      socket.close()
      throw error
    }
    return socket
  }

  /// Makes a UDP socket that is connected to an endpoint, such as `udp:127.0.0.1:8125`.
  ///
  /// Fails with an ``EndpointError`` for a string that is wrong, otherwise as `connectUDP` does.
  public func connectUDP(
    to endpoint: String, file: StaticString = #fileID, line: UInt = #line,
    _ handler: ((_ datagram: Datagram, _ socket: DatagramSocket) -> Void)? = nil
  ) -> Deferred<DatagramSocket> {
    do {
      let (host, port, source, options) = try DatagramPlace.connecting(endpoint)
      return connectUDP(host, port, from: source, options: options, file: file, line: line, handler)
    } catch { return .fail(error) }
  }
}

/// What an endpoint of the kind `udp` says.
private enum DatagramPlace {
  static func listening(
    _ text: String
  ) throws -> (port: Int, interface: String, options: DatagramOptions, groups: [String]) {
    var reader = try reader(text)
    let (port, interface) = try reader.portAndInterface(advice: "udp:53 or udp:0.0.0.0:53")
    var options = DatagramOptions()
    options.allowsBroadcast = try reader.flag("broadcast")
    options.reusesPort = try reader.flag("reusePort")
    options.reusesAddress = try reader.flag("reuseAddress")
    let groups = reader.values("group")
    for group in groups where SocketAddress(ip: group.text, port: 0) == nil {
      throw reader.error(group, "\"\(group.text)\" is not the address of a group, such as 239.255.255.250")
    }
    try reader.finish()
    return (port, interface, options, groups.map(\.text))
  }

  static func connecting(
    _ text: String
  ) throws -> (host: String, port: Int, source: SocketAddress?, options: DatagramOptions) {
    var reader = try reader(text)
    let host = try reader.argument("host", advice: "udp:127.0.0.1:8125")
    let port = try reader.port(from: 1, advice: "udp:127.0.0.1:8125")
    let source = try reader.source()
    var options = DatagramOptions()
    options.allowsBroadcast = try reader.flag("broadcast")
    try reader.finish()
    return (host.text, port, source, options)
  }

  private static func reader(_ text: String) throws -> EndpointReader {
    let endpoint = try EndpointKinds.resolve(Endpoint(text))
    guard endpoint.kind.text == "udp" else {
      throw EndpointError(
        endpoint, at: endpoint.kind, "\(endpoint.kind.text) has no datagrams", advice: "udp:HOST:PORT")
    }
    return EndpointReader(endpoint)
  }
}

public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

extension Reactor {
  /// Receives the datagrams that are sent to a UDP port.
  ///
  /// ```swift
  /// try reactor.listenUDP(9999) { datagram, socket in socket.reply(to: datagram, datagram.bytes) }
  /// ```
  ///
  /// By default only programs on this machine can send here; access from elsewhere must be explicit. Twisted:
  /// `listenUDP`; asyncio: `create_datagram_endpoint`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see ``DatagramSocket/localAddress``.
  ///   - interface: the address to receive at; `""` is every address of this machine, IPv6 and IPv4 if available;
  ///     `"0.0.0.0"` and `"::"` are those of one family.
  ///   - options: the options of the socket.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - handler: called on the reactor's thread with each datagram, and the socket to answer by.
  /// - Returns: the socket, which the reactor retains until it is closed.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func listenUDP(
    _ port: Int, interface: String = "127.0.0.1", options: DatagramOptions = DatagramOptions(),
    file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (_ datagram: Datagram, _ socket: DatagramSocket) -> Void
  ) throws -> DatagramSocket {
    let socket = try bindUDP(port, interface, options, at: CallSite(file: file, line: line))
    socket.start(handler)
    return socket
  }

  /// Receives the datagrams that are sent to a UDP port, by a protocol: nothing is allocated for them. See above.
  @discardableResult
  public func listenUDP(
    _ port: Int, interface: String = "127.0.0.1", options: DatagramOptions = DatagramOptions(),
    file: StaticString = #fileID, line: UInt = #line,
    _ datagramProtocol: some DatagramProtocol
  ) throws -> DatagramSocket {
    let socket = try bindUDP(port, interface, options, at: CallSite(file: file, line: line))
    socket.start(datagramProtocol)
    return socket
  }

  /// Makes a UDP socket that is connected to one peer: it gets datagrams and errors from there alone.
  ///
  /// ```swift
  /// reactor.connectUDP("127.0.0.1", 8125).addCallback { socket in socket.send("requests:1|c") }
  /// ```
  ///
  /// The Deferred fires when the name is looked up; nothing is sent for that, and no peer has to be there. Of its
  /// addresses the first counts that this machine can send to, from `localAddress` if that is given; `localhost` is
  /// 127.0.0.1 first, as for listening. Fails with a ``NetError`` with the code `.resolve` or `.connect`. Twisted:
  /// `connect` of a transport; asyncio: `create_datagram_endpoint` with `remote_addr`.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - localAddress: the address to send from, with port zero for any port; nil for the system's choice.
  ///   - options: the options of the socket.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - handler: called on the reactor's thread with each datagram; nil for ``DatagramSocket/receive()``.
  public func connectUDP(
    _ host: String, _ port: Int, from localAddress: SocketAddress? = nil, options: DatagramOptions = DatagramOptions(),
    file: StaticString = #fileID, line: UInt = #line,
    _ handler: ((_ datagram: Datagram, _ socket: DatagramSocket) -> Void)? = nil
  ) -> Deferred<DatagramSocket> {
    let site = CallSite(file: file, line: line)
    return resolver.resolve(host, port: port).addCallback { [unowned self] addresses in
      guard port != 0 else {
        throw NetError(.connect, "\(host):0", reason: "a port to send to is a number from 1 to 65535")
      }
      let socket = try openDatagrams(toOneOf: addresses, host, from: localAddress, options, at: site)
      if let handler { socket.start(handler) }
      return socket
    }
  }

  /// No answer tells whether a peer is there, so no other address is tried later.
  private func openDatagrams(
    toOneOf addresses: [SocketAddress], _ host: String, from source: SocketAddress?, _ options: DatagramOptions,
    at site: CallSite
  ) throws(NetError) -> DatagramSocket {
    var usable = source.map { source in addresses.filter { $0.family == source.family } } ?? addresses
    if usable.isEmpty { usable = addresses }
    if host == "localhost" { usable = usable.filter { $0.family == .ipv4 } + usable.filter { $0.family != .ipv4 } }
    for address in usable.dropLast() {
      // The system has no route there, perhaps no IPv6 at all.
      if let socket = try? openDatagrams(to: address, from: source, options, at: site) { return socket }
    }
    return try openDatagrams(to: usable[usable.count - 1], from: source, options, at: site)
  }

  /// Receives the datagrams that are sent to a Unix socket at `path`.
  ///
  /// This creates the file, and closing the socket removes it; one that no process has open any more is replaced. A
  /// path that begins with NUL is in Linux's abstract namespace. Twisted: `listenUNIXDatagram`.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func listenUnixDatagrams(
    _ path: String, options: DatagramOptions = DatagramOptions(), file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (_ datagram: Datagram, _ socket: DatagramSocket) -> Void
  ) throws -> DatagramSocket {
    let socket = try openDatagrams(at: unixAddress(path), path, options, at: CallSite(file: file, line: line))
    socket.start(handler)
    return socket
  }

  /// Makes a Unix socket that is connected to the one at `path`, with a name of its own in Linux's abstract namespace,
  /// so that it can be answered. Twisted: `connectUNIXDatagram`.
  /// - Throws: ``NetError`` with the code `.connect`.
  public func connectUnixDatagrams(
    _ path: String, options: DatagramOptions = DatagramOptions(), file: StaticString = #fileID, line: UInt = #line,
    _ handler: ((_ datagram: Datagram, _ socket: DatagramSocket) -> Void)? = nil
  ) throws -> DatagramSocket {
    let address = try unixAddress(path)
    let socket = try openDatagrams(to: address, from: nil, options, at: CallSite(file: file, line: line))
    if let handler { socket.start(handler) }
    return socket
  }

  private func unixAddress(_ path: String) throws(NetError) -> SocketAddress {
    guard let address = SocketAddress(unixPath: path) else {
      throw NetError(.listen, path.debugDescription, reason: Self.badUnixPath)
    }
    return address
  }

  func bindUDP(
    _ port: Int, _ interface: String, _ options: DatagramOptions, at site: CallSite
  ) throws(NetError) -> DatagramSocket {
    let name = try Self.placeName(interface, port)
    if interface.isEmpty, simulatedNetwork == nil {
      var both = options
      both.isIPv6Only = false
      do {
        return try openDatagrams(at: SocketAddress(ip: "::", port: port)!, name, both, at: site)
      } catch {
        // The system has no IPv6: fall back to IPv4.
        guard error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL else { throw error }
      }
    }
    let host = interface.isEmpty ? "0.0.0.0" : interface == "localhost" ? "127.0.0.1" : interface
    return try openDatagrams(at: placeAddress(host, port, name), name, options, at: site)
  }
}

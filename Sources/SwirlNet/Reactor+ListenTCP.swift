package import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

extension Reactor {
  /// Listens on a TCP port and gives each accepted connection its own protocol.
  ///
  /// By default only programs on this machine can connect; access from elsewhere must be explicit. Twisted's default is
  /// `""`, all addresses. Small writes are sent at once (`TCP_NODELAY`). Twisted: `listenTCP`; asyncio:
  /// `create_server`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see ``Listener/localAddress``.
  ///   - interface: the address to listen on; `""` is every address of this machine, IPv6 and IPv4 if available;
  ///     `"0.0.0.0"` and `"::"` are those of one family. `"localhost"` is 127.0.0.1.
  ///   - backlog: the length of the accept queue; the kernel reduces it to its own limit (`somaxconn`).
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: called on the reactor's thread with the peer's address, before `connectionMade` of its result.
  ///     If it returns nil, the connection is closed.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func listenTCP(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    try listenTCP(
      port, interface: interface, backlog: backlog, options: options, security: nil,
      at: CallSite(file: file, line: line),
      makeProtocol)
  }

  /// Listens on a TCP port, with TLS if `provider` is not nil.
  package func listenTCP(
    _ port: Int, interface: String, backlog: Int32, options: SocketOptions = SocketOptions(),
    security provider: (any SecurityProvider)?, at site: CallSite,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws(NetError) -> Listener {
    let name = try Self.placeName(interface, port)
    if interface.isEmpty {
      do {
        return try listen(at: "::", port, name, isDualStack: true, backlog, options, provider, site, makeProtocol)
      } catch {
        // The system has no IPv6: fall back to IPv4.
        guard error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL else { throw error }
        return try listen(at: "0.0.0.0", port, name, isDualStack: false, backlog, options, provider, site, makeProtocol)
      }
    }
    return try listen(
      at: interface == "localhost" ? "127.0.0.1" : interface, port, name, isDualStack: false, backlog, options,
      provider, site, makeProtocol)
  }

  private func listen(
    at host: String, _ port: Int, _ name: String, isDualStack: Bool, _ backlog: Int32, _ options: SocketOptions,
    _ provider: (any SecurityProvider)?, _ site: CallSite,
    _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?
  ) throws(NetError) -> Listener {
    let address = try placeAddress(host, port, name)
    return try listen(at: address, name, backlog, provider, site, makeProtocol) {
      descriptor throws(SocketOptionError) in
      if options.isFirstOnPort { try Self.checkIsUnused(address, options, isDualStack: isDualStack) }
      try options.applyToListener(descriptor, address.family, isDualStack: isDualStack)
    }
  }

  /// Fails if anything listens at `address`: with SO_REUSEPORT a second program of the user could listen there, too,
  /// and silently get a part of the connections.
  private static func checkIsUnused(
    _ address: SocketAddress, _ options: SocketOptions, isDualStack: Bool
  ) throws(SocketOptionError) {
    let descriptor = Socket.stream(address.domain)
    defer { if descriptor >= 0 { Socket.close(descriptor) } }
    var alone = options
    alone.reusesPort = false
    try alone.applyToListener(descriptor, address.family, isDualStack: isDualStack)
    if Socket.bind(descriptor, to: address) != 0 { throw SocketOptionError(errno: errno, reason: nil) }
  }

  /// Makes a socket, lets `prepare` set its options, and listens.
  func listen(
    at address: SocketAddress, _ name: String, _ backlog: Int32, _ provider: (any SecurityProvider)?,
    _ site: CallSite, _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?,
    prepare: (Int32) throws(SocketOptionError) -> Void
  ) throws(NetError) -> Listener {
    let security = try provider.map { provider throws(NetError) in try provider.serverContext(on: self) }
    if let simulatedNetwork {
      let socket = StreamSocket(try simulatedNetwork.listen(at: address, backlog: Int(backlog)))
      return try start(socket, at: address, security, provider, site, makeProtocol)
    }
    let descriptor = Socket.stream(address.domain)
    guard descriptor >= 0 else { throw NetError(.listen, name, errno: errno) }
    do { try prepare(descriptor) } catch {
      Socket.close(descriptor)
      throw NetError(.listen, name, errno: error.errno, reason: error.reason)
    }
    guard Socket.bind(descriptor, to: address) == 0, Socket.listen(descriptor, backlog) == 0 else {
      let error = NetError(.listen, name, errno: errno)
      Socket.close(descriptor)
      throw error
    }
    return try start(StreamSocket(descriptor), at: address, security, provider, site, makeProtocol)
  }

  /// Starts a listener with a listening socket.
  func start(
    _ socket: StreamSocket, at address: SocketAddress, _ security: (any SecurityContext)?,
    _ provider: (any SecurityProvider)?, ownsFile: Bool = true, _ site: CallSite,
    _ makeProtocol: @escaping (SocketAddress?) -> (any StreamProtocol)?
  ) throws(NetError) -> Listener {
    let listener = Listener(
      socket, at: socket.localAddress ?? address, security: security, provider: provider, ownsFile: ownsFile, on: self,
      at: site, makeProtocol)
    try listener.start()
    return listener
  }
}

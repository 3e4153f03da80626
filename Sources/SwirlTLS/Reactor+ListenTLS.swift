import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension Reactor {
  /// Listens on a TCP port, and gives each accepted connection its own protocol after the TLS handshake.
  ///
  /// Like `listenTCP` without `tls`: by default only programs on this machine can connect. A connection whose handshake
  /// fails is closed, and logged at the level `debug`. Twisted: `listenSSL`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see the listener's `localAddress`.
  ///   - interface: the address to listen on; `""` is every address of this machine.
  ///   - backlog: the length of the kernel's accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - tls: the TLS configuration; nil for no TLS.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: called on the reactor's thread with the peer's address, before `connectionMade` of its result.
  ///     If it returns nil, the connection is closed.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func listenTCP(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    try listenTCP(
      port, interface: interface, backlog: backlog, options: options, security: tls,
      at: CallSite(file: file, line: line),
      makeProtocol)
  }

  /// Listens on a TCP port, and gives the accepted connections to async code after the TLS handshake.
  ///
  /// Like `listenTCP` without `tls`. asyncio: `start_server(ssl=)`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see the listener's `localAddress`.
  ///   - interface: the address to listen on; `""` is every address of this machine.
  ///   - backlog: the length of the kernel's accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - tls: the TLS configuration; nil for no TLS.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Returns: the listener, which stops when its connections have no reader any more.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  public func listenTCP(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line
  ) throws -> ConnectionListener {
    let site = CallSite(file: file, line: line)
    return try ConnectionListener(on: self) {
      try listenTCP(port, interface: interface, backlog: backlog, options: options, security: tls, at: site, $0)
    }
  }

  /// Listens on a TCP port, and runs `handle` for each connection after the TLS handshake, as a task on the reactor's
  /// thread.
  ///
  /// Like `startServer` without `tls`. asyncio: `start_server(ssl=)`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see the listener's `localAddress`.
  ///   - interface: the address to listen on; `""` is every address of this machine.
  ///   - backlog: the length of the kernel's accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - tls: the TLS configuration; nil for no TLS.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - handle: handles a connection.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func startServer(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line,
    _ handle: @escaping @Sendable (Connection) async throws -> Void
  ) throws -> Listener {
    try startServer(
      port, interface: interface, backlog: backlog, options: options, security: tls,
      at: CallSite(file: file, line: line),
      handle)
  }
}

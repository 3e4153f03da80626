public import SwirlReactor

extension Reactor {
  /// Listens on a TCP port and gives the accepted connections to async code.
  ///
  /// ```swift
  /// let server = try reactor.listenTCP(8080)
  /// for try await connection in server.connections { … }
  /// ```
  ///
  /// Like ``listenTCP(_:interface:backlog:options:file:line:_:)``: by default only programs on this machine can
  /// connect. asyncio: `start_server`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see ``ConnectionListener/localAddress``.
  ///   - interface: the address to listen on; `""` is every address of this machine.
  ///   - backlog: the length of the kernel's accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Returns: the listener, which stops when its connections have no reader any more.
  /// - Throws: ``NetError`` with the code `.listen`.
  public func listenTCP(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> ConnectionListener {
    try ConnectionListener(on: self) {
      try listenTCP(port, interface: interface, backlog: backlog, options: options, file: file, line: line, $0)
    }
  }

  /// Listens on a Unix socket at `path`, as ``listenUnix(_:backlog:file:line:_:)`` does, and gives the accepted
  /// connections to async code. asyncio: `start_unix_server`.
  /// - Throws: ``NetError`` with the code `.listen`.
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, file: StaticString = #fileID, line: UInt = #line
  ) throws -> ConnectionListener {
    try ConnectionListener(on: self) { try listenUnix(path, backlog: backlog, file: file, line: line, $0) }
  }
}

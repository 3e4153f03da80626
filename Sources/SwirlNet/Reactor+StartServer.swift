package import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Listens on a TCP port and runs `handle` for each connection, as a task on the reactor's thread.
  ///
  /// ```swift
  /// let server = try reactor.startServer(7) { connection in
  ///   for try await bytes in connection.inbound { try await connection.write(bytes) }
  /// }
  /// ```
  ///
  /// When `handle` returns or throws, the connection closes once all bytes are sent. Errors are logged, except
  /// ``NetError``s, which the peer causes. By default only programs on this machine can connect. asyncio:
  /// `start_server`.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see the listener's `localAddress`.
  ///   - interface: the address to listen on; `""` is every address of this machine.
  ///   - backlog: the length of the kernel's accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  ///   - handle: handles a connection.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func startServer(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    file: StaticString = #fileID, line: UInt = #line, _ handle: @escaping @Sendable (Connection) async throws -> Void
  ) throws -> Listener {
    try startServer(
      port, interface: interface, backlog: backlog, options: options, security: nil,
      at: CallSite(file: file, line: line),
      handle)
  }

  /// Listens on a TCP port, with TLS if `provider` is not nil, and runs `handle` for each connection.
  package func startServer(
    _ port: Int, interface: String, backlog: Int32, options: SocketOptions, security provider: (any SecurityProvider)?,
    at site: CallSite,
    _ handle: @escaping @Sendable (Connection) async throws -> Void
  ) throws(NetError) -> Listener {
    try listenTCP(port, interface: interface, backlog: backlog, options: options, security: provider, at: site) { _ in
      HandledConnection { connection, remote in
        Task(executorPreference: remote) {
          do { try await handle(connection) } catch is NetError {} catch {
            remote.callFromThread(file: site.file, line: site.line) { throw error }
          }
          connection.close()
        }
      }
    }
  }
}

/// Passes on its connection once it is established.
private final class HandledConnection: StreamProtocol {
  private let begin: (Connection, RemoteReactor) -> Void

  init(_ begin: @escaping (Connection, RemoteReactor) -> Void) { self.begin = begin }

  func connectionMade(_ transport: any Transport) { begin(Connection(transport), transport.reactor.remote) }
  func dataReceived(_ bytes: Span<UInt8>) {}
}

package import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Listens on a socket that was inherited or passed, and gives each accepted connection its own protocol.
  ///
  /// It takes over the socket, which a second listener cannot use. The file of a Unix socket from systemd stays when
  /// the listener stops. Twisted: `adoptStreamPort`; asyncio: `create_server(sock=)`.
  ///
  /// - Parameters:
  ///   - socket: the socket.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: called on the reactor's thread with the peer's address, before `connectionMade` of its result.
  ///     If it returns nil, the connection is closed.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func listen(
    inherited socket: ListeningSocket, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    try listen(inherited: socket, security: nil, at: CallSite(file: file, line: line), makeProtocol)
  }

  /// Listens on an inherited socket, with TLS if `provider` is not nil.
  package func listen(
    inherited socket: ListeningSocket, security provider: (any SecurityProvider)?, at site: CallSite,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws(NetError) -> Listener {
    let security = try provider.map { provider throws(NetError) in try provider.serverContext(on: self) }
    let descriptor = try socket.take()
    if socket.localAddress.family != .unix { Socket.setNoDelay(descriptor) }
    return try start(
      StreamSocket(descriptor), at: socket.localAddress, security, provider, ownsFile: socket.ownsFile, site,
      makeProtocol)
  }
}

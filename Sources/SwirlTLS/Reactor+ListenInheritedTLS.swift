import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension Reactor {
  /// Listens on a socket that was inherited or passed, and gives each accepted connection its own protocol after the
  /// TLS handshake.
  ///
  /// - Parameters:
  ///   - socket: the socket.
  ///   - tls: the TLS configuration; nil for no TLS.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: called on the reactor's thread with the peer's address, before `connectionMade` of its result.
  ///     If it returns nil, the connection is closed.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func listen(
    inherited socket: ListeningSocket, tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    try listen(inherited: socket, security: tls, at: CallSite(file: file, line: line), makeProtocol)
  }
}

public import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension Reactor {
  /// Connects to `host`, a name or an address, over TLS, and passes the connection to a protocol.
  ///
  /// Like `connectTCP` without `tls`: `connectionMade` is called after the handshake. Also fails with a `NetError` with
  /// the code `.handshake`, or `.configureTLS` if the configuration is unusable. Twisted: `connectSSL`; asyncio:
  /// `create_connection(ssl=)`.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - timeout: the time limit for resolving, connecting and the TLS handshake together.
  ///   - options: the options of the socket.
  ///   - tls: the TLS configuration; nil for no TLS. The peer's certificate must be for `host`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of the connection.
  @discardableResult
  public func connectTCP<P: StreamProtocol>(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    connectTCP(
      host, port, timeout: timeout, options: options, security: tls, at: CallSite(file: file, line: line), makeProtocol)
  }

  /// Connects to `host`, a name or an address, over TLS, and gives the connection to async code.
  ///
  /// Like `connectTCP` with `tls`, with the same errors. asyncio: `open_connection(ssl=)`.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - timeout: the time limit for resolving, connecting and the TLS handshake together.
  ///   - options: the options of the socket.
  ///   - tls: the TLS configuration; nil for no TLS. The peer's certificate must be for `host`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public func openConnection(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration?, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    connectTCP(
      host: host, port: port, timeout: timeout, options: options, security: tls, at: CallSite(file: file, line: line)
    ).addCallback { Connection(starting: $0) }
  }
}

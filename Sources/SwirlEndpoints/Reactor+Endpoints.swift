public import SwirlDeferred
public import SwirlNet
public import SwirlReactor
import SwirlTLS

extension Reactor {
  /// Listens at an endpoint and gives each accepted connection its own protocol.
  ///
  /// ```swift
  /// try reactor.listen(at: CommandLine.arguments[1]) { _ in Echo() }
  /// ```
  ///
  /// Twisted: `serverFromString(reactor, …).listen(factory)`.
  ///
  /// - Parameters:
  ///   - endpoint: the string of an ``Endpoint``: `tcp:8080`, `tls:443:certificate=…`, `unix:/run/site.sock`, `fd:3`,
  ///     `systemd:web`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: called on the reactor's thread with the peer's address, before `connectionMade` of its result.
  ///     If it returns nil, the connection is closed.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: ``EndpointError`` for a string that is wrong, `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func listen(
    at endpoint: String, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    switch try ListeningPlace(endpoint) {
    case .tcp(let port, let interface, let backlog, let options, let tls):
      try listenTCP(
        port, interface: interface, backlog: backlog, options: options, tls: tls, file: file, line: line, makeProtocol)
    case .unix(let path, let backlog):
      try listenUnix(path, backlog: backlog, file: file, line: line, makeProtocol)
    case .inherited(let socket, let tls):
      try listen(inherited: socket, tls: tls, file: file, line: line, makeProtocol)
    }
  }

  /// Listens at an endpoint and gives the accepted connections to async code. See above.
  public func listen(
    at endpoint: String, file: StaticString = #fileID, line: UInt = #line
  ) throws -> ConnectionListener {
    try ConnectionListener(on: self) { try listen(at: endpoint, file: file, line: line, $0) }
  }

  /// Connects to an endpoint and passes the connection to a protocol.
  ///
  /// ```swift
  /// reactor.connect(to: "tls:example.com:443:timeout=5") { Client() }.addCallback { client in … }
  /// ```
  ///
  /// Fails with an ``EndpointError`` for a string that is wrong, otherwise as `connectTCP` does. Cancelling works at
  /// any step. Twisted: `clientFromString(reactor, …).connect(factory)`.
  ///
  /// - Parameters:
  ///   - endpoint: the string of an ``Endpoint``: `tcp:HOST:PORT`, `tls:HOST:PORT`, `unix:PATH`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of the connection.
  @discardableResult
  public func connect<P: StreamProtocol>(
    to endpoint: String, file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    do {
      return switch try ConnectingPlace(endpoint) {
      case .tcp(let host, let port, let timeout, let options, let tls):
        connectTCP(
          host, port, timeout: timeout, options: options, tls: tls, file: file, line: line, makeProtocol)
      case .unix(let path, let timeout):
        connectUnix(path, timeout: timeout, file: file, line: line, makeProtocol)
      }
    } catch { return .fail(error) }
  }

  /// Connects to an endpoint, and gives the connection to async code. See above.
  public func openConnection(
    to endpoint: String, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    do {
      return switch try ConnectingPlace(endpoint) {
      case .tcp(let host, let port, let timeout, let options, let tls):
        openConnection(host, port, timeout: timeout, options: options, tls: tls, file: file, line: line)
      case .unix(let path, let timeout):
        openUnixConnection(path, timeout: timeout, file: file, line: line)
      }
    } catch { return .fail(error) }
  }
}

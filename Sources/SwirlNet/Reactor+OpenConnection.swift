public import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Connects to `host`, a name or an address, and gives the connection for code that awaits.
  ///
  /// As ``connectTCP(_:_:timeout:_:)``, with the same errors. asyncio: `open_connection`.
  ///
  /// - Parameters:
  ///   - timeout: how long resolving, connecting and the TLS handshake may take together.
  ///   - tls: how the connection is secured, if it is.
  public func openConnection(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), tls: TLSConfiguration? = nil
  ) -> Deferred<Connection> {
    connectTCP(host: host, port: port, timeout: timeout, tls: tls).addCallback { Connection(starting: $0) }
  }

  /// Connects to the Unix socket at `path`, as ``connectUnix(_:timeout:_:)`` does, and gives the connection for code that
  /// awaits. asyncio: `open_unix_connection`.
  public func openUnixConnection(_ path: String, timeout: Duration = .seconds(30)) -> Deferred<Connection> {
    connectUnix(path: path, timeout: timeout).addCallback { Connection(starting: $0) }
  }
}

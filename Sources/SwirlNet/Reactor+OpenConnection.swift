public import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Connects to `host`, a name or an address, and gives the connection to async code.
  ///
  /// Like ``connectTCP(_:_:timeout:options:file:line:_:)``, with the same errors. asyncio: `open_connection`.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - timeout: the time limit for resolving and connecting together.
  ///   - options: the options of the socket.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public func openConnection(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), options: SocketOptions = SocketOptions(),
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    connectTCP(host: host, port: port, timeout: timeout, options: options, at: CallSite(file: file, line: line))
      .addCallback { Connection(starting: $0) }
  }

  /// Connects to the Unix socket at `path`, as ``connectUnix(_:timeout:file:line:_:)`` does, and gives the connection
  /// to async code. asyncio: `open_unix_connection`.
  public func openUnixConnection(
    _ path: String, timeout: Duration = .seconds(30), file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Connection> {
    connectUnix(path: path, timeout: timeout, at: CallSite(file: file, line: line))
      .addCallback { Connection(starting: $0) }
  }
}

public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

extension Reactor {
  /// Connects to the Unix socket at `path` and passes the connection to a protocol, as
  /// ``connectTCP(_:_:timeout:options:file:line:_:)`` does. A path that begins with NUL is in Linux's abstract
  /// namespace.
  ///
  /// Fails with a ``NetError`` with the code `.connect`. Twisted: `connectUNIX`; asyncio: `create_unix_connection`.
  @discardableResult
  public func connectUnix<P: StreamProtocol>(
    _ path: String, timeout: Duration = .seconds(30), file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    connectUnix(path: path, timeout: timeout, at: CallSite(file: file, line: line)).addCallback { transport in
      let made = makeProtocol()
      transport.start(made)
      return made
    }
  }

  /// Gives an open connection that is not started.
  package func connectUnix(
    path: String, timeout: Duration?, at site: CallSite = CallSite()
  ) -> Deferred<any ConnectedTransport> {
    do { try Self.check(path) } catch { return .fail(error) }
    return Connector.deferred { connectUnix(path: path, timeout: timeout, at: site, $0) }
  }

  /// Calls `completion` with an open connection that is not started, or the error, never before this has returned, and
  /// not after the connect was cancelled.
  package func connectUnix(
    path: String, timeout: Duration?, allowing allows: ((SocketAddress) -> Bool)? = nil, at site: CallSite,
    _ completion: @escaping Connector.Completion
  ) -> Connector {
    do throws(NetError) {
      let address = try Self.check(path)
      let peer = Connector.Peer(host: address.description, port: nil)
      return Connector(to: peer, .known([address]), timeout: timeout, allows: allows, on: self, at: site, completion)
    } catch {
      let peer = Connector.Peer(host: error.peer, port: nil)
      return Connector(to: peer, .asked(.fail(error)), timeout: nil, on: self, at: site, completion)
    }
  }

  @discardableResult
  private static func check(_ path: String) throws(NetError) -> SocketAddress {
    guard let address = SocketAddress(unixPath: path) else {
      throw NetError(.connect, path.debugDescription, reason: badUnixPath)
    }
    return address
  }

  /// Listens on a Unix socket at `path` and gives each accepted connection its own protocol.
  ///
  /// This creates the file and ``Listener/stop()`` removes it; a stale one of a server that did not stop is replaced.
  /// The permissions of its directory decide which users may connect. A path that begins with NUL is in Linux's
  /// abstract namespace, without a file and open to every user. Twisted: `listenUNIX`; asyncio: `create_unix_server`.
  /// - Throws: ``NetError`` with the code `.listen`.
  @discardableResult
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    guard let address = SocketAddress(unixPath: path) else {
      throw NetError(.listen, path.debugDescription, reason: Self.badUnixPath)
    }
    let site = CallSite(file: file, line: line)
    do {
      return try listen(at: address, address.description, backlog, nil, site, makeProtocol, prepare: { _ in })
    } catch {
      guard error.errno == EADDRINUSE, SocketFile.removeStale(at: address) else { throw error }
      return try listen(at: address, address.description, backlog, nil, site, makeProtocol, prepare: { _ in })
    }
  }

  static var badUnixPath: String { "the path of a Unix socket has 1 to 107 bytes, and no NUL but the first" }
}

public import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Connects to `host`, a name or an address, and hands the connection to a protocol.
  ///
  /// `makeProtocol` is called when the connection is there; then `connectionMade` of what it returns, and then the Deferred
  /// fires with it. All the addresses of a name are tried, each with a short head start on the next (Happy Eyeballs,
  /// RFC 8305). Cancelling stops at any step. Small writes are sent at once (`TCP_NODELAY`).
  ///
  /// Fails with a ``NetError``: of code `.resolve` when the name has no address, of code `.connect` when no address
  /// answered in time or all refused, and then its reason tells what each of them said.
  /// Twisted: `connectTCP`, `HostnameEndpoint`; asyncio: `create_connection`.
  ///
  /// - Parameters:
  ///   - timeout: how long resolving, connecting and the TLS handshake may take together.
  ///   - tls: how the connection is secured, if it is: the other end's certificate must be for `host`. Its failures are
  ///     `NetError`s of code `.handshake`, and of `.configureTLS` when this cannot be used. Twisted: `connectSSL`.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of the connection.
  @discardableResult
  public func connectTCP<P: StreamProtocol>(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), tls: TLSConfiguration? = nil,
    file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    let site = CallSite(file: file, line: line)
    return connectTCP(host: host, port: port, timeout: timeout, tls: tls, at: site).addCallback { transport in
      let made = makeProtocol()
      transport.start(made)
      return made
    }
  }

  /// Gives an open connection that has not been started: whoever gets it calls `start`, or lets go of it, which closes it.
  /// A `timeout` of nil waits as long as the kernel does.
  package func connectTCP(
    host: String, port: Int, timeout: Duration?, tls: TLSConfiguration? = nil, at site: CallSite = CallSite()
  ) -> Deferred<any ConnectedTransport> {
    Connector.deferred { connectTCP(host: host, port: port, timeout: timeout, tls: tls, at: site, $0) }
  }

  /// Gives `completion` an open connection that has not been started, or the error: never before this has returned, and not
  /// after the connect was cancelled.
  ///
  /// - Parameters:
  ///   - tunnel: what is said to the proxy that is connected to.
  ///   - end: who is behind that, whose certificate it must be.
  ///   - allows: which addresses may be connected to; of a proxy's, only `end` is asked about, if it is an address.
  package func connectTCP(
    host: String, port: Int, timeout: Duration?, through tunnel: (() -> any TunnelNegotiation)? = nil,
    to end: (host: String, port: Int)? = nil, tls: TLSConfiguration? = nil,
    allowing allows: ((SocketAddress) -> Bool)? = nil, at site: CallSite,
    _ completion: @escaping Connector.Completion
  ) -> Connector {
    let peer = Connector.Peer(host: host, port: port)
    do throws(NetError) {
      guard let number = UInt16(exactly: port), number > 0 else {
        throw NetError(.connect, peer.description, reason: "a port to connect to is a number from 1 to 65535")
      }
      if let end, let allows, let address = SocketAddress(ip: end.host, port: UInt16(exactly: end.port) ?? 0),
        !allows(address.unmapped)
      {
        throw NetError(notAllowed: address)
      }
      var security: Connector.Security?
      if let tls {
        security = Connector.Security(
          context: try TLSContext.of(self, tls, .client), peer: end.map { Connector.Peer(host: $0.host, port: $0.port) }
        )
      }
      return Connector(
        to: peer, resolver.addresses(of: host, port: number), timeout: timeout, tunnel: tunnel, security: security,
        allows: end == nil ? allows : nil, on: self, at: site, completion)
    } catch {
      return Connector(to: peer, .asked(.fail(error)), timeout: nil, on: self, at: site, completion)
    }
  }
}

extension Connector {
  /// What `connect` comes to, as a Deferred; cancelling it cancels the connect.
  static func deferred(_ connect: (@escaping Completion) -> Connector) -> Deferred<any ConnectedTransport> {
    // The reactor keeps the connector while it matters; that it were also kept from here would be a cycle.
    weak var connector: Connector?
    let outcome = Deferred<any ConnectedTransport>(canceller: { _ in connector?.cancel() })
    connector = connect { outcome.fire(with: $0) }
    return outcome
  }
}

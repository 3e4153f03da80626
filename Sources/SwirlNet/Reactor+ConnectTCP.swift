public import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Connects to `host`, a name or an address, and passes the connection to a protocol.
  ///
  /// When the connection is established, it calls `makeProtocol`, then `connectionMade` of its result, and then the
  /// Deferred fires with that. It tries all addresses of a name, each with a short head start on the next (Happy
  /// Eyeballs, RFC 8305). Cancelling works at any step. Small writes are sent at once (`TCP_NODELAY`).
  ///
  /// Fails with a ``NetError``: with the code `.resolve` if the name has no address, `.connect` if no address accepted
  /// in time; the reason then has the error of each. Twisted: `connectTCP`, `HostnameEndpoint`; asyncio:
  /// `create_connection`.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - timeout: the time limit for resolving and connecting together.
  ///   - options: the options of the socket.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of the connection.
  @discardableResult
  public func connectTCP<P: StreamProtocol>(
    _ host: String, _ port: Int, timeout: Duration = .seconds(30), options: SocketOptions = SocketOptions(),
    file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    connectTCP(
      host, port, timeout: timeout, options: options, security: nil, at: CallSite(file: file, line: line), makeProtocol)
  }

  /// Connects, with TLS if `provider` is not nil, and passes the connection to a protocol.
  package func connectTCP<P: StreamProtocol>(
    _ host: String, _ port: Int, timeout: Duration, options: SocketOptions, security provider: (any SecurityProvider)?,
    at site: CallSite,
    _ makeProtocol: @escaping () -> P
  ) -> Deferred<P> {
    connectTCP(
      host: host, port: port, timeout: timeout, options: options, security: provider, at: site
    ).addCallback { transport in
      let made = makeProtocol()
      transport.start(made)
      return made
    }
  }

  /// Gives an open connection that is not started: the receiver calls `start`, or releases it, which closes it. A
  /// `timeout` of nil waits as long as the kernel does.
  package func connectTCP(
    host: String, port: Int, timeout: Duration?, options: SocketOptions = SocketOptions(),
    security provider: (any SecurityProvider)? = nil, at site: CallSite = CallSite()
  ) -> Deferred<any ConnectedTransport> {
    Connector.deferred {
      connectTCP(host: host, port: port, timeout: timeout, options: options, security: provider, at: site, $0)
    }
  }

  /// Calls `completion` with an open connection that is not started, or the error, never before this has returned, and
  /// not after the connect was cancelled.
  ///
  /// - Parameters:
  ///   - proxySecurity: secures the connection to the proxy at `host`, which its certificate must name.
  ///   - tunnel: the negotiation with the connected proxy.
  ///   - end: the peer behind the proxy, which the certificate must name.
  ///   - allows: the filter of allowed addresses. With a proxy it applies only to `end`, if that is an address.
  ///   - usesHTTPSRecords: whether the resolver's ``Resolver/httpsLookup`` counts, without a proxy and with security.
  package func connectTCP(
    host: String, port: Int, timeout: Duration?, options: SocketOptions = SocketOptions(),
    proxySecurity: (any SecurityProvider)? = nil,
    through tunnel: (() -> any TunnelNegotiation)? = nil, to end: (host: String, port: Int)? = nil,
    security provider: (any SecurityProvider)? = nil, allowing allows: ((SocketAddress) -> Bool)? = nil,
    usesHTTPSRecords: Bool = false, at site: CallSite,
    _ completion: @escaping Connector.Completion
  ) -> Connector {
    let peer = Connector.Peer(host: host, port: port)
    do throws(NetError) {
      guard (1...65535).contains(port) else {
        throw NetError(.connect, peer.description, reason: "a port to connect to is a number from 1 to 65535")
      }
      if let end, let allows, let address = SocketAddress(ip: end.host, port: end.port),
        !allows(address.unmapped)
      {
        throw NetError(notAllowed: address)
      }
      var security: Connector.Security?
      if let provider {
        security = Connector.Security(
          context: try provider.clientContext(on: self),
          peer: end.map { Connector.Peer(host: $0.host, port: $0.port) })
      }
      let outer = try proxySecurity.map { provider throws(NetError) in
        Connector.Security(context: try provider.clientContext(on: self))
      }
      let addresses =
        if usesHTTPSRecords, end == nil, let security {
          resolver.plan(forHTTPS: host, port: port, offering: security.context.applicationProtocols)
        } else { resolver.addresses(of: host, port: port) }
      return Connector(
        to: peer, addresses, timeout: timeout, options: options, tunnel: tunnel,
        proxySecurity: outer, security: security, allows: end == nil ? allows : nil, on: self, at: site, completion)
    } catch {
      return Connector(to: peer, .asked(.fail(error)), timeout: nil, on: self, at: site, completion)
    }
  }
}

extension Connector {
  /// The outcome of `connect` as a Deferred; cancelling it cancels the connect.
  static func deferred(_ connect: (@escaping Completion) -> Connector) -> Deferred<any ConnectedTransport> {
    // Weak: the reactor retains a running connector; a strong reference here would be a cycle.
    weak var connector: Connector?
    let outcome = Deferred<any ConnectedTransport>(canceller: { _ in connector?.cancel() })
    connector = connect { outcome.fire(with: $0) }
    return outcome
  }
}

public import SwirlDeferred
public import SwirlNet
import SwirlReactor

extension Transport {
  /// Secures this connection as its client: protocols such as SMTP, IMAP and PostgreSQL begin in plain text, and agree
  /// on TLS (STARTTLS).
  ///
  /// What was written before is sent in plain text first; what is written from now on waits, and is sent secured. The
  /// protocol stays: it gets no further `connectionMade`, and `dataReceived` with secured bytes only. If the peer has
  /// sent more than the protocol has processed, its plain text could be someone else's: the connection fails.
  ///
  /// Call it on the reactor's thread. Twisted: `startTLS`; asyncio: `loop.start_tls`.
  ///
  /// - Parameters:
  ///   - tls: the TLS configuration.
  ///   - host: the name or address for which the peer's certificate must be.
  ///   - timeout: the time limit of the handshake.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Returns: fires after the handshake, or fails with a `NetError` with the code `.handshake` or `.configureTLS`:
  ///   then the connection ends. Cancelling it aborts the connection.
  @discardableResult
  public func startTLS(
    _ tls: TLSConfiguration, host: String, timeout: Duration = .seconds(30), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<TLSInfo> {
    start(CallSite(file: file, line: line), host: host, timeout: timeout) { reactor throws(NetError) in
      try TLSContext.of(reactor, tls, .client)
    }
  }

  /// Secures this connection as its server: like `startTLS(_:host:)`, with the configuration of a server. Its time
  /// limit is `TLSConfiguration.handshakeTimeout`. Certificates are read again when their files have changed; if they
  /// are unusable then, the last ones stay, with an error in the log. asyncio: `loop.start_tls(server_side=True)`.
  @discardableResult
  public func startTLS(
    serving tls: TLSConfiguration, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<TLSInfo> {
    start(CallSite(file: file, line: line), host: nil, timeout: tls.handshakeTimeout) { reactor throws(NetError) in
      try TLSContext.ofConnection(reactor, tls)
    }
  }

  private func start(
    _ site: CallSite, host: String?, timeout: Duration, _ makeContext: (Reactor) throws(NetError) -> TLSContext
  ) -> Deferred<TLSInfo> {
    guard let transport = self as? any SecurableTransport else {
      return .fail(NetError(.handshake, "\(Self.self)", reason: "this kind of transport cannot be secured"))
    }
    do throws(NetError) {
      let context = try makeContext(reactor)
      return transport.startSecurity(context, host: host, timeout: timeout, at: site).addCallback {
        guard let info = transport.tlsInfo else { preconditionFailure("a secured connection knows its parameters") }
        return info
      }
    } catch {
      // A connection that stays in plain text would be worse.
      abort()
      return .fail(error)
    }
  }
}

extension Connection {
  /// Secures this connection as its client: see `Transport.startTLS(_:host:)`. Read what the peer has sent before:
  /// bytes that wait in `inbound` are an error. While it runs, no other task may write. asyncio:
  /// `StreamWriter.start_tls`.
  ///
  /// - Parameters:
  ///   - tls: the TLS configuration.
  ///   - host: the name or address for which the peer's certificate must be.
  ///   - timeout: the time limit of the handshake.
  /// - Throws: `NetError` with the code `.handshake` or `.configureTLS`: then the connection ends. `CancellationError`
  ///   if the task is cancelled, which aborts it.
  @discardableResult
  public func startTLS(
    _ tls: TLSConfiguration, host: String, timeout: Duration = .seconds(30)
  ) async throws -> TLSInfo {
    try await withTransport { transport in transport.startTLS(tls, host: host, timeout: timeout) }
  }

  /// Secures this connection as its server: see `Transport.startTLS(serving:)`.
  @discardableResult
  public func startTLS(serving tls: TLSConfiguration) async throws -> TLSInfo {
    try await withTransport { transport in transport.startTLS(serving: tls) }
  }
}

public import SwirlDeferred
public import SwirlNet
public import SwirlReactor
import SwirlHTTPCore

extension HTTPServer {
  /// Serves on a TCP port, until ``stop(within:)`` or until the listener is stopped.
  ///
  /// When the reactor shuts down, the server is stopped first and waited for. A server may listen on many ports. Over TLS it offers
  /// `http/1.1` and `http/1.0` (ALPN) unless the configuration says otherwise, and answers a client that speaks plain HTTP with 400.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one, which `localAddress` tells.
  ///   - interface: the address to listen on: this machine only by default, `""` for all.
  ///   - backlog: how many connections may wait to be accepted.
  ///   - tls: for `https`: how connections are secured.
  ///   - reactor: this thread's when nil.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Throws: `NetError` of code `.listen`, or `.configureTLS`.
  @discardableResult
  public func listen(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, tls: TLSConfiguration? = nil,
    on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    let reactor = reactor ?? .current
    var tls = tls
    if tls?.applicationProtocols.isEmpty == true { tls?.applicationProtocols = ["http/1.1", "http/1.0"] }
    let listener = try reactor.listenTCP(
      port, interface: interface, backlog: backlog, tls: tls, file: file, line: line
    ) { [self] _ in makeProtocol() }
    listener.makePlainProtocol = { [self] in ServerConnection(self, isPlainOnTLS: true) }
    adopt(listener, on: reactor)
    return listener
  }

  /// Serves on a Unix socket at `path`, as ``listen(_:interface:backlog:tls:on:)`` does on a port; whom the permissions of its
  /// directory let in may connect.
  /// - Throws: `NetError` of code `.listen`.
  @discardableResult
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    let reactor = reactor ?? .current
    let listener = try reactor.listenUnix(path, backlog: backlog, file: file, line: line) { [self] _ in makeProtocol() }
    adopt(listener, on: reactor)
    return listener
  }

  /// Reads the certificates and keys of its listeners again, while it serves: see `Listener.reload()`.
  /// - Throws: `NetError` of code `.configureTLS`, the first where there are several: a listener whose files cannot be used keeps
  ///   what it has, the others are reloaded all the same.
  public func reload() throws {
    var first: (any Error)?
    for listener in listeners {
      do { try listener.reload() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// Stops: accepts no more connections, closes those that wait for a request or are in a TLS handshake, and lets requests under way
  /// be answered, each with `Connection: close`.
  ///
  /// What is not answered when the time is over is aborted, its Deferreds cancelled. The Deferred fires when no connection is
  /// left; cancelling it ends the waiting for requests at once. A stopped server can listen again, while requests under way are still
  /// answered too.
  /// aiohttp: `AppRunner.cleanup`; Tornado: `stop` and `close_all_connections`.
  ///
  /// - Parameter gracePeriod: how long requests under way may take; that of the configuration when nil.
  @discardableResult
  public func stop(within gracePeriod: Duration? = nil) -> Deferred<Void> {
    let listeners = stopListening()
    for listener in listeners { listener.stop() }
    return finishConnections(within: gracePeriod ?? configuration.gracePeriod)
  }
}

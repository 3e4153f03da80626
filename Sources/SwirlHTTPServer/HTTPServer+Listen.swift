import Logging
import SwirlDeferred
import SwirlHTTPCore
public import SwirlNet
public import SwirlReactor
public import SwirlTLS

extension HTTPServer {
  /// Serves on a TCP port, until ``stop(within:idleFor:)`` or until the listener is stopped.
  ///
  /// When the reactor shuts down, it first stops the server and waits for it. A server may listen on many ports. Over
  /// TLS it offers `h2`, `http/1.1` and `http/1.0` (ALPN) unless the configuration differs, and answers plain HTTP with
  /// 400.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one: see `localAddress`.
  ///   - interface: the address to listen on; by default this machine only, `""` for all.
  ///   - backlog: the length of the accept queue.
  ///   - options: the options of the socket, which accepted connections inherit.
  ///   - tls: the TLS configuration, for `https`.
  ///   - reactor: nil for this thread's.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func listen(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration? = nil, on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    let reactor = reactor ?? .current
    let listener = try reactor.listenTCP(
      port, interface: interface, backlog: backlog, options: options, tls: withProtocols(tls), file: file, line: line
    ) { [self] _ in makeProtocol() }
    listener.proxyProtocol = configuration.proxyProtocol
    listener.makePlainProtocol = { [self] in ServerConnection(self, isPlainOnTLS: true) }
    adopt(listener, on: reactor)
    return listener
  }

  /// With the application protocols of the server, unless the configuration has its own.
  func withProtocols(_ tls: TLSConfiguration?) -> TLSConfiguration? {
    guard var tls, tls.applicationProtocols.isEmpty else { return tls }
    tls.applicationProtocols = configuration.applicationProtocols
    return tls
  }

  /// Serves on a Unix socket at `path`, as `listen` does on a port; the permissions of
  /// its directory decide which users may connect.
  /// - Throws: `NetError` with the code `.listen`.
  @discardableResult
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    let reactor = reactor ?? .current
    let listener = try reactor.listenUnix(path, backlog: backlog, file: file, line: line) { [self] _ in makeProtocol() }
    listener.proxyProtocol = configuration.proxyProtocol
    adopt(listener, on: reactor)
    return listener
  }

  /// Serves on a socket that was inherited, from systemd or from the process that this one replaces, or passed.
  ///
  /// It takes over the socket, which a second listener cannot use.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`.
  @discardableResult
  public func listen(
    inherited socket: ListeningSocket, tls: TLSConfiguration? = nil, on reactor: Reactor? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    let reactor = reactor ?? .current
    let listener = try reactor.listen(inherited: socket, tls: withProtocols(tls), file: file, line: line) { [self] _ in
      makeProtocol()
    }
    listener.proxyProtocol = configuration.proxyProtocol
    listener.makePlainProtocol = { [self] in ServerConnection(self, isPlainOnTLS: true) }
    adopt(listener, on: reactor)
    return listener
  }

  /// Reads the certificates and keys of its listeners again, while it serves: see `Listener.reload()`. Opens the file
  /// of its ``accessLog`` again, too.
  /// - Throws: `NetError` with the code `.configureTLS`, the first of several: a listener with unusable files keeps its
  ///   certificates; the others are still reloaded.
  public func reload() throws {
    var first: (any Error)?
    accessLog?.reopen()
    for listener in listeners {
      do { try listener.reload() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// Reads them again, as ``reload()`` does, each time the process gets a signal: `SIGHUP` by custom. What cannot be
  /// used is logged as an error, and its listener keeps its certificates. Only a server of the main reactor can wait
  /// for signals. nginx: `nginx -s reload`.
  ///
  /// ```swift
  /// try server.listen(443, interface: "", tls: .server(identity))
  /// server.reload(on: SIGHUP)
  /// ```
  @discardableResult
  public func reload(on signal: Int32, file: StaticString = #fileID, line: UInt = #line) -> SignalHandler {
    Reactor.current.addSignalHandler(signal, file: file, line: line) { [weak self] in
      guard let self else { return }
      do {
        try reload()
        logger.notice("certificates were read again")
      } catch { logger.error("the certificates in use stay: \(error)") }
    }
  }
}

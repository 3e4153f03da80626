public import SwirlDeferred
public import SwirlNet
public import SwirlReactor
public import SwirlTLS

extension ReactorGroup {
  /// Serves one TCP port from each reactor of the group.
  ///
  /// ```swift
  /// let servers = try await group.listen(8080) { HTTPServer { request in .text("hello\n") } }
  /// ```
  ///
  /// `makeServer` runs once on each reactor's thread, and its server stays there: what it makes belongs to that reactor
  /// alone, and the compiler refuses what cannot be shared. No connection is accepted before all listen; if one cannot,
  /// the others are undone. `servers.stop()` stops them, and `group.stop()` stops them before the reactors.
  ///
  /// - Parameters:
  ///   - port: the port; zero lets the kernel choose a free one, the same for all: see `localAddress`.
  ///   - interface: the address to listen on; by default this machine only, `""` for all.
  ///   - backlog: the length of each accept queue.
  ///   - options: the options of the sockets, which accepted connections inherit.
  ///   - tls: the TLS configuration, for `https`.
  ///   - distribution: how connections come to the reactors.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeServer: makes the server of a reactor, on its thread.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`, what `makeServer` throws, or `CancelledError` if
  ///   the task is cancelled: then nothing listens any more.
  public func listen(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration? = nil, distribution: HTTPServerGroup.Distribution = .automatic,
    file: StaticString = #fileID, line: UInt = #line, _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) async throws -> HTTPServerGroup {
    let place = ServerGroupPlace.port(port, interface, backlog, options, distribution)
    return try await ServerGroupStart(place, tls, CallSite(file: file, line: line), makeServer).start(on: self)
  }

  /// Serves one TCP port from each reactor of the group, and stops them with this thread's reactor.
  ///
  /// Like the form that is awaited. The Deferred fires on this thread's reactor, whose shutdown stops the servers and
  /// waits for them, as Ctrl-C does with the main reactor; cancelling it undoes the listening.
  ///
  /// ```swift
  /// ReactorGroup().listen(8080) { HTTPServer { request in .text("hello\n") } }
  ///   .addCallback { servers in print("http://\(servers.localAddress)/") }
  /// reactor.run()
  /// ```
  @discardableResult
  public func listen(
    _ port: Int, interface: String = "127.0.0.1", backlog: Int32 = 4096, options: SocketOptions = SocketOptions(),
    tls: TLSConfiguration? = nil, distribution: HTTPServerGroup.Distribution = .automatic,
    file: StaticString = #fileID, line: UInt = #line, _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) -> Deferred<HTTPServerGroup> {
    let place = ServerGroupPlace.port(port, interface, backlog, options, distribution)
    return ServerGroupStart(place, tls, CallSite(file: file, line: line), makeServer).startForReactor(on: self)
  }

  /// Serves a Unix socket at `path` from each reactor of the group: the first accepts, and hands the connections round.
  /// - Throws: `NetError` with the code `.listen`, or what `makeServer` throws.
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, file: StaticString = #fileID, line: UInt = #line,
    _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) async throws -> HTTPServerGroup {
    try await ServerGroupStart(.path(path, backlog), nil, CallSite(file: file, line: line), makeServer).start(on: self)
  }

  /// Serves a Unix socket at `path` from each reactor of the group, and stops them with this thread's reactor.
  @discardableResult
  public func listenUnix(
    _ path: String, backlog: Int32 = 4096, file: StaticString = #fileID, line: UInt = #line,
    _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) -> Deferred<HTTPServerGroup> {
    ServerGroupStart(.path(path, backlog), nil, CallSite(file: file, line: line), makeServer).startForReactor(on: self)
  }

  /// Serves inherited sockets from each reactor of the group: see `ListeningSocket.inherited()`.
  ///
  /// If there are as many sockets as reactors, as after a restart, each reactor accepts from its own; otherwise the
  /// first accepts from all of them, and hands the connections round.
  /// - Throws: `NetError` with the code `.listen` or `.configureTLS`, or what `makeServer` throws.
  public func listen(
    inherited sockets: [ListeningSocket], tls: TLSConfiguration? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) async throws -> HTTPServerGroup {
    try await ServerGroupStart(.sockets(sockets), tls, CallSite(file: file, line: line), makeServer).start(on: self)
  }

  /// Serves inherited sockets from each reactor of the group, and stops them with this thread's reactor.
  @discardableResult
  public func listen(
    inherited sockets: [ListeningSocket], tls: TLSConfiguration? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) -> Deferred<HTTPServerGroup> {
    ServerGroupStart(.sockets(sockets), tls, CallSite(file: file, line: line), makeServer).startForReactor(on: self)
  }
}

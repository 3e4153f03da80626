import SwirlEndpoints
public import SwirlNet
public import SwirlReactor

extension HTTPServer {
  /// Listens at an endpoint: `tcp:8080`, `tls:443:certificate=PATH:key=PATH`, `unix:/run/site.sock`, `fd:3`,
  /// `systemd:web`.
  ///
  /// ```swift
  /// try server.listen(at: ProcessInfo.processInfo.environment["LISTEN"] ?? "tcp:8080")
  /// ```
  ///
  /// - Parameters:
  ///   - endpoint: the string of an `Endpoint`.
  ///   - reactor: the reactor that serves it; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Returns: the listener, which the reactor retains until it is stopped.
  /// - Throws: `EndpointError` for a string that is wrong, otherwise as the other ways to listen.
  @discardableResult
  public func listen(
    at endpoint: String, on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Listener {
    switch try ListeningPlace(endpoint) {
    case .tcp(let port, let interface, let backlog, let options, let tls):
      try listen(
        port, interface: interface, backlog: backlog, options: options, tls: tls, on: reactor, file: file, line: line)
    case .unix(let path, let backlog):
      try listenUnix(path, backlog: backlog, on: reactor, file: file, line: line)
    case .inherited(let socket, let tls):
      try listen(inherited: socket, tls: tls, on: reactor, file: file, line: line)
    }
  }
}

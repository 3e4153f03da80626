public import SwirlDeferred
public import SwirlNet
public import SwirlReactor
import SwirlTLS

extension ClientService {
  /// A service for a connection to an endpoint: `tcp:127.0.0.1:6379`, `tls:example.com:443:timeout=5`,
  /// `unix:/run/site.sock`.
  ///
  /// ```swift
  /// let service = try ClientService(to: "tls:example.com:6697") { IRCProtocol() }
  /// service.start()
  /// ```
  ///
  /// - Parameters:
  ///   - endpoint: the string of an ``Endpoint``. A kind of the program's own is resolved for each attempt.
  ///   - backoff: the pauses between attempts. By default they grow to a minute, and it never gives up.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of each connection.
  /// - Throws: ``EndpointError`` for a string that is wrong.
  public convenience init(
    to endpoint: String, backoff: Backoff = .endless, on reactor: Reactor? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ makeProtocol: @escaping () -> Client
  ) throws {
    _ = try ConnectingPlace(endpoint)
    let reactor = reactor ?? .current
    let site = CallSite(file: file, line: line)
    self.init(
      named: endpoint, backoff: backoff, on: reactor, at: site,
      connect: { [unowned reactor] in
        do {
          return switch try ConnectingPlace(endpoint) {
          case .tcp(let host, let port, let timeout, let options, let tls):
            reactor.connectTCP(
              host: host, port: port, timeout: timeout, options: options, security: tls, at: site)
          case .unix(let path, let timeout): reactor.connectUnix(path: path, timeout: timeout, at: site)
          }
        } catch { return .fail(error) }
      }, makeProtocol)
  }
}

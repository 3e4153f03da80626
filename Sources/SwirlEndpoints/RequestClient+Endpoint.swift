public import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension RequestClient {
  /// A client of the server at an endpoint: `tcp:127.0.0.1:6379`, `tls:example.com:853`, `unix:/run/redis.sock`.
  ///
  /// - Parameters:
  ///   - endpoint: the string of an ``Endpoint``. A kind of the program's own is resolved for each attempt.
  ///   - limits: the limits of requests.
  ///   - backoff: the pauses between attempts to connect. By default they grow to a minute, and it never gives up.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeFormat: makes the format of each connection.
  /// - Throws: ``EndpointError`` for a string that is wrong.
  public convenience init(
    to endpoint: String, limits: RequestLimits = RequestLimits(), backoff: Backoff = .endless,
    on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ makeFormat: @escaping () -> Format
  ) throws {
    let hub = RequestHub(named: endpoint, limits, on: reactor ?? .current, makeFormat)
    let service = try ClientService(to: endpoint, backoff: backoff, on: hub.reactor, file: file, line: line) {
      hub.makeConnection()
    }
    self.init(hub, service)
  }
}

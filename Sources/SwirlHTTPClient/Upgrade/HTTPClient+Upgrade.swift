import HTTPTypes
package import SwirlDeferred
package import SwirlNet

extension HTTPClient {
  /// A connection that is no longer one of HTTP, and the answer that made it so.
  package struct Upgraded {
    /// A 101, or in HTTP/2 a 2xx.
    package let response: Response
    /// It has no protocol, and reads nothing before it is set. What came behind the answer is delivered first. The
    /// receiver closes it: neither the client nor a limit on connections applies any more.
    package let transport: any Transport
  }

  /// Asks the server of `request` to use the connection for the protocol `name` (RFC 9110 §7.8), such as `websocket`.
  ///
  /// A connection of HTTP/2 that is there and takes tunnels has it on one of its streams (RFC 8441), as in browsers;
  /// otherwise it is a connection of HTTP/1.1 of its own. With `.priorKnowledge` HTTP/2 is asked first. An HTTP proxy
  /// is asked for a tunnel, for `http` too. The limits in time apply up to the answer. Cookies and authentication are
  /// as for other requests; redirects are not followed, and interceptors not called.
  ///
  /// Fires on the reactor's thread, and never before this has returned. Fails with ``HTTPStatusError`` if the server
  /// answers otherwise, with the response and the first 16 KiB of its content; with ``HTTPError`` or `CancelledError`.
  /// Node: the event `upgrade`.
  package func upgrade(
    _ request: Request, to name: String, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Upgraded> {
    var request = request.asCall(isCollected: true)
    request.upgrade = name
    request.headers[.upgrade] = name
    request.headers[.connection] = "Upgrade"
    let exchange = startDirectly(request)
    let deferred = Deferred<Upgraded>(cancelling: exchange, file: file, line: line)
    exchange.consumer = .stream(UpgradeSink(name, deferred))
    return deferred
  }
}

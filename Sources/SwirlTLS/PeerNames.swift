// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlReactor

extension Reactor {
  /// Twisted: `reactor.listenSSL`.
  @available(*, unavailable, message: "listenTCP(port, tls: configuration) serves TLS")
  public func listenSSL(_ port: Int) throws { fatalError() }
  /// Twisted: `reactor.connectSSL`.
  @available(*, unavailable, message: "connectTCP(host, port, tls: configuration) connects with TLS")
  public func connectSSL(_ host: String, _ port: Int) { fatalError() }
}

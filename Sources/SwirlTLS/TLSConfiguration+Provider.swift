package import SwirlNet
package import SwirlReactor

extension TLSConfiguration: SecurityProvider {
  package func clientContext(on reactor: Reactor) throws(NetError) -> any SecurityContext {
    try TLSContext.of(reactor, self, .client)
  }

  package func serverContext(on reactor: Reactor) throws(NetError) -> any SecurityContext {
    try TLSContext.of(reactor, self, .server)
  }
}

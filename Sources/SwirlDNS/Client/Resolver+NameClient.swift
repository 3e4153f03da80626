public import SwirlNet

extension Resolver {
  /// Resolves the names of this reactor by `names` from now on, in place of the system: addresses, and the HTTPS
  /// records (RFC 9460) of what clients of HTTP connect to with TLS.
  ///
  /// ```swift
  /// reactor.resolver.use(NameClient())
  /// ```
  ///
  /// An origin's records may name other hosts and ports, and what they speak. Clients ask for them beside the
  /// addresses, and do not wait for late ones: `httpsLookup` has the rules. It retains `names`; a later `lookup = …`
  /// and `httpsLookup = nil` replace it.
  public func use(_ names: NameClient) {
    lookup = names.addresses
    httpsLookup = { names.endpoints(ofHTTPS: $0, port: $1) }
    removeCachedAnswers()
  }
}

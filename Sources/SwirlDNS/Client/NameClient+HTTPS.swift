public import SwirlDeferred
public import SwirlNet
import SwirlReactor

extension NameClient {
  /// Looks up how to reach an origin of HTTPS, in the order in which to try: by its HTTPS records (RFC 9460), and at
  /// last the host itself, as without such records (RFC 9460 §3).
  ///
  /// It follows aliases, and leaves out what needs a parameter that this library does not know. It does not ask for
  /// addresses, `localhost`, hosts of the configuration, and names of one label, which are the host itself. Fails with
  /// a ``NameError`` if the servers fail; a host without such records is no failure.
  ///
  /// `reactor.resolver.use(names)` lets clients of HTTP connect by these.
  ///
  /// - Parameters:
  ///   - host: the host of the origin.
  ///   - port: its port; another one than 443 is asked for as `_8443._https.host` (RFC 9460 §9.1).
  public func endpoints(ofHTTPS host: String, port: Int = 443) -> Deferred<[ServiceEndpoint]> {
    let itself = ServiceEndpoint(
      host: host, port: port, applicationProtocols: [], addresses: [], encryptedClientHello: nil)
    if SocketAddress(ip: host, port: port) != nil { return .succeed([itself]) }
    let name: DNSName
    do throws(NameError) {
      let host = try DNSName(host)
      if host.labelCount < 2 || knownAddresses(of: host) != nil { return .succeed([itself]) }
      name = try DNSName(port == 443 ? host.text : "_\(port)._https.\(host.text)")
    } catch {
      return .fail(error)
    }
    return bindings(of: name, aliases: 0).addCallback { [unowned reactor] owner, bindings in
      // At random among those of one priority (RFC 9460 §2.4.1).
      let order = bindings.filter(\.isUsable).shuffled(using: &reactor.random).sorted { $0.priority < $1.priority }
      return order.map { ServiceEndpoint($0, owner: owner == name ? host : owner.text, port: port) } + [itself]
    }
  }

  /// The records of a name, or of the place that it is an alias of, with the name that they belong to.
  private func bindings(of name: DNSName, aliases: Int) -> Deferred<(DNSName, [ServiceBinding])> {
    let answer: Deferred<NameAnswer<ServiceBinding>> = lookup(name, .https)
    return answer.addCallbacks(
      { [unowned self] answer -> Deferred<(DNSName, [ServiceBinding])> in
        guard let alias = answer.first(where: \.isAlias) else { return .succeed((name, answer.values)) }
        if alias.target.isRoot {
          throw NameError(.noService, name, "HTTPS", reason: "the domain says that it does not have this service")
        }
        guard aliases < AnswerReader.maximumAliases else {
          throw NameError(.aliasLoop, name, "HTTPS", reason: "its aliases are more than \(AnswerReader.maximumAliases)")
        }
        return bindings(of: alias.target, aliases: aliases + 1)
      },
      { error -> Deferred<(DNSName, [ServiceBinding])> in
        guard let error = error as? NameError, error.code == .noData || error.code == .noSuchName else { throw error }
        // At the end of aliases there is at least a host to try.
        return .succeed((name, aliases == 0 ? [] : [ServiceBinding(priority: 1, target: .root, parameters: [])]))
      })
  }
}

extension ServiceEndpoint {
  fileprivate init(_ binding: ServiceBinding, owner: String, port: Int) {
    let port = binding.port ?? port
    self.init(
      host: binding.target.isRoot ? owner : binding.target.text, port: port,
      applicationProtocols: binding.applicationProtocols
        + (binding.hasDefaultProtocol && !binding.applicationProtocols.isEmpty ? ["http/1.1"] : []),
      addresses: binding.addressHints.map { SocketAddress($0, port: port) },
      encryptedClientHello: binding.encryptedClientHello)
  }
}

public import SwirlDeferred
public import SwirlNet
import SwirlReactor

extension NameClient {
  /// Looks up the servers of a service, such as `_xmpp-client._tcp.example.org`, in the order in which to try them: by
  /// priority, and at random by weight (RFC 2782).
  ///
  /// Fails with a ``NameError``; with the code `.noService` if the domain says that it does not have it. Twisted:
  /// `SRVConnector`.
  public func services(_ service: String) -> Deferred<[SRVRecord]> {
    let answer: Deferred<NameAnswer<SRVRecord>> = lookup(service, .srv)
    return answer.addCallback { [unowned reactor] answer in
      if answer.count == 1, answer[0].target.isRoot {
        throw NameError(.noService, answer.name, "SRV", reason: "the domain says that it does not have this service")
      }
      return answer.values.inTryOrder(using: &reactor.random)
    }
  }

  /// Looks up the names of an address, such as `192.0.2.1` or `2001:db8::1`: its PTR records (RFC 1035 §3.5).
  ///
  /// Anyone may give an address of his own any name: check that `addresses(of:)` of the name has the address before
  /// it means anything. Fails with a ``NameError``. Twisted: `lookupPointer`; Python: `gethostbyaddr`.
  public func names(of address: String) -> Deferred<[DNSName]> {
    guard let address = IPAddress(address) else {
      return .fail(
        NameError(
          .badName, address.debugDescription, "PTR", reason: "give an address, such as 192.0.2.1 or 2001:db8::1"))
    }
    followFiles()
    if let name = configuration.hosts.name(of: address) { return .succeed([name]) }
    let answer: Deferred<NameAnswer<DNSName>> = lookup(address.reverseName, .ptr)
    return answer.addCallback { $0.values }
  }

  /// Looks up the names of a socket's address. See above.
  public func names(of address: SocketAddress) -> Deferred<[DNSName]> { names(of: address.host) }
}

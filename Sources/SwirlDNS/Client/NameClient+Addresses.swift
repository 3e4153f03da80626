public import SwirlDeferred
public import SwirlNet
import SwirlReactor

extension NameClient {
  /// Looks up the addresses of a host, in the order in which to try them, with port zero; never an empty list.
  ///
  /// It is what connecting wants: `reactor.resolver.lookup = names.addresses`. An address is itself, `localhost` this
  /// machine (RFC 6761 §6.3); then the hosts of the configuration count, then the servers, with its search list.
  /// IPv6 addresses come first if this machine has a route there. If one family has its addresses, the other is waited
  /// for a second at most.
  ///
  /// Fails with a ``NameError``. Cancelling affects this call only. Twisted: `getHostByName`; aiodns:
  /// `gethostbyname`; Go: `LookupHost`.
  public func addresses(of host: String) -> Deferred<[SocketAddress]> {
    if let address = SocketAddress(ip: host, port: 0) { return .succeed([address]) }
    let name: DNSName
    do throws(NameError) { name = try DNSName(host) } catch { return .fail(error) }
    followFiles()
    if let known = knownAddresses(of: name) { return .succeed(known) }
    if name.isUnder(.invalid) || name.isRoot {
      // RFC 6761 §6.4.
      return .fail(NameError(.noSuchName, name, reason: "the name does not exist, as no name of its kind"))
    }
    let candidates = candidates(for: name, isAbsolute: host.hasSuffix("."))
    var lookup: AddressLookup?
    let addresses = Deferred<[SocketAddress]>(canceller: { _ in lookup?.cancel() })
    lookup = AddressLookup(host, candidates, of: self) { result in
      lookup = nil
      addresses.fire(with: result.mapError { $0 })
    }
    if addresses.isFired { lookup = nil }
    return addresses
  }

  /// The addresses that are known without asking.
  func knownAddresses(of name: DNSName) -> [SocketAddress]? {
    if name.isUnder(.localhost) {
      return ["::1", "127.0.0.1"].compactMap { SocketAddress(ip: $0, port: 0) }
    }
    let hosts = configuration.hosts[name]
    return hosts.isEmpty ? nil : hosts.map { SocketAddress($0, port: 0) }
  }

  /// The names to ask for, one after another: `resolv.conf(5)`, "ndots".
  private func candidates(for name: DNSName, isAbsolute: Bool) -> [DNSName] {
    if isAbsolute || configuration.searchDomains.isEmpty { return [name] }
    let completed = configuration.searchDomains.compactMap { name.appending($0) }
    return name.labelCount > configuration.ndots ? [name] + completed : completed + [name]
  }

  /// Whether this machine has a route to an address. No packet is sent for that.
  func canReach(_ address: SocketAddress) -> Bool {
    let now = reactor.now
    if let ipv6Route, ipv6Route.until > now { return ipv6Route.exists }
    let socket = try? reactor.openDatagrams(to: address.with(port: 53), from: nil, DatagramOptions(), at: CallSite())
    socket?.close()
    ipv6Route = (socket != nil, now + .seconds(10))
    return socket != nil
  }
}

extension DNSName {
  /// RFC 6761 §6.3, §6.4.
  fileprivate static let localhost: DNSName = "localhost"
  fileprivate static let invalid: DNSName = "invalid"
}

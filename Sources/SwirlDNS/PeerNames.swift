// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred
public import SwirlNet

/// aiodns, pycares: its class.
@available(*, unavailable, renamed: "NameClient", message: "NameClient(), which is configured as this machine")
public typealias DNSResolver = NameClient

/// Twisted: its class.
@available(
  *, unavailable, message: "names.services(\"_x._tcp.example.org\") gives the servers in the order in which to try them"
)
public struct SRVConnector {}

// twisted.names.client
extension NameClient {
  /// Twisted: the first address of a host.
  @available(*, unavailable, message: "addresses(of: host) gives all addresses; the first is the one to try first")
  public func getHostByName(_ host: String) -> Deferred<String> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .a)")
  public func lookupAddress(_ name: String) -> Deferred<NameAnswer<IPAddress>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .aaaa)")
  public func lookupIPV6Address(_ name: String) -> Deferred<NameAnswer<IPAddress>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .mx)")
  public func lookupMailExchange(_ name: String) -> Deferred<NameAnswer<MXRecord>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .txt)")
  public func lookupText(_ name: String) -> Deferred<NameAnswer<TXTRecord>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "services(name) in the order in which to try them, or lookup(name, .srv)")
  public func lookupService(_ name: String) -> Deferred<NameAnswer<SRVRecord>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "names(of: \"192.0.2.1\"), or lookup(name, .ptr) of a reversed name")
  public func lookupPointer(_ name: String) -> Deferred<NameAnswer<DNSName>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .cname)")
  public func lookupCanonicalName(_ name: String) -> Deferred<NameAnswer<DNSName>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .ns)")
  public func lookupNameservers(_ name: String) -> Deferred<NameAnswer<DNSName>> { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "lookup(name, .soa)")
  public func lookupAuthority(_ name: String) -> Deferred<NameAnswer<SOARecord>> { fatalError() }
}

// dnspython, aiodns
extension NameClient {
  /// dnspython: the records of a name; the type is text there.
  @available(*, unavailable, message: "lookup(name, .mx), with a type that decides what an answer contains")
  public func resolve(_ name: String, _ type: String = "A") -> Deferred<NameAnswer<[UInt8]>> { fatalError() }
  /// aiodns: the type is text there.
  @available(*, unavailable, message: "lookup(name, .mx), with a type that decides what an answer contains")
  public func query(_ name: String, _ type: String) -> Deferred<NameAnswer<[UInt8]>> { fatalError() }
  /// The type is text elsewhere.
  @available(*, unavailable, message: "lookup(name, .mx); RecordType(named: text) makes a type of text")
  public func lookup(_ name: String, _ type: String) -> Deferred<NameAnswer<[UInt8]>> { fatalError() }
  /// aiodns, asyncio.
  @available(*, unavailable, message: "addresses(of: host)")
  public func gethostbyname(_ host: String) -> Deferred<[SocketAddress]> { fatalError() }
  /// aiodns, asyncio.
  @available(*, unavailable, message: "names(of: address)")
  public func gethostbyaddr(_ address: String) -> Deferred<[DNSName]> { fatalError() }
  /// asyncio, aiodns.
  @available(*, unavailable, message: "addresses(of: host); reactor.resolver.resolve(host, port: port) asks the system")
  public func getaddrinfo(_ host: String, _ port: Int = 0) -> Deferred<[SocketAddress]> { fatalError() }
  /// dnspython: the names of an address.
  @available(*, unavailable, message: "names(of: address)")
  public func resolve_address(_ address: String) -> Deferred<[DNSName]> { fatalError() }
  /// dnspython, aiodns.
  @available(*, unavailable, message: "configuration.servers, which are socket addresses: they have a port")
  public var nameservers: [String] {
    get { fatalError() }
    set { fatalError() }
  }
}

extension NameAnswer {
  /// dnspython: the records with their TTL.
  @available(*, unavailable, renamed: "records")
  public var rrset: [DNSRecord] { fatalError() }
  /// dnspython: until when the answer counts.
  @available(*, unavailable, message: "ttl is for how long it may be kept")
  public var expiration: Duration { fatalError() }
}

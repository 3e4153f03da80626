public import SwirlNet

extension NameClient {
  /// Whom a client asks, and how. The defaults are those of `resolv.conf(5)`.
  public struct Configuration: Sendable {
    /// The servers, in the order in which to ask them; port 53 is usual.
    public var servers: [SocketAddress]
    /// The domains to complete host names with: `www` becomes `www.example.com`.
    public var searchDomains: [DNSName] = []
    /// A host name with at least this many dots is looked up as it is before it is completed.
    public var ndots = 1
    /// How long a server has for its answer, before the next is asked.
    public var timeout = Duration.seconds(5)
    /// How often each server is asked.
    public var attempts = 2
    /// Whether each lookup begins with another server, in turn.
    public var rotates = false
    /// Whether questions say that we take datagrams of 1,232 bytes (RFC 6891). A server that does not know this is
    /// asked without.
    public var usesEDNS = true
    /// Whether the letters of a name have a random case, which the answer must repeat: one more thing that a forger has
    /// to guess. Some servers do not repeat it; they are asked over TCP then.
    public var randomizesCase = false
    /// Whether servers are asked over TCP alone.
    public var usesTCP = false
    /// The names with addresses of their own, which are not asked for.
    public var hosts = Hosts()
    /// The maximum number of questions in flight; further ones wait.
    public var maximumQueries = 256
    /// The maximum number of answers that are kept for their TTL; zero turns the cache off.
    public var cacheCapacity = 10_000
    /// The maximum time for which an answer is kept, whatever its TTL.
    public var maximumTTL = Duration.seconds(86_400)

    /// The files to follow.
    var systemFiles: SystemFiles?

    /// Asks these servers.
    public init(servers: [SocketAddress]) { self.servers = servers }

    /// Asks as these texts say, in the form of `resolv.conf(5)` and `hosts(5)`. What they do not say is as by default,
    /// and so is what cannot be read; without a server it is that of this machine, as in the manual.
    public init(resolvConf: String, hosts: String = "") {
      self.init(servers: [])
      read(resolvConf)
      self.hosts = Hosts(hosts)
    }

    /// As this machine is configured: `/etc/resolv.conf` and `/etc/hosts`.
    ///
    /// A client looks whether the files have changed, at a lookup and every five seconds at most, and takes over what
    /// they say then, but for the properties that the program has set to something else.
    public static var system: Configuration { Configuration(SystemFiles()) }
  }
}

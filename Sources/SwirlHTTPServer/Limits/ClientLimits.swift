import Logging
public import SwirlNet
import SwirlReactor

extension HTTPServer {
  /// Limits on what clients of one address may ask for: see ``Configuration/clientLimits``.
  ///
  /// ```swift
  /// var configuration = HTTPServer.Configuration()
  /// configuration.clientLimits = .init(connections: 50, requestsPerSecond: 20, burst: 100)
  /// ```
  ///
  /// An IPv6 address counts with the others of its network (`/64`), of which one client has all. Connections beyond the
  /// limit are closed as soon as they are accepted, before TLS; requests beyond the rate get 429 with Retry-After. Both
  /// are logged, one line in ten seconds.
  ///
  /// Behind ``Configuration/trustedProxies`` the rate is that of the client that the proxies name; their connections
  /// are not limited, nor are those over Unix sockets and of a client whose address is not known. With
  /// ``Configuration/proxyProtocol`` both count for the client.
  ///
  /// It may be used from any thread: the servers of an ``HTTPServerGroup`` share the limits if they are made once,
  /// outside of the closure that makes the servers. Its memory is bounded: of some 100,000 addresses with requests
  /// those that asked last are known.
  ///
  /// nginx: `limit_conn` and `limit_req`.
  public final class ClientLimits: Sendable {
    /// How many connections an address may have open; nil for any number.
    public let connections: Int?
    /// How many requests a second an address may send, in the long run; nil for any number.
    public let requestsPerSecond: Double?
    /// How many requests it may send at once.
    public let burst: Int
    /// Addresses without limits.
    public let exempt: [AddressRange]

    let open: OpenConnections
    let rates: RequestRates?
    let logger: Logger

    /// - Parameters:
    ///   - connections: how many connections an address may have open; nil for any number.
    ///   - requestsPerSecond: how many requests a second an address may send, in the long run; nil for any number.
    ///   - burst: how many requests it may send at once; nil for those of a second.
    ///   - exempt: addresses without limits, such as those of monitoring.
    public convenience init(
      connections: Int? = nil, requestsPerSecond: Double? = nil, burst: Int? = nil, exempt: [AddressRange] = []
    ) {
      self.init(
        connections, requestsPerSecond, burst, exempt, knownAddresses: 128 * 1024,
        Logger(label: "swirl.http.limits"))
    }

    init(
      _ connections: Int?, _ requestsPerSecond: Double?, _ burst: Int?, _ exempt: [AddressRange],
      knownAddresses: Int, _ logger: Logger
    ) {
      let burst = burst ?? max(1, Int(min(requestsPerSecond ?? 1, 1e9)))
      self.connections = connections
      self.requestsPerSecond = requestsPerSecond
      self.burst = burst
      self.exempt = exempt
      self.logger = logger
      open = OpenConnections(limit: connections ?? .max)
      rates = requestsPerSecond.map { RequestRates(perSecond: $0, burst: burst, knownAddresses: knownAddresses) }
    }

    /// How many connections were closed because of the limit.
    public var refusedConnections: Int { open.refused }

    /// How many requests got a 429.
    public var refusedRequests: Int { rates?.refused ?? 0 }

    private func isExempt(_ address: SocketAddress) -> Bool {
      !exempt.isEmpty && exempt.contains { $0.contains(address) }
    }

    /// Counts a connection, while the object that it returns lives.
    func admit(_ address: SocketAddress?) -> Listener.Admission {
      guard connections != nil, let address, let key = ClientKey(address), !isExempt(address) else { return .unlimited }
      if let counted = open.add(key) { return .counted(counted) }
      if open.mayLog(at: SystemClock.monotonic) {
        let limit = open.limit.of("connection") ?? "no connections"
        logger.notice("\(address.host) has \(limit), and more are closed; \(open.refused) so far")
      }
      return .refused
    }

    /// Counts a request: after how many seconds it may be repeated, nil if it is within the rate.
    func retryAfter(_ address: SocketAddress?, at now: Int64) -> Int? {
      guard let rates, let address, let key = ClientKey(address), !isExempt(address),
        let seconds = rates.take(key, at: now)
      else { return nil }
      if rates.mayLog(at: now) {
        logger.notice(
          "\(address.host) sends more than \(requestsPerSecond ?? 0) requests a second: 429, \(rates.refused) so far")
      }
      return seconds
    }
  }
}

/// What counts as one client: an IPv4 address, or the network (`/64`) of an IPv6 address.
struct ClientKey: Hashable, Sendable {
  private let bytes: UInt64
  private let isIPv6: Bool

  /// nil for a Unix socket.
  init?(_ address: SocketAddress) {
    guard let all = address.ipBytes else { return nil }
    let isMapped = all.count == 16 && all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
    isIPv6 = all.count == 16 && !isMapped
    bytes = (isMapped ? all[12...] : all[...].prefix(8)).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

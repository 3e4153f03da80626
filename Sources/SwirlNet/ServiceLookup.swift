import SwirlDeferred
import SwirlReactor

/// The lookup of an origin of HTTPS: its HTTPS records (RFC 9460), beside its addresses.
///
/// Records that come late do not delay a connect: when the addresses are there, it waits 50 ms for them
/// (draft-ietf-happy-happyeyeballs-v3 §4.2). A lookup of records that fails counts as one without records.
final class ServiceLookup {
  /// The Resolution Delay.
  static let resolutionDelay = Duration.milliseconds(50)
  /// The maximum number of endpoints that are looked up: a name may have more records than anyone would try.
  private static let maximumEndpoints = 8

  /// Fires with what to try; fails if there is no address.
  let plan: Deferred<ConnectPlan>
  private let host: String
  private let port: Int
  /// What the client can offer; empty for anything.
  private let offered: [String]
  private let resolver: Resolver
  private let reactor: Reactor
  /// The endpoints of the records; nil until they have come.
  private var endpoints: [ServiceEndpoint]?
  private var found: [String: Result<[SocketAddress], any Error>] = [:]
  private var lookups: [AnyDeferred] = []
  private var missing = 0
  private var delay: DelayedCall?
  /// Whether the delay has passed, or was not needed.
  private var isDue = false
  private var isStarting = true
  /// Whether the plan was made, or cancelled.
  private var hasEnded = false

  init(
    _ host: String, port: Int, offering offered: [String], by resolver: Resolver,
    _ records: (String, Int) -> Deferred<[ServiceEndpoint]>, on reactor: Reactor
  ) {
    self.host = host
    self.port = port
    self.offered = offered
    self.resolver = resolver
    self.reactor = reactor
    weak var lookup: ServiceLookup?
    plan = Deferred(canceller: { _ in lookup?.cancel() })
    lookup = self
    let answer = records(host, port)
    lookups.append(answer)
    answer.addCallbacks(
      { [self] in gotRecords($0) },
      { [self] _ in gotRecords([]) })
    ask(host)
    isStarting = false
    proceed()
  }

  private func ask(_ name: String) {
    missing += 1
    // With port zero: an endpoint has its own.
    let addresses = resolver.resolve(name)
    lookups.append(addresses)
    addresses.addBoth { [self] in
      missing -= 1
      found[name] = $0
      proceed()
    }
  }

  private func gotRecords(_ endpoints: [ServiceEndpoint]) {
    if hasEnded { return }
    let usable = endpoints.prefix(Self.maximumEndpoints).filter { protocols(for: $0)?.isEmpty != true }
    self.endpoints = Array(usable)
    // Another wait begins: for the addresses of their hosts.
    delay.take()?.cancel()
    isDue = false
    for name in Set(usable.map(\.host)) where name != host { ask(name) }
    proceed()
  }

  /// What to offer to an endpoint: those of its protocols that the client speaks; nil for all.
  private func protocols(for endpoint: ServiceEndpoint) -> [String]? {
    if endpoint.applicationProtocols.isEmpty || offered.isEmpty { return nil }
    let common = offered.filter(endpoint.applicationProtocols.contains)
    return common == offered ? nil : common
  }

  /// Decides whether to wait.
  private func proceed() {
    if isStarting || hasEnded { return }
    let made = makePlan()
    if endpoints != nil, missing == 0 {
      if case .failure(let error)? = found[host], made.addresses.isEmpty { return end { plan.errback(error) } }
      return end { plan.callback(made) }
    }
    // Without an address there is nothing to connect to.
    if made.addresses.isEmpty { return }
    if isDue { return end { plan.callback(made) } }
    if delay == nil {
      delay = reactor.callLater(Self.resolutionDelay) { [self] in
        isDue = true
        proceed()
      }
    }
  }

  private func makePlan() -> ConnectPlan {
    var plan = ConnectPlan()
    for endpoint in endpoints ?? [] {
      var addresses = endpoint.addresses
      // Hints count until the addresses themselves are known (RFC 9460 §7.3).
      if case .success(let known)? = found[endpoint.host] { addresses = known.map { $0.withPort(endpoint.port) } }
      plan.append(addresses, offering: protocols(for: endpoint))
    }
    // As without records (RFC 9460 §3): these may have endpoints that nothing reaches.
    if case .success(let known)? = found[host] { plan.append(known.map { $0.withPort(port) }, offering: nil) }
    return plan
  }

  /// Lookups under way run to their end: the next connect has their answers.
  private func end(_ fire: () -> Void) {
    hasEnded = true
    delay.take()?.cancel()
    lookups = []
    fire()
  }

  private func cancel() {
    hasEnded = true
    delay.take()?.cancel()
    let lookups = lookups
    self.lookups = []
    for lookup in lookups where !lookup.isFired { lookup.cancel() }
  }
}

extension SocketAddress {
  /// With this port, if it has port zero.
  fileprivate func withPort(_ port: Int) -> SocketAddress { self.port == 0 ? with(port: port) : self }
}

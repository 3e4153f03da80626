public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// Resolves host names. Each reactor has one, `reactor.resolver`, which connecting uses.
///
/// It calls the system (`getaddrinfo(3)`) on its own threads, so that slow lookups do not delay other work. A cancelled
/// lookup does not delay others: its thread, which cannot be stopped, no longer counts, up to 128 of them; beyond that,
/// lookups fail at once while no thread is free. Concurrent lookups of a name share one call; results are cached for
/// ``cacheDuration``. Use it on the reactor's thread. Twisted: `reactor.resolver`, `IHostnameResolver`.
public final class Resolver {
  /// How long a result is cached; zero or less disables the cache. Failures are never cached. Five seconds by default:
  /// long enough for a burst of connections, short enough to follow a change of addresses.
  public var cacheDuration: Duration = .seconds(5)

  /// Looks up a name that is neither an address nor in the cache. Called on the reactor's thread, at most once at a
  /// time for a name, which is in lower case.
  ///
  /// An address with port zero gets the requested port. To define addresses for some names:
  ///
  /// ```swift
  /// let system = reactor.resolver.lookup
  /// reactor.resolver.lookup = { name in
  ///   name == "api.test" ? .succeed([SocketAddress(ip: "127.0.0.1", port: 8080)!]) : system(name)
  /// }
  /// ```
  public var lookup: (_ name: String) -> Deferred<[SocketAddress]>

  /// Looks up how to reach an origin of HTTPS, by its HTTPS records (RFC 9460); nil, the default, connects without.
  ///
  /// Clients of HTTP call it for each connection to a `https` or `wss` origin without a proxy, on the reactor's thread,
  /// beside the lookup of its addresses. They connect to the endpoints in their order, and then to the origin as
  /// without records. An endpoint is offered those of its application protocols that the client speaks, and is left
  /// out without any. TLS verifies the origin's name in any case. Addresses that are there wait 50 ms for this, and a
  /// failure counts as no records: neither delays nor breaks a connect. A `http` origin stays with `http`: its records
  /// would ask for `https` (RFC 9460 §9.5), which is the program's decision.
  ///
  /// `reactor.resolver.use(names)`, of a `NameClient`, sets it.
  public var httpsLookup: ((_ host: String, _ port: Int) -> Deferred<[ServiceEndpoint]>)?

  private struct Answer {
    let addresses: [SocketAddress]
    let goodUntil: Instant
  }
  private var answers: [String: Answer] = [:]
  /// The waiters for one name.
  private final class Question {
    var askers: [Deferred<[SocketAddress]>] = []
    /// The lookup that was started for it.
    var lookup: AnyDeferred?
  }
  private var questions: [String: Question] = [:]
  // Unowned: the reactor owns the resolver.
  private unowned let reactor: Reactor
  let system: SystemLookups

  /// The maximum number of cached results.
  private static let capacity = 1024

  init(on reactor: Reactor) {
    self.reactor = reactor
    let system = SystemLookups(on: reactor)
    self.system = system
    lookup = { name in Resolver.isLocalhost(name) ? .succeed(Resolver.loopback) : system.addresses(of: name) }
  }

  /// Gives the addresses of `host` with `port`, in the order in which to try them (RFC 6724); never an empty list.
  ///
  /// An address such as `127.0.0.1` or `::1`, and a cached name, fires at once. `localhost` and names that end in
  /// `.localhost` are always this machine (RFC 6761 §6.3). Cancelling affects this call only: other waiters for the
  /// same name get the result, and it is cached. Cancelling the last one drops a lookup that no thread has started, and
  /// cancels one of the program's own.
  ///
  /// Fails with a ``NetError`` with the code `.resolve` and the host.
  public func resolve(_ host: String, port: Int = 0) -> Deferred<[SocketAddress]> {
    switch addresses(of: host, port: port) {
    case .known(let addresses): .succeed(addresses)
    case .asked(let question): question
    case .planned(let plan): plan.addCallback { $0.addresses }
    }
  }

  /// The addresses of `host` with `port`, like ``resolve(_:port:)``, but without a Deferred if they are known.
  func addresses(of host: String, port: Int) -> Connector.Addresses {
    guard (0...65535).contains(port) else {
      return .asked(.fail(NetError(.resolve, host.debugDescription, reason: "a port is a number from 0 to 65535")))
    }
    if let address = SocketAddress(ip: host, port: port) { return .known([address]) }
    if let problem = Self.problem(with: host) {
      return .asked(.fail(NetError(.resolve, host.debugDescription, reason: problem)))
    }
    func withPort(_ addresses: [SocketAddress]) -> [SocketAddress] {
      addresses.map { $0.port == 0 ? $0.with(port: port) : $0 }
    }
    let name = host.lowercased()
    if let addresses = cached(name) { return .known(withPort(addresses)) }
    return .asked(ask(name).addCallback(withPort))
  }

  /// What to connect to for an origin of HTTPS, of which TLS can offer some protocols.
  func plan(forHTTPS host: String, port: Int, offering protocols: [String]) -> Connector.Addresses {
    guard let httpsLookup, (1...65535).contains(port), SocketAddress(ip: host, port: port) == nil,
      Self.problem(with: host) == nil
    else { return addresses(of: host, port: port) }
    let host = host.lowercased()
    return .planned(
      ServiceLookup(host, port: port, offering: protocols, by: self, httpsLookup, on: reactor).plan)
  }

  /// Clears the cache.
  public func removeCachedAnswers() { answers = [:] }

  // MARK: - Lookups

  private func cached(_ name: String) -> [SocketAddress]? {
    guard let answer = answers[name] else { return nil }
    if answer.goodUntil > reactor.now { return answer.addresses }
    answers[name] = nil
    return nil
  }

  private func ask(_ name: String) -> Deferred<[SocketAddress]> {
    if let question = questions[name] { return join(question, name) }
    let question = Question()
    questions[name] = question
    let answer = join(question, name)
    let started = lookup(name)
    question.lookup = started
    started.addBoth { [weak self] result in
      guard let self else { return }
      question.lookup = nil
      if questions[name] === question { questions[name] = nil }
      let result = result.mapError { Self.netError($0, name) }.flatMap { addresses in
        addresses.isEmpty
          ? .failure(NetError(.resolve, name, reason: "the name has no IPv4 or IPv6 address")) : .success(addresses)
      }
      if case .success(let addresses) = result { keep(addresses, for: name) }
      // A waiter's callback may cancel another waiter, which has its result then.
      for asker in question.askers where !asker.isFired { asker.fire(with: result) }
    }
    return answer
  }

  private func join(_ question: Question, _ name: String) -> Deferred<[SocketAddress]> {
    let asker = Deferred<[SocketAddress]>(canceller: { [weak question, system] asker in
      guard let question else { return }
      question.askers.removeAll { $0 === asker }
      // A lookup of the program's can be stopped.
      if question.askers.isEmpty, !system.leave(name) { question.lookup?.cancel() }
    })
    question.askers.append(asker)
    return asker
  }

  private func keep(_ addresses: [SocketAddress], for name: String) {
    guard cacheDuration > .zero else { return }
    let now = reactor.now
    if answers.count >= Self.capacity {
      answers = answers.filter { $0.value.goodUntil > now }
      if answers.count >= Self.capacity { answers = [:] }
    }
    answers[name] = Answer(addresses: addresses, goodUntil: now + cacheDuration)
  }

  /// The error for those who connect: a failure of another lookup is one of resolving.
  private static func netError(_ error: any Error, _ name: String) -> any Error {
    guard let failure = error as? any LookupFailure else { return error }
    return NetError(.resolve, name, reason: failure.lookupReason)
  }

  // MARK: - Names

  /// Why a name is invalid, and what to do; nil if it can be looked up.
  private static func problem(with host: String) -> String? {
    if host.isEmpty { return "the host name is empty: give a name such as example.com, or an address" }
    if host.utf8.contains(0) { return "a host name cannot hold a NUL byte: check where it comes from" }
    if host.utf8.count > (host.utf8.last == UInt8(ascii: ".") ? 254 : 253) {
      return "a host name has at most 253 bytes, this one has \(host.utf8.count): check where it comes from"
    }
    if host.hasPrefix("["), host.hasSuffix("]") { return "give an IPv6 address without the brackets" }
    return nil
  }

  static func isLocalhost(_ name: String) -> Bool {
    let name = name.hasSuffix(".") ? name.dropLast() : name[...]
    return name == "localhost" || name.hasSuffix(".localhost")
  }

  private static let loopback = ["::1", "127.0.0.1"].compactMap { SocketAddress(ip: $0, port: 0) }
}

/// An error of a lookup other than the system's.
package protocol LookupFailure: Error {
  /// Why the name has no addresses, and what to do.
  var lookupReason: String { get }
}

extension Reactor {
  /// The resolver of this reactor.
  public var resolver: Resolver { attached(Resolver.self) { Resolver(on: self) } }
}

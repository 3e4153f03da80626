import SwirlDeferred
import SwirlReactor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One connect, from the name to the open socket: Happy Eyeballs (RFC 8305).
///
/// The addresses are tried in turn. The next one starts when the one before has failed or has not answered for a moment;
/// the first that connects wins, and the others are closed.
///
/// `Connectors` owns it, and nothing else does, so that it goes when the reactor does: its Deferred, timers and events
/// point back weakly.
final class Connector {
  /// RFC 8305 §5: the Connection Attempt Delay.
  static let attemptDelay = Duration.milliseconds(250)

  private unowned let reactor: Reactor
  /// With whom, as the program named it.
  private let peer: String
  private let attemptDelay: Duration
  /// What to tell; nil once it was told, or cancelled.
  private var outcome: Deferred<SocketTransport>?
  private var lookup: Deferred<Void>?
  private var isResolved = false
  private var untried: ArraySlice<SocketAddress> = []
  private var attempts: [ConnectAttempt] = []
  private var failures: [NetError] = []
  private var delayCall: DelayedCall?
  private var timeoutCall: DelayedCall?

  private init(_ peer: String, attemptDelay: Duration, on reactor: Reactor) {
    self.peer = peer
    self.attemptDelay = attemptDelay
    self.reactor = reactor
  }

  /// Connects to the first of `addresses` that lets it; cancelling stops at every step.
  static func connect(
    to peer: String, _ addresses: Deferred<[SocketAddress]>, timeout: Duration?,
    attemptDelay: Duration = Connector.attemptDelay, on reactor: Reactor
  ) -> Deferred<SocketTransport> {
    let connector = Connector(peer, attemptDelay: attemptDelay, on: reactor)
    let outcome = Deferred<SocketTransport>(canceller: { [weak connector] _ in connector?.stop() })
    connector.outcome = outcome
    Connectors.of(reactor).insert(connector)
    if let timeout {
      connector.timeoutCall = reactor.callLater(timeout) { [weak connector] in connector?.timedOut(after: timeout) }
    }
    connector.lookup = addresses.addCallbacks(
      { [weak connector] in connector?.begin($0) }, { [weak connector] in connector?.finish(.failure($0)) })
    return outcome
  }

  private func begin(_ addresses: [SocketAddress]) {
    isResolved = true
    untried = addresses.interleavingFamilies()[...]
    tryNext()
  }

  private func tryNext() {
    delayCall?.cancel()
    delayCall = nil
    while let address = untried.popFirst() {
      do {
        let attempt = try ConnectAttempt(to: address, on: reactor)
        attempts.append(attempt)
        attempt.whenDone { [unowned self] in ended($0, error: $1) }
        if !untried.isEmpty { delayCall = reactor.callLater(attemptDelay) { [weak self] in self?.tryNext() } }
        return
      } catch {
        failures.append(error)
      }
    }
    if attempts.isEmpty { finish(.failure(summary())) }
  }

  private func ended(_ attempt: ConnectAttempt, error: NetError?) {
    attempts.removeAll { $0 === attempt }
    if let error {
      failures.append(error)
      tryNext()
    } else {
      finish(.success(SocketTransport(attempt.takeDescriptor(), peer: attempt.address, on: reactor)))
    }
  }

  private func timedOut(after timeout: Duration) {
    let reason =
      isResolved
      ? "no answer within \(timeout)" + (failures.isEmpty ? "" : "; \(list(failures))")
      : "the name was not resolved within \(timeout)"
    finish(.failure(NetError(.connect, peer, errno: ETIMEDOUT, reason: reason)))
  }

  private func finish(_ result: Result<SocketTransport, any Error>) {
    guard let outcome else { return }
    stop()
    outcome.fire(with: result)
  }

  /// Lets go of all that is under way.
  private func stop() {
    outcome = nil
    timeoutCall?.cancel()
    delayCall?.cancel()
    untried = []
    for attempt in attempts { attempt.close() }
    attempts = []
    lookup?.cancel()
    Connectors.of(reactor).remove(self)
  }

  // MARK: - Errors

  /// Why nothing could be connected: what the only address said, or what each of them did.
  private func summary() -> NetError {
    guard let last = failures.last else { return NetError(.connect, peer, reason: "there is no address to connect to") }
    if failures.count == 1 { return NetError(.connect, peer, errno: last.errno, reason: last.reason) }
    let isSame = failures.allSatisfy { $0.reason == last.reason }
    let reason =
      isSame ? "\(last.reason) (tried \(failures.map(\.peer).joined(separator: ", ")))" : list(failures)
    return NetError(.connect, peer, errno: last.errno, reason: reason)
  }

  private func list(_ failures: [NetError]) -> String {
    failures.map { "\($0.peer): \($0.reason)" }.joined(separator: "; ")
  }
}

/// The connects of a reactor that are under way: it keeps them, since nobody else does.
final class Connectors {
  private var connectors: [ObjectIdentifier: Connector] = [:]

  static func of(_ reactor: Reactor) -> Connectors { reactor.attached(Connectors.self) { Connectors() } }

  func insert(_ connector: Connector) { connectors[ObjectIdentifier(connector)] = connector }
  func remove(_ connector: Connector) { connectors[ObjectIdentifier(connector)] = nil }
}

extension [SocketAddress] {
  /// The order in which to try them (RFC 8305 §4): by turns of each family, beginning with that of the first address, which
  /// the resolver puts first because it prefers it: IPv6 wherever there is a way to it.
  func interleavingFamilies() -> [SocketAddress] {
    guard let first else { return [] }
    var preferred = filter { $0.family == first.family }[...]
    var other = filter { $0.family != first.family }[...]
    var order: [SocketAddress] = []
    while let address = preferred.popFirst() {
      order.append(address)
      if let next = other.popFirst() { order.append(next) }
    }
    return order + other
  }
}

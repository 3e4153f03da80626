import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

/// One connect, from the name to the open socket: Happy Eyeballs (RFC 8305).
///
/// It tries the addresses in order. The next one starts when the previous one has failed or has not connected for a
/// moment; the first that connects wins, and the others are closed.
///
/// The reactor retains it until it has ended or was cancelled, so its timers and events need not own it.
package final class Connector: CancellableCall, ReactorHandle {
  /// RFC 8305 §5: the Connection Attempt Delay.
  static let attemptDelay = Duration.milliseconds(250)

  /// The peer, as the program named it.
  struct Peer: CustomStringConvertible {
    let host: String
    let port: Int?

    var description: String {
      guard let port else { return host }
      return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }

  /// Its addresses: known, or being resolved.
  enum Addresses {
    case known([SocketAddress])
    case asked(Deferred<[SocketAddress]>)
    /// In their order, which stays.
    case planned(Deferred<ConnectPlan>)
  }

  /// How to secure the connection, once it is established.
  struct Security {
    let context: any SecurityContext
    /// The peer that the certificate must name; nil is the connected peer.
    var peer: Peer?
  }

  /// A tunnel through a proxy, to which the connector connects.
  typealias Tunnel = () -> any TunnelNegotiation

  package typealias Completion = (Result<any ConnectedTransport, any Error>) -> Void

  private unowned let reactor: Reactor
  private let peer: Peer
  private let attemptDelay: Duration
  private let options: SocketOptions
  private let security: Security?
  private let tunnel: Tunnel?
  /// Security with the proxy itself, beneath all else.
  private let proxySecurity: Security?
  /// The filter of allowed addresses; nil allows all.
  private let allows: ((SocketAddress) -> Bool)?
  // Exempt from run-time checks for overlapping access: each is read or written as a whole, or by a closure of ours.
  @exclusivity(unchecked) private var tunnelHandshake: TunnelHandshake?
  /// Kept for a second connection to the proxy.
  @exclusivity(unchecked) private var negotiation: (any TunnelNegotiation)?
  @exclusivity(unchecked) private var isSecuringProxy = false
  @exclusivity(unchecked) private var handshake: SecurityHandshake?
  /// The completion; nil once it was called, or cancelled.
  @exclusivity(unchecked) private var completion: Completion?
  @exclusivity(unchecked) private var lookup: Deferred<Void>?
  /// Whether the caller is still in the initializer, so that the completion must wait.
  @exclusivity(unchecked) private var isStarting = true
  @exclusivity(unchecked) private var isResolved = false
  /// The times of its steps, for the completion.
  @exclusivity(unchecked) package private(set) var times = ConnectTimes()
  @exclusivity(unchecked) private var addresses: [SocketAddress] = []
  @exclusivity(unchecked) private var untried: ArraySlice<SocketAddress> = []
  /// The application protocols for addresses to which TLS does not offer all.
  @exclusivity(unchecked) private var applicationProtocols: [SocketAddress: [String]] = [:]
  /// Those for the address that has connected; nil for all.
  @exclusivity(unchecked) private var offered: [String]?
  @exclusivity(unchecked) private var attempts: [ConnectAttempt] = []
  @exclusivity(unchecked) private var failures: [NetError] = []
  @exclusivity(unchecked) private var delayCall: DelayedCall?
  @exclusivity(unchecked) private var timeoutCall: DelayedCall?
  private let site: CallSite
  @exclusivity(unchecked) package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .connect }
  package var handlePeer: String? { peer.description }

  /// Connects to the first of `addresses` that accepts. It calls `completion` once, never before this has returned, and
  /// not after `cancel()`, which works at every step.
  init(
    to peer: Peer, _ addresses: Addresses, timeout: Duration?, options: SocketOptions = SocketOptions(),
    tunnel: Tunnel? = nil,
    proxySecurity: Security? = nil, security: Security? = nil, allows: ((SocketAddress) -> Bool)? = nil,
    attemptDelay: Duration = Connector.attemptDelay, on reactor: Reactor, at site: CallSite = CallSite(),
    _ completion: @escaping Completion
  ) {
    self.peer = peer
    self.site = site
    self.attemptDelay = attemptDelay
    self.options = options
    self.tunnel = tunnel
    self.proxySecurity = proxySecurity
    self.security = security
    self.allows = allows
    self.reactor = reactor
    self.completion = completion
    reactor.insertHandle(self, at: site)
    if let timeout { timeoutCall = reactor.callLater(timeout) { [unowned self] in timedOut(after: timeout) } }
    switch addresses {
    case .known(let addresses): begin(addresses)
    case .asked(let question):
      lookup = question.addCallbacks(
        { [weak self] in self?.begin($0) }, { [weak self] in self?.finish(.failure($0)) })
    case .planned(let question):
      lookup = question.addCallbacks(
        { [weak self] in self?.begin($0) }, { [weak self] in self?.finish(.failure($0)) })
    }
    isStarting = false
  }

  /// Stops, without calling the completion.
  package func cancel() { stop() }

  private func begin(_ addresses: [SocketAddress]) {
    begin(ConnectPlan(addresses: addresses.interleavingFamilies()))
  }

  private func begin(_ plan: ConnectPlan) {
    isResolved = true
    if peer.port != nil { times.resolved = reactor.turnTime }
    addresses = plan.addresses
    applicationProtocols = plan.applicationProtocols
    connectToFirst()
  }

  private func connectToFirst() {
    untried = addresses[...]
    tryNext()
  }

  private func tryNext() {
    delayCall?.cancel()
    delayCall = nil
    while let address = untried.popFirst() {
      do throws(NetError) {
        if let allows, !allows(address.unmapped) { throw NetError(notAllowed: address) }
        let attempt = try ConnectAttempt(to: address, options, on: reactor)
        attempts.append(attempt)
        attempt.whenDone { [unowned self] in ended($0, error: $1) }
        if !untried.isEmpty { delayCall = reactor.callLater(attemptDelay) { [unowned self] in tryNext() } }
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
      let transport = SocketTransport(attempt.takeSocket(), peer: attempt.address, on: reactor, at: site)
      if !applicationProtocols.isEmpty { offered = applicationProtocols[attempt.address] }
      // The other attempts are useless now: later failures would not depend on the address.
      closeAttempts()
      if proxySecurity != nil { secureProxy(transport) } else { negotiate(on: transport) }
    }
  }

  /// TLS with the proxy itself.
  private func secureProxy(_ transport: SocketTransport) {
    isSecuringProxy = true
    secure(transport, by: proxySecurity!, peer) { [unowned self] result in
      isSecuringProxy = false
      switch result {
      case .success(let transport): negotiate(on: transport)
      case .failure(let error):
        finish(
          .failure(
            NetError(
              .proxy, peer.description, errno: error.errno, reason: "TLS handshake: \(error.reason)",
              certificate: error.certificate)))
      }
    }
  }

  private func negotiate(on transport: SocketTransport) {
    guard let tunnel else { return secure(transport) }
    let negotiation = negotiation ?? tunnel()
    self.negotiation = negotiation
    tunnelHandshake = TunnelHandshake(transport, negotiation, proxy: peer.description) { [unowned self] outcome in
      tunnelHandshake = nil
      switch outcome {
      case .done: secure(transport)
      case .beginAgain: connectToFirst()
      case .failed(let error): finish(.failure(error))
      }
    }
  }

  private func secure(_ transport: SocketTransport) {
    times.connected = reactor.turnTime
    guard let security else { return finish(.success(transport)) }
    secure(transport, by: security, security.peer ?? peer) { [unowned self] result in
      times.secured = reactor.turnTime
      finish(result.map { $0 }.mapError { $0 })
    }
  }

  private func secure(
    _ transport: SocketTransport, by security: Security, _ peer: Peer,
    _ completion: @escaping SecurityHandshake.Completion
  ) {
    do {
      handshake = try SecurityHandshake(
        transport, security.context, host: peer.host, peer: peer.description, offering: offered, at: site
      ) { [unowned self] result in
        handshake = nil
        completion(result)
      }
    } catch { finish(.failure(error)) }
  }

  private func closeAttempts() {
    delayCall?.cancel()
    untried = []
    for attempt in attempts { attempt.close() }
    attempts = []
  }

  private func timedOut(after timeout: Duration) {
    if tunnelHandshake != nil {
      return finish(
        .failure(
          NetError(
            .proxy, peer.description, errno: ETIMEDOUT, reason: "no connection through it within \(timeout)")))
    }
    if handshake != nil {
      let peer = isSecuringProxy ? peer : security?.peer ?? peer
      return finish(
        .failure(
          NetError(
            isSecuringProxy ? .proxy : .handshake, peer.description, errno: ETIMEDOUT,
            reason: "\(isSecuringProxy ? "TLS handshake " : "")not completed within \(timeout), connecting included: "
              + "does the peer speak TLS there?")))
    }
    let reason =
      isResolved
      ? "no answer within \(timeout)" + (failures.isEmpty ? "" : "; \(list(failures))")
      : "the name was not resolved within \(timeout)"
    finish(.failure(NetError(.connect, peer.description, errno: ETIMEDOUT, reason: reason)))
  }

  private func finish(_ result: Result<any ConnectedTransport, any Error>) {
    if isStarting { return reactor.callSoon { [self] in finish(result) } }
    guard let completion else { return }
    stop()
    completion(result)
  }

  /// Cancels all work in progress.
  private func stop() {
    guard let completion else { return }
    self.completion = nil
    timeoutCall?.cancel()
    closeAttempts()
    tunnelHandshake?.cancel()
    tunnelHandshake = nil
    handshake?.cancel()
    handshake = nil
    lookup?.cancel()
    reactor.handles.remove(self)
    withExtendedLifetime(completion) {}
  }

  // MARK: - Errors

  /// Why no address connected: the error of the only one, or the errors of each.
  private func summary() -> NetError {
    guard let last = failures.last else {
      return NetError(.connect, peer.description, reason: "there is no address to connect to")
    }
    if failures.count == 1 { return NetError(.connect, peer.description, errno: last.errno, reason: last.reason) }
    let isSame = failures.allSatisfy { $0.reason == last.reason }
    let reason =
      isSame ? "\(last.reason) (tried \(failures.map(\.peer).joined(separator: ", ")))" : list(failures)
    return NetError(.connect, peer.description, errno: last.errno, reason: reason)
  }

  private func list(_ failures: [NetError]) -> String {
    failures.map { "\($0.peer): \($0.reason)" }.joined(separator: "; ")
  }
}

extension NetError {
  /// An address that the program's filter refuses.
  init(notAllowed address: SocketAddress) {
    self.init(
      .connect, address, errno: EACCES, reason: "the filter on addresses, `allowsAddress`, does not allow this address")
  }
}

import SwirlDeferred
import SwirlNet
import SwirlReactor

/// One lookup of the addresses of a host: both families at once, for one name of the search list after another.
///
/// The waiters of its questions retain it.
final class AddressLookup {
  private let client: NameClient
  private let host: String
  private var candidates: ArraySlice<DNSName>
  private var completion: ((Result<[SocketAddress], NameError>) -> Void)?
  private var waiters: [NameWaiter] = []
  private var addresses: (ipv4: [IPAddress], ipv6: [IPAddress]) = ([], [])
  private var missing = 0
  private var errors: [NameError] = []
  /// The failure to report if no name has addresses: that of the host as it was written, or what tells most.
  private var failure: NameError?
  private var delay: DelayedCall?

  /// How long the other family is waited for when one has its addresses. A server that never answers for IPv6 must not
  /// hold up a connect.
  static let familyDelay = Duration.seconds(1)

  init(
    _ host: String, _ candidates: [DNSName], of client: NameClient,
    _ completion: @escaping (Result<[SocketAddress], NameError>) -> Void
  ) {
    self.client = client
    self.host = host
    self.candidates = candidates[...]
    self.completion = completion
    askNext()
  }

  func cancel() {
    completion = nil
    leave()
  }

  private func leave() {
    delay.take()?.cancel()
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.cancel() }
  }

  private func askNext() {
    guard let name = candidates.popFirst() else { return finish(.failure(failure ?? errors[0])) }
    addresses = ([], [])
    errors = []
    missing = 2
    ask(name, RecordNumber.aaaa)
    ask(name, RecordNumber.a)
  }

  private func ask(_ name: DNSName, _ type: UInt16) {
    if let kept = client.keptAnswer(name, type) { return got(kept.map { .records($0) }, type) }
    waiters.append(client.ask(name, type) { [self] in got($0, type) })
  }

  private func got(_ result: Result<QuestionResult, NameError>, _ type: UInt16) {
    missing -= 1
    switch result {
    case .success(.records(let found)):
      let found = found.records.compactMap(\.data.address)
      if type == RecordNumber.a { addresses.ipv4 = found } else { addresses.ipv6 = found }
    case .success(.message): preconditionFailure("a lookup was answered with a message")
    case .failure(let error): errors.append(error)
    }
    let hasFound = !addresses.ipv4.isEmpty || !addresses.ipv6.isEmpty
    if missing > 0 {
      if hasFound { delay = client.reactor.callLater(Self.familyDelay) { [self] in succeed() } }
      return
    }
    if hasFound { return succeed() }
    concludeName()
  }

  /// The name has no addresses: tries the next one, unless the servers have failed.
  private func concludeName() {
    waiters = []
    // What a server could not answer counts more than that the other family has no records.
    let error = errors.first { $0.isTemporary } ?? errors.first { $0.code == .noSuchName } ?? errors[0]
    if failure == nil || failure?.code == .noSuchName { failure = error }
    // As getaddrinfo: a server that fails for one domain may serve another; one that is silent fails for all.
    if error.isTemporary, error.code != .serverFailure { return finish(.failure(error)) }
    askNext()
  }

  private func succeed() {
    let port = 0
    let ipv4 = addresses.ipv4.map { SocketAddress($0, port: port) }
    let ipv6 = addresses.ipv6.map { SocketAddress($0, port: port) }
    let prefersIPv6 = ipv6.first.map(client.canReach) ?? false
    finish(.success(prefersIPv6 ? ipv6 + ipv4 : ipv4 + ipv6))
  }

  private func finish(_ result: Result<[SocketAddress], NameError>) {
    leave()
    completion.take()?(
      result.mapError { error in
        NameError(
          error.code, host, error.typeName == "A" || error.typeName == "AAAA" ? nil : error.typeName,
          server: error.server,
          reason: error.code == .noData ? "the name has no IPv4 or IPv6 address" : error.reason)
      })
  }
}

import SwirlDeferred
import SwirlNet
import SwirlReactor

/// A question under way: the servers that are asked for it in turn, and all who wait for its answer.
///
/// The client retains it until it has ended, or its last waiter has left.
///
/// The fields are exempt from the run-time check for overlapping accesses: each is read or written as a whole, without
/// a call of the program's code meanwhile, and never leaves its thread.
final class NameQuestion {
  /// What is asked for, and shared: a name and a type.
  struct Key: Hashable {
    let name: DNSName
    let typeNumber: UInt16
    /// The hash of both: a key is looked for a few times.
    private let hash: Int

    init(name: DNSName, typeNumber: UInt16) {
      self.name = name
      self.typeNumber = typeNumber
      var hasher = Hasher()
      name.hash(into: &hasher)
      hasher.combine(typeNumber)
      hash = hasher.finalize()
    }

    static func == (a: Key, b: Key) -> Bool { a.hash == b.hash && a.typeNumber == b.typeNumber && a.name == b.name }
    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
  }

  let key: Key
  var typeNumber: UInt16 { key.typeNumber }
  /// The name that is asked for now: that of the key, or what an alias of it leads to.
  @safe @exclusivity(unchecked) var name: DNSName
  /// The aliases that led to `name`.
  @safe @exclusivity(unchecked) var aliases: [DNSRecord] = []
  /// Whether the first answer is wanted as it is.
  let isRaw: Bool
  let client: NameClient
  private let site: CallSite
  /// The first waiter, and the others, of whom there seldom are any.
  @safe @exclusivity(unchecked) private var waiter: NameWaiter?
  @safe @exclusivity(unchecked) private var others: [NameWaiter] = []
  /// The last flight, and earlier ones whose answer may still come.
  @safe @exclusivity(unchecked) private var flight: QueryFlight?
  @safe @exclusivity(unchecked) private var earlier: [QueryFlight] = []
  /// Until when the last flight has for its answer; nil if it is not waited for.
  @safe @exclusivity(unchecked) var deadline: Instant?
  /// Its place among the client's deadlines.
  @safe @exclusivity(unchecked) var deadlineIndex = 0
  /// The servers of this round, and the next of them.
  @safe @exclusivity(unchecked) private var servers: [NameServer] = []
  @safe @exclusivity(unchecked) private var position = 0
  @safe @exclusivity(unchecked) private var round = 0
  /// Why each server has failed, the last time.
  @safe @exclusivity(unchecked) private var failures: [(server: NameServer, code: NameError.Code, reason: String)] = []
  /// The servers that have answered, with an error: they are not asked again.
  @safe @exclusivity(unchecked) private var answered: [NameServer] = []
  @safe @exclusivity(unchecked) private(set) var hasEnded = false
  /// Whether it counts among those in flight.
  @safe @exclusivity(unchecked) var isStarted = false

  init(_ key: Key, isRaw: Bool, of client: NameClient, at site: CallSite) {
    self.key = key
    name = key.name
    self.isRaw = isRaw
    self.client = client
    self.site = site
  }

  // MARK: - Waiters

  func join(_ waiter: NameWaiter) {
    waiter.question = self
    if self.waiter == nil { self.waiter = waiter } else { others.append(waiter) }
  }

  func leave(_ waiter: NameWaiter) {
    if self.waiter === waiter {
      self.waiter = others.isEmpty ? nil : others.removeFirst()
    } else {
      others.removeAll { $0 === waiter }
    }
    guard self.waiter == nil, !hasEnded else { return }
    end()
    client.remove(self)
  }

  // MARK: - Asking

  /// Asks the first server.
  func start() {
    isStarted = true
    begin()
  }

  func begin() {
    servers = client.serversInOrder()
    position = 0
    round = 0
    answered = []
    failures = []
    askNext()
  }

  /// Asks the next server; ends the question if each was asked as often as it may be.
  private func askNext() {
    while !hasEnded {
      if position == servers.count {
        round += 1
        position = 0
        servers.removeAll { server in answered.contains { $0 === server } }
        if round >= client.configuration.attempts || servers.isEmpty { return finish(.failure(failure())) }
      }
      let server = servers[position]
      position += 1
      if ask(server, isOverTCP: client.configuration.usesTCP) { return }
    }
  }

  /// Asks a server. Returns false if that has failed at once.
  private func ask(_ server: NameServer, isOverTCP: Bool) -> Bool {
    // A server, or a gateway before it, that drops what it does not know is asked without EDNS the second time.
    let usesEDNS = server.usesEDNS && (round == 0 || server.hasAnsweredEDNS)
    let sent = client.configuration.randomizesCase ? name.withRandomCase(using: &client.reactor.random) : name
    let flight = QueryFlight(of: self, to: server, sent, usesEDNS: usesEDNS, isOverTCP: isOverTCP)
    if let last = self.flight { earlier.append(last) }
    self.flight = flight
    if isOverTCP {
      flight.send(by: server.openConnection(timeout: client.configuration.timeout, at: site))
    } else {
      do throws(NetError) { flight.send(by: try server.openPort(at: site)) } catch {
        self.flight = earlier.popLast()
        note(server, .unreachable, error.reason)
        return false
      }
    }
    client.deadlines.insert(self, in: client.configuration.timeout)
    return true
  }

  /// The last flight has no answer in time.
  func timedOut() {
    guard let server = flight?.server else { return }
    server.noteSilence()
    note(
      server, .timedOut,
      failures.first { $0.server === server && $0.code == .badAnswer }?.reason
        ?? "no answer within \(client.configuration.timeout)")
    askNext()
  }

  func note(_ server: NameServer, _ code: NameError.Code, _ reason: String) {
    failures.removeAll { $0.server === server }
    failures.append((server, code, reason))
  }

  /// Why no server could answer.
  private func failure() -> NameError {
    guard let last = failures.last else {
      return NameError(
        .unreachable, key.name, RecordNumber.name(of: typeNumber), reason: "there is no server to ask: name one")
    }
    // What a server says tells more than silence.
    let cause = failures.last { $0.code == .serverFailure || $0.code == .refused || $0.code == .badAnswer } ?? last
    let reasons = failures.map { "\($0.server.name): \($0.reason)" }.joined(separator: "; ")
    return NameError(
      cause.code, key.name, RecordNumber.name(of: typeNumber), server: cause.server.name,
      reason: reasons + ": "
        + (cause.code == .refused ? "ask a server that serves you" : "check the network, or try again later"))
  }

  // MARK: - Flights that end

  /// A flight could not be sent, or its connection has ended.
  ///
  /// - Parameter mayHaveCrossed: whether the end of an idle connection may have crossed the question.
  func failed(_ flight: QueryFlight, by error: any Error, mayHaveCrossed: Bool = false) {
    guard let isCurrent = endFlight(flight) else { return }
    if mayHaveCrossed, isCurrent, ask(flight.server, isOverTCP: true) { return }
    note(flight.server, .unreachable, (error as? NetError)?.reason ?? "\(error)")
    flight.server.noteSilence()
    if isCurrent { askNext() }
  }

  /// Asks the same server again, in another way.
  func askAgain(_ flight: QueryFlight, isOverTCP: Bool) {
    guard endFlight(flight) != nil else { return }
    if !ask(flight.server, isOverTCP: isOverTCP) { askNext() }
  }

  /// The server has answered, with an error.
  func answered(_ flight: QueryFlight, _ code: NameError.Code, _ reason: String) {
    guard let isCurrent = endFlight(flight) else { return }
    answered.append(flight.server)
    note(flight.server, code, reason)
    if isCurrent { askNext() }
  }

  // MARK: - Ending

  /// Ends a flight. Returns whether it is the last one, whose deadline counts; nil if the question has ended.
  private func endFlight(_ flight: QueryFlight) -> Bool? {
    if hasEnded { return nil }
    if self.flight === flight {
      self.flight = nil
      flight.end()
      defer { client.deadlines.remove(self) }
      return deadline != nil
    }
    guard let index = earlier.firstIndex(where: { $0 === flight }) else { return nil }
    earlier.remove(at: index).end()
    return false
  }

  func endFlights() {
    client.deadlines.remove(self)
    flight.take()?.end()
    if earlier.isEmpty { return }
    let flights = earlier
    earlier = []
    for flight in flights { flight.end() }
  }

  private func end() {
    hasEnded = true
    endFlights()
  }

  func finish(_ result: Result<QuestionResult, NameError>) {
    if hasEnded { return }
    end()
    if case .success(.records(let found)) = result { client.keep(found, for: key) }
    client.remove(self)
    let others = others
    self.others = []
    waiter.take()?.finish(result)
    for waiter in others { waiter.finish(result) }
  }

  /// Releases all, without calls.
  func abandon() {
    hasEnded = true
    deadline = nil
    flight.take()?.abandon()
    for flight in earlier { flight.abandon() }
    earlier = []
    waiter.take()?.abandon()
    for waiter in others { waiter.abandon() }
    others = []
  }
}

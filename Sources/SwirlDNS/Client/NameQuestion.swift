import SwirlDeferred
import SwirlNet
import SwirlReactor

/// A question under way: the servers that are asked for it in turn, and all who wait for its answer.
///
/// The client retains it until it has ended, or its last waiter has left.
final class NameQuestion {
  /// What is asked for, and shared: a name and a type.
  struct Key: Hashable {
    let name: DNSName
    let typeNumber: UInt16
  }

  let key: Key
  var typeNumber: UInt16 { key.typeNumber }
  /// The name that is asked for now: that of the key, or what an alias of it leads to.
  private var name: DNSName
  /// The aliases that led to `name`.
  private var aliases: [DNSRecord] = []
  /// Whether the first answer is wanted as it is.
  let isRaw: Bool
  private let client: NameClient
  private let site: CallSite
  private var waiters: [NameWaiter] = []
  private var flights: [QueryFlight] = []
  private var timer: DelayedCall?
  /// The servers of this round, and the next of them.
  private var servers: [NameServer] = []
  private var position = 0
  private var round = 0
  /// Why each server has failed, the last time.
  private var failures: [(server: NameServer, code: NameError.Code, reason: String)] = []
  /// The servers that have answered, with an error: they are not asked again.
  private var answered: [NameServer] = []
  private(set) var hasEnded = false
  /// Whether it counts among those in flight.
  var isStarted = false

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
    waiters.append(waiter)
  }

  func leave(_ waiter: NameWaiter) {
    waiters.removeAll { $0 === waiter }
    guard waiters.isEmpty, !hasEnded else { return }
    end()
    client.remove(self)
  }

  // MARK: - Asking

  /// Asks the first server.
  func start() {
    isStarted = true
    begin()
  }

  private func begin() {
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
    flights.append(flight)
    if isOverTCP {
      flight.send(by: server.openConnection(timeout: client.configuration.timeout, at: site))
    } else {
      do throws(NetError) { flight.send(by: try server.openPort(at: site)) } catch {
        flights.removeLast()
        note(server, .unreachable, error.reason)
        return false
      }
    }
    timer?.cancel()
    let timeout = client.configuration.timeout
    timer = client.reactor.callLater(timeout) { [self] in
      timer = nil
      server.noteSilence()
      note(
        server, .timedOut,
        failures.first { $0.server === server && $0.code == .badAnswer }?.reason ?? "no answer within \(timeout)")
      askNext()
    }
    return true
  }

  private func note(_ server: NameServer, _ code: NameError.Code, _ reason: String) {
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

  // MARK: - Answers

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

  /// Ends a flight. Returns whether it is the last one, whose timer runs; nil if the question has ended.
  private func endFlight(_ flight: QueryFlight) -> Bool? {
    guard !hasEnded, let index = flights.firstIndex(where: { $0 === flight }) else { return nil }
    let isCurrent = index == flights.count - 1 && timer != nil
    flights.remove(at: index)
    flight.end()
    if isCurrent { timer.take()?.cancel() }
    return isCurrent
  }

  /// A message with the id of a flight. What is no answer to its question is dropped, and its timer keeps running.
  func received(_ bytes: [UInt8], for flight: QueryFlight) {
    let message: DNSMessage
    do throws(MessageError) { message = try DNSMessage(bytes, asked: flight.name) } catch {
      if flight.isOverTCP { return answered(flight, .badAnswer, "the answer cannot be read: \(error)") }
      // It may be forged.
      return note(flight.server, .badAnswer, "the answer cannot be read: \(error)")
    }
    guard message.isResponse, message.opcode == 0 else { return }
    if let question = message.question {
      guard question.name == flight.name, question.typeNumber == typeNumber, question.classNumber == 1 else { return }
      if client.configuration.randomizesCase, !flight.isOverTCP, question.name.wire != flight.name.wire {
        // The server does not repeat the case, or the answer is forged: a connection cannot be.
        return askAgain(flight, isOverTCP: true)
      }
    } else if message.responseCode == .noError || message.responseCode == .noSuchName {
      return
    }
    flight.server.noteAnswer()
    if message.datagramSize != nil { flight.server.hasAnsweredEDNS = true }
    if message.isTruncated, !flight.isOverTCP { return askAgain(flight, isOverTCP: true) }
    received(message, for: flight)
  }

  private func received(_ message: DNSMessage, for flight: QueryFlight) {
    let code = message.responseCode
    switch code {
    case .noError, .noSuchName:
      if code == .noError, message.isReferral, !isRaw {
        return answered(flight, .serverFailure, "it only names other servers")
      }
      conclude(message, from: flight.server)
    case .formatError, .notImplemented, .badVersion:
      if flight.usesEDNS {
        flight.server.usesEDNS = false
        return askAgain(flight, isOverTCP: flight.isOverTCP)
      }
      if isRaw { return conclude(message, from: flight.server) }
      answered(flight, .serverFailure, "\(code)")
    case .refused: answered(flight, .refused, "\(code)")
    default: answered(flight, .serverFailure, "\(code)")
    }
  }

  /// Asks the same server again, in another way.
  private func askAgain(_ flight: QueryFlight, isOverTCP: Bool) {
    guard endFlight(flight) != nil else { return }
    if !ask(flight.server, isOverTCP: isOverTCP) { askNext() }
  }

  /// The server has answered, with an error.
  private func answered(_ flight: QueryFlight, _ code: NameError.Code, _ reason: String) {
    guard let isCurrent = endFlight(flight) else { return }
    answered.append(flight.server)
    note(flight.server, code, reason)
    if isCurrent { askNext() }
  }

  private func conclude(_ message: DNSMessage, from server: NameServer) {
    endFlights()
    if isRaw { return finish(.success(.message(message))) }
    let conclusion = AnswerReader.read(message, for: name, typeNumber, behind: aliases)
    switch conclusion {
    case .found(let records, let aliases):
      finish(
        .success(
          .records(
            FoundRecords(
              records: records, aliases: aliases, isAuthenticated: message.isAuthenticated, now: client.reactor.now))))
    case .alias(let target, let aliases):
      // The server has not followed it to its end.
      name = target
      self.aliases = aliases
      begin()
    case .missing(let code, let keep):
      let error = Self.missing(code, key, server)
      if let keep {
        client.cache.insert(.failure(error), for: key, keep: .seconds(Int64(keep)), now: client.reactor.now)
      }
      finish(.failure(error))
    }
  }

  private static func missing(_ code: NameError.Code, _ key: Key, _ server: NameServer) -> NameError {
    let type = RecordNumber.name(of: key.typeNumber)
    let reason =
      switch code {
      case .noSuchName: "the name does not exist, says \(server.name): check the spelling"
      case .noData: "the name has no record of this type, says \(server.name)"
      default:
        "its aliases lead back to themselves, or are more than \(AnswerReader.maximumAliases), says \(server.name)"
      }
    return NameError(code, key.name, type, server: server.name, reason: reason)
  }

  // MARK: - Ending

  private func endFlights() {
    timer.take()?.cancel()
    let flights = flights
    self.flights = []
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
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.finish(result) }
  }

  /// Releases all, without calls.
  func abandon() {
    hasEnded = true
    timer = nil
    for flight in flights { flight.abandon() }
    flights = []
    for waiter in waiters { waiter.abandon() }
    waiters = []
  }
}

import SwirlDeferred
import SwirlNet
public import SwirlReactor

/// Asks name servers: for addresses, and for any other records, with their TTLs.
///
/// ```swift
/// let names = NameClient()
/// names.lookup("example.com", .mx).addCallback { answer in
///   for mx in answer { print(mx.preference, mx.exchange, answer.ttl) }
/// }
/// ```
///
/// It asks the servers of its ``Configuration`` in turn, over UDP, and over TCP if an answer is too long. It takes an
/// answer only from the address that it has asked, at the port that it has asked from, with the id and the question
/// that it has sent; all others are dropped. Answers are kept for their TTL; lookups of the same question at the same
/// time share it.
///
/// Connecting does not use it: that calls the system. `reactor.resolver.use(names)` changes this.
///
/// Use it on the reactor's thread; all its callbacks run there. Twisted: `twisted.names.client`; aiodns, c-ares:
/// `DNSResolver`; dnspython: `dns.asyncresolver`.
public final class NameClient: ReactorHandle {
  /// Whom it asks, and how. A new value counts for later lookups, and drops the answers that were kept.
  @safe @exclusivity(unchecked) public var configuration: Configuration {
    didSet { configure() }
  }

  package unowned let reactor: Reactor
  private let reference: ReactorReference
  private let site: CallSite
  @safe @exclusivity(unchecked) private var servers: [NameServer] = []
  /// With which server the next question begins, if they take turns.
  private var turn = 0
  @safe @exclusivity(unchecked) var cache: NameCache
  // These, and others above and below, are exempt from the run-time check for overlapping accesses: each is read or
  // written as a whole, without a call of the program's code meanwhile.
  @safe @exclusivity(unchecked) private var questions: [NameQuestion.Key: NameQuestion] = [:]
  /// The questions whose first answer is wanted as it is.
  @safe @exclusivity(unchecked) private var rawQuestions: [NameQuestion] = []
  /// The number of questions in flight, and those that wait until there are fewer.
  @safe @exclusivity(unchecked) private var started = 0
  @safe @exclusivity(unchecked) private var waiting = RingBuffer<NameQuestion>()
  @safe @exclusivity(unchecked) private var isStarting = false
  let deadlines: QuestionDeadlines
  @safe @exclusivity(unchecked) private var isClosed = false
  /// When to look at the files of the configuration again.
  @safe @exclusivity(unchecked) private var nextFileCheck = Int64.max
  /// How long the files are taken as they were.
  private static let fileCheckInterval = Duration.seconds(5)
  /// Whether an IPv6 address could be reached, and until when that counts.
  var ipv6Route: (exists: Bool, until: Instant)?
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .nameClient }
  package var handlePeer: String? { servers.first?.name }
  package var begunWork: (count: Int, name: String)? { (openQuestions, "lookup") }

  /// A client that asks as `configuration` says; by default as this machine is configured.
  ///
  /// - Parameters:
  ///   - configuration: whom it asks, and how.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public init(
    _ configuration: Configuration = .system, on reactor: Reactor? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.configuration = configuration
    self.reactor = reactor ?? .current
    reference = self.reactor.reference
    site = CallSite(file: file, line: line)
    deadlines = QuestionDeadlines(on: self.reactor)
    cache = NameCache(capacity: configuration.cacheCapacity, maximumTTL: configuration.maximumTTL)
    configure()
  }

  deinit {
    for server in servers { if reference.reactor == nil { server.abandon() } else { server.close() } }
  }

  private func configure() {
    for server in servers { server.closeIdle() }
    servers = configuration.servers.map { NameServer($0, usesEDNS: configuration.usesEDNS, on: reactor) }
    cache = NameCache(capacity: configuration.cacheCapacity, maximumTTL: configuration.maximumTTL)
    turn = 0
    nextFileCheck =
      configuration.systemFiles == nil ? .max : reactor.turnTime + Self.fileCheckInterval.nanoseconds
  }

  /// Follows the files of the configuration, before a lookup.
  func followFiles() {
    let now = reactor.turnTime
    guard now >= nextFileCheck else { return }
    nextFileCheck = now + Self.fileCheckInterval.nanoseconds
    guard let changed = configuration.systemFiles?.changed() else { return }
    configuration.follow(changed)
  }

  /// Drops the answers that were kept.
  public func removeCachedAnswers() { cache.removeAll() }

  /// Ends all lookups, which fail with the code `.closed`, and closes all sockets. Later lookups fail at once.
  public func close() {
    isClosed = true
    let open = Array(questions.values) + rawQuestions
    for question in open {
      question.finish(
        .failure(
          NameError(
            .closed, question.key.name, RecordNumber.name(of: question.typeNumber), reason: "the client was closed")))
    }
    for server in servers { server.close() }
  }

  package func abandon() {
    for question in Array(questions.values) + rawQuestions { question.abandon() }
    questions = [:]
    rawQuestions = []
    waiting = RingBuffer()
    deadlines.abandon()
    for server in servers { server.abandon() }
  }

  // MARK: - Questions

  private var openQuestions: Int { questions.count + rawQuestions.count }

  /// The servers in the order in which a question asks them: those that were silent lately are the last.
  func serversInOrder() -> [NameServer] {
    guard servers.count > 1 else { return servers }
    var order = servers
    if configuration.rotates {
      let first = turn % servers.count
      turn = first + 1
      order = Array(servers[first...] + servers[..<first])
    }
    let now = reactor.now
    let silent = order.filter { $0.isSilent(at: now) }
    return silent.isEmpty ? order : order.filter { !$0.isSilent(at: now) } + silent
  }

  /// A kept answer; nil if the servers have to be asked.
  func keptAnswer(_ name: DNSName, _ typeNumber: UInt16) -> NameCache.Answer? {
    cache.answer(for: NameQuestion.Key(name: name, typeNumber: typeNumber), now: reactor.now)
  }

  /// Asks, or joins the same question that is under way. The completion is called later, once, or not after a
  /// `cancel()` of the result.
  func ask(
    _ name: DNSName, _ typeNumber: UInt16, isRaw: Bool = false,
    _ completion: @escaping (Result<QuestionResult, NameError>) -> Void
  ) -> NameWaiter {
    let waiter = NameWaiter()
    waiter.completion = completion
    ask(name, typeNumber, isRaw: isRaw, for: waiter)
    return waiter
  }

  func ask(_ name: DNSName, _ typeNumber: UInt16, isRaw: Bool = false, for waiter: NameWaiter) {
    let key = NameQuestion.Key(name: name, typeNumber: typeNumber)
    if !isRaw, let question = questions[key] { return question.join(waiter) }
    let question = NameQuestion(key, isRaw: isRaw, of: self, at: site)
    question.join(waiter)
    if openQuestions == 0 { reactor.insertHandle(self, at: site) }
    if isRaw { rawQuestions.append(question) } else { questions[key] = question }
    waiting.append(question)
    // In the next turn: a failure at once must not come before this has returned.
    if !isStarting {
      isStarting = true
      reactor.callSoon { [self] in startWaiting() }
    }
  }

  private func startWaiting() {
    isStarting = true
    defer { isStarting = false }
    while started < max(1, configuration.maximumQueries), let question = waiting.popFirst() {
      if question.hasEnded { continue }
      if isClosed {
        question.finish(
          .failure(
            NameError(
              .closed, question.key.name, RecordNumber.name(of: question.typeNumber), reason: "the client was closed")))
        continue
      }
      started += 1
      question.start()
    }
  }

  /// `question` has ended.
  func remove(_ question: NameQuestion) {
    if question.isRaw {
      rawQuestions.removeAll { $0 === question }
    } else if questions[question.key] === question {
      questions[question.key] = nil
    }
    if question.isStarted {
      question.isStarted = false
      started -= 1
      if !isStarting, !waiting.isEmpty { startWaiting() }
    }
    if openQuestions == 0 { reactor.handles.remove(self) }
  }

  func keep(_ found: FoundRecords, for key: NameQuestion.Key) {
    cache.insert(.success(found), for: key, keep: .seconds(Int64(found.seconds)), now: found.foundAt)
  }
}

@available(*, unavailable, message: "A client of names belongs to the thread of its reactor")
extension NameClient: Sendable {}

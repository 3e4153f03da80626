import HTTPTypes

@testable import SwirlHTTPCore

/// The owner of a machine, in memory: it does what the machine says, writes that down, and checks rules that hold in
/// every state.
///
/// A value, so that a test can try every event in a state and go back.
struct ServerMachineOwner {
  var machine: ServerMachine
  /// What was read and not used.
  private(set) var unread: [UInt8] = []
  /// What the machine said since `take`, but for the time limits.
  private(set) var said: [String] = []
  /// Requests that are not answered, in the order they came.
  private(set) var waiting: [Int] = []
  /// The answer that is being written bit by bit.
  private(set) var written: Int?
  /// The statuses of all answers, 100 among them.
  private(set) var statuses: [Int] = []
  /// The numbers of requests that were cancelled.
  private(set) var cancelled: [Int] = []
  private(set) var armed: ServerTimeLimit?
  private(set) var isReadingPaused = false
  private(set) var content: [UInt8] = []
  /// Rules that were broken.
  private(set) var violations: [String] = []
  /// The limit that the owner sets for the next content.
  var contentLimit: Int?
  /// Whether the next content is declined.
  var declines = false
  /// What an answer that is ready will be.
  private var ready: [Int: ResponseFacts] = [:]
  private var heads: [Int: RequestHead] = [:]
  private var isClosed = false
  private var lastNumber = -1
  private var unflushed = false

  init(_ change: (inout ServerMachine.Options) -> Void = { _ in }) {
    var options = ServerMachine.Options()
    options.limits.bodyBytes = 1000
    change(&options)
    machine = ServerMachine(options)
    pump()
  }

  // MARK: - Events

  mutating func read(_ text: String) { read(Array(text.utf8)) }

  mutating func read(_ bytes: [UInt8]) {
    unread += bytes
    pump()
  }

  mutating func endOfInput() -> Bool {
    let staysOpen = machine.endOfInput()
    pump()
    return staysOpen
  }

  /// The handler of a request answers.
  mutating func answer(
    _ number: Int, _ status: Int = 200, _ kind: ResponseFacts.Kind = .whole, length: Int? = 1, closes: Bool = false
  ) {
    var response = ResponseFacts(status: status, kind: kind, length: length)
    response.closes = closes
    ready[number] = ready[number] ?? response
    machine.answered(number, bytes: length ?? 0)
    pump()
  }

  /// The answer that is being written is whole.
  mutating func endAnswer() {
    guard let number = written else { return }
    written = nil
    finish(number)
    machine.answerEnded()
    pump()
  }

  mutating func on(_ event: (inout ServerMachine) -> Void) {
    event(&machine)
    pump()
  }

  mutating func timeOut(isUnsent: Bool = false, isTaking: Bool = false, isHandlerLate: Bool = false) {
    on { $0.timedOut(isUnsent: isUnsent, isTaking: isTaking, isHandlerLate: isHandlerLate) }
  }

  mutating func lose() { on { $0.connectionLost() } }

  /// What the machine said since the last call.
  mutating func take() -> [String] {
    defer { said = [] }
    return said
  }

  // MARK: - Actions

  private mutating func pump() {
    let bytes = unread
    var offset = 0
    var count = 0
    while let action = machine.next(bytes.span, at: &offset) {
      count += 1
      if count > 10_000 {
        violations.append("it never comes to an end: \(action)")
        break
      }
      perform(action, bytes)
    }
    unread.removeFirst(offset)
    check()
  }

  private mutating func perform(_ action: ServerAction, _ bytes: [UInt8]) {
    switch action {
    case .arm(let limit): armed = limit
    case .disarm: armed = nil
    case .content(let range): content += bytes[range]
    case .refuse(let reason): say("refuse \(reason)")
    case .failContent(let reason, let isAnswered): say("failContent \(reason)\(isAnswered ? ", answered" : "")")
    case .request(let number): say("request \(number)")
    case .streamedRequest(let number): say("streamedRequest \(number)")
    case .cancel(let number): say("cancel \(number)")
    default: say("\(action)")
    }
    switch action {
    case .head: beginContent()
    case .request(let number), .streamedRequest(let number): add(number, machine.takeHead())
    case .refuse:
      add(machine.lastNumber, machine.takeHead())
      ready[machine.lastNumber] = ResponseFacts(status: 400, kind: .whole, length: 1)
    case .failContent(_, isAnswered: true):
      ready[machine.lastNumber] = ResponseFacts(status: 400, kind: .whole, length: 1)
    case .refuseHandler: ready[waiting.first ?? -1] = ResponseFacts(status: 503, kind: .whole, length: 1)
    case .respond: respond()
    case .sendContinue:
      statuses.append(100)
      unflushed = true
      if !content.isEmpty { violations.append("100 after content") }
    case .contentEnded: content = []
    case .cancel(let number):
      cancelled += waiting.filter { $0 >= number }
      waiting.removeAll { $0 >= number }
      if let written, written >= number { self.written = nil }
    case .flush: unflushed = false
    case .pauseReading: isReadingPaused = true
    case .resumeReading: isReadingPaused = false
    case .close, .abort, .linger:
      if action != .abort, unflushed { violations.append("\(action) before an answer was flushed") }
      if isClosed, action == .linger { violations.append("linger after the end") }
      if action != .linger { isClosed = true }
    default: break
    }
  }

  private mutating func say(_ text: String) { said.append(text) }

  private mutating func beginContent() {
    content = []
    if let contentLimit { machine.contentLimit = contentLimit }
    guard declines else { return }
    let head = machine.takeHead()
    let number = machine.declineContent()
    add(number, head)
    ready[number] = ResponseFacts(status: 403, kind: .whole, length: 1)
  }

  private mutating func add(_ number: Int, _ head: RequestHead?) {
    if number != lastNumber + 1 { violations.append("request \(number) after \(lastNumber)") }
    lastNumber = number
    waiting.append(number)
    heads[number] = head
  }

  private mutating func respond() {
    guard let number = waiting.first, let response = ready[number] else {
      violations.append("respond without an answer")
      return
    }
    do {
      let plan = try machine.plan(response, to: heads[number]?.answered ?? .unreadable)
      if response.kind == .upgrade {
        machine.headSent(plan)
        finish(number)
        machine.handedOver()
        return
      }
      machine.headSent(plan)
      unflushed = true
      statuses.append(response.status)
      say("\(response.status) \(plan.framing)\(plan.isPersistent ? "" : ", close")")
      if response.kind == .streamed, plan.sendsContent {
        written = number
      } else {
        finish(number)
        machine.answerEnded()
      }
    } catch {
      say("unsendable: \(error)")
      ready[number] = ResponseFacts(status: 500, kind: .whole, length: 1)
      respond()
    }
  }

  private mutating func finish(_ number: Int) {
    if waiting.first != number { violations.append("\(number) answered before \(waiting)") }
    waiting.removeFirst()
    heads[number] = nil
    ready[number] = nil
  }

  // MARK: - Rules of every state

  private mutating func check() {
    let queue = machine.queue
    if waiting.count != queue.count || waiting.first ?? queue.firstNumber != queue.firstNumber {
      violations.append("the owner waits for \(waiting), the machine for \(queue.count) from \(queue.firstNumber)")
    }
    if queue.isFirstReady, machine.output == .open { violations.append("a ready answer was not sent") }
    if !machine.due.subtracting(.arm).isEmpty { violations.append("left to do: \(machine.due)") }
    switch machine.output {
    case .open:
      if machine.input == .dropped, queue.isEmpty { violations.append("an end that is not one") }
      if machine.input == .upgrade, queue.isEmpty { violations.append("an upgrade that is never decided") }
      if isReadingPaused, queue.isEmpty, !machine.isWritingPaused, !machine.content.isPaused, machine.input != .dropped
      {
        violations.append("reading paused, and nothing will resume it")
      }
    case .closing, .over:
      if !queue.isEmpty, machine.output == .over { violations.append("requests outlive the connection") }
    case .lingering:
      if isReadingPaused { violations.append("lingering without reading") }
    }
    if (armed == nil) != (machine.output == .over) {
      violations.append("time limit \(armed as Any) in \(machine.output)")
    }
    if unread.count > machine.options.pipelineBytes, !isReadingPaused, machine.output == .open {
      violations.append("reads on with \(unread.count) bytes unread")
    }
  }
}

import Testing

@testable import SwirlHTTPCore

/// Every event in every state that can be reached: the rules of `ServerMachineOwner` hold in each, and where each leads
/// is the table below.
@Suite struct ServerMachineTableTests {
  /// What the states are by: input, first answer, output. A letter each, for the table.
  enum Row: String, CaseIterable {
    case A = "head, no request waits"
    case B = "head, an answer is awaited"
    case C = "head, an answer is sent"
    case D = "content, no request waits"
    case E = "content, an answer before it is awaited"
    case F = "content, an answer before it is sent"
    case G = "streamed content, its answer is awaited"
    case H = "streamed content, its answer is sent"
    case I = "an upgrade is awaited"
    case J = "an upgrade was declined, and its answer is sent"
    case K = "the last answer is awaited"
    case L = "the last answer is sent"
    case M = "closing"
    case N = "lingering"
    case O = "over"
    case P = "handed over"

    init(_ machine: ServerMachine) {
      let isAwaited = machine.queue.isFirstAwaited
      switch (machine.output, machine.input) {
      case (.open, _) where machine.queue.isEmpty: self = machine.input == .content ? .D : .A
      case (.open, .head): self = isAwaited ? .B : .C
      case (.open, .content):
        self = machine.content.isStreamed ? (isAwaited ? .G : .H) : (isAwaited ? .E : .F)
      case (.open, .upgrade): self = isAwaited ? .I : .J
      case (.open, .dropped), (.open, .handedOver): self = isAwaited ? .K : .L
      case (.closing, _): self = .M
      case (.lingering, _): self = .N
      case (.over, .handedOver): self = .P
      case (.over, _): self = .O
      }
    }
  }

  /// An event. False where it cannot happen: the owner has no value to make it of.
  typealias Event = (name: String, happen: @Sendable (inout ServerMachineOwner) -> Bool)

  private static func bytes(_ name: String, _ text: String) -> Event {
    (
      name,
      { owner in
        guard owner.unread.isEmpty else { return false }
        owner.read(text)
        return true
      }
    )
  }

  private static func answer(
    _ name: String, _ kind: ResponseFacts.Kind = .whole, place: Int = 0, closes: Bool = false
  ) -> Event {
    (
      name,
      { owner in
        let stages = owner.machine.queue.stages
        guard stages.indices.contains(place), stages[place] == .awaited, owner.machine.output != .over else {
          return false
        }
        owner.answer(
          owner.waiting[place], kind == .upgrade ? 101 : 200, kind, length: kind == .whole ? 1 : nil, closes: closes)
        return true
      }
    )
  }

  private static func event(
    _ name: String, where isPossible: @escaping @Sendable (ServerMachineOwner) -> Bool = { _ in true },
    _ happen: @escaping @Sendable (inout ServerMachineOwner) -> Void
  ) -> Event {
    (
      name,
      { owner in
        guard isPossible(owner) else { return false }
        happen(&owner)
        return true
      }
    )
  }

  private static let events: [Event] = [
    bytes("part of a head", "GET /"),
    bytes("request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    bytes("last request", "GET / HTTP/1.0\r\n\r\n"),
    bytes("offer of an upgrade", "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    bytes("head with content", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"),
    bytes("head that waits for 100", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
    bytes("two bytes", "ab"),
    bytes("an error", "\0\r\n\r\n"),
    event("end of input", where: { $0.machine.output != .over }, { _ = $0.endOfInput() }),
    answer("answer"),
    answer("answer that closes", closes: true),
    answer("streamed answer", .streamed),
    answer("upgrade", .upgrade),
    answer("answer out of turn", place: 1),
    event("end of the answer", where: { $0.written != nil }, { $0.endAnswer() }),
    event("writing pauses", { $0.on { $0.pauseWriting() } }),
    event("writing resumes", { $0.on { $0.resumeWriting() } }),
    event("everything sent", { $0.on { $0.outputSent() } }),
    event("time passed", where: { $0.armed != nil }, { $0.timeOut() }),
    event("and the client is stuck", where: { $0.armed != nil }, { $0.timeOut(isUnsent: true) }),
    event("and the client takes", where: { $0.armed != nil }, { $0.timeOut(isUnsent: true, isTaking: true) }),
    event("and the handler is late", where: { $0.armed == .answer }, { $0.timeOut(isHandlerLate: true) }),
    event("handler pauses", where: { $0.machine.content.isStreamed }, { $0.on { $0.pauseContent() } }),
    event("handler resumes", where: { $0.machine.content.isStreamed }, { $0.on { $0.resumeContent() } }),
    event("handler abandons", where: { $0.machine.content.isStreamed }, { $0.on { $0.abandonContent() } }),
    event("server stops", { $0.on { $0.drain() } }),
    event("server stops soon", { $0.on { $0.drainAfterRequest() } }),
    event("abort", { $0.on { $0.abort() } }),
    event("connection lost", where: { $0.machine.output != .over }, { $0.lose() }),
  ]

  /// All of the machine that decides what comes next, without what only counts.
  private func key(_ owner: ServerMachineOwner) -> String {
    let machine = owner.machine
    let content = machine.content
    let flags = [
      content.isStreamed, content.isPaused, content.isAbandoned, content.owesContinue, content.isAnswerLast,
      content.offersUpgrade, content.abandonedBytes > machine.options.lingerBytes, machine.isLastRequest,
      machine.hasInputEnded, machine.mayStillSend, machine.hasLingered,
      machine.droppedBytes > machine.options.lingerBytes,
      machine.isReadingPaused, machine.isDraining, machine.isLastRequestAwaited, machine.isWritingPaused,
      machine.isTakingLastAnswer,
      machine.parser.isIdle, machine.head != nil, owner.written != nil,
      machine.queue.heldBytes >= machine.options.pipelineBytes,
    ]
    let bits = String(flags.reduce(1) { $0 << 1 | ($1 ? 1 : 0) }, radix: 36)
    let limit = machine.limit.map { Int($0.rawValue) } ?? 9
    let stages = machine.queue.stages.map { "\($0.rawValue)" }.joined()
    return
      "\(machine.input.rawValue)\(machine.output.rawValue)\(limit) \(stages) \(bits) \(content.received) \(owner.unread.count)"
  }

  private struct Exploration {
    var states = 0
    var transitions = 0
    var violations: Set<String> = []
    /// Where each event leads from each row.
    var cells: [[Set<String>]] = Array(
      repeating: Array(repeating: [], count: Row.allCases.count), count: ServerMachineTableTests.events.count)
  }

  private func explore(_ exploration: inout Exploration, _ options: (inout ServerMachine.Options) -> Void) {
    var seen: Set<String> = []
    var pending = [
      ServerMachineOwner {
        $0.lingerBytes = 40
        $0.pipelineBytes = 60
        options(&$0)
      }
    ]
    while let state = pending.popLast() {
      guard seen.insert(key(state)).inserted else { continue }
      let row = Row.allCases.firstIndex(of: Row(state.machine))!
      for (number, event) in Self.events.enumerated() {
        var next = state
        guard event.happen(&next) else { continue }
        exploration.transitions += 1
        exploration.cells[number][row].insert("\(Row(next.machine))")
        for violation in next.violations {
          exploration.violations.insert("\(violation): \(event.name) in: \(Row(state.machine).rawValue) \(key(state))")
        }
        _ = next.take()
        if next.violations.isEmpty { pending.append(next) }
      }
    }
    exploration.states += seen.count
  }

  private func table(_ cells: [[Set<String>]]) -> String {
    zip(Self.events, cells).map { event, row in
      let columns = row.map { cell in
        (cell.isEmpty ? "-" : cell.sorted().joined()).padding(to: 6)
      }
      return (event.name.padding(to: 24) + columns.joined()).trimmingEnd
    }.joined(separator: "\n")
  }

  @Test func `every event in every state leads where the table says, and breaks no rule`() {
    var exploration = Exploration()
    explore(&exploration) { _ in }
    explore(&exploration) { $0.pipelineDepth = 2 }
    explore(&exploration) { $0.streamsContent = true }
    explore(&exploration) { $0.answersHalfClosedClients = true }
    #expect(exploration.violations.sorted().prefix(20) == [])
    let cells = exploration.cells.flatMap { $0 }
    let tested = cells.count { !$0.isEmpty }
    print(
      "\(exploration.states) states, \(exploration.transitions) transitions, \(tested) of \(cells.count) cells; the rest has no such event"
    )
    let table = table(exploration.cells)
    if table != Self.expected { print(table) }
    #expect(table == Self.expected)
  }

  /// Columns A to P; a cell lists the rows that an event leads to, `-` where it cannot happen.
  private static let expected = """
    part of a head          A     B     C     BD    BE    CF    BG    CHL   I     J     K     L     M     N     O     P
    request                 AB    B     C     BD    BE    CF    BG    CHL   I     J     K     L     M     N     O     P
    last request            AK    BK    CL    BD    BE    CF    BG    CHL   I     J     K     L     M     N     O     P
    offer of an upgrade     AI    BI    CJ    BD    BE    CF    BG    CHL   I     J     K     L     M     M     O     P
    head with content       ADG   BE    CF    BD    BE    CF    BG    CHL   I     J     K     L     M     M     O     P
    head that waits for 100 ADG   BE    CF    BD    BE    CF    BG    CHL   I     J     K     L     M     M     O     P
    two bytes               A     B     C     BD    BE    CF    BG    CHL   I     J     K     L     M     N     O     P
    an error                AN    BK    CL    BD    BE    CF    BG    CHL   I     J     K     L     M     N     O     P
    end of input            AM    BM    CM    DM    M     M     M     M     IM    JM    KM    LM    M     N     -     -
    answer                  -     ABDEGIKMN -     -     DMN   -     MN    -     ABDGIKMN -     KMN   -     M     -     -     -
    answer that closes      -     MN    -     -     MN    -     MN    -     MN    -     MN    -     M     -     -     -
    streamed answer         -     CL    -     -     FL    -     HL    -     JL    -     L     -     M     -     -     -
    upgrade                 -     ABDEGIKMN -     -     DMN   -     MN    -     ABDIKMNP -     KMN   -     M     -     -     -
    answer out of turn      -     B     C     -     -     -     -     -     I     J     K     L     M     -     -     -
    end of the answer       -     -     ABDEGIKMN -     -     D     -     MN    -     ABDGIKMN -     KMN   M     -     -     -
    writing pauses          A     B     C     D     E     F     G     H     I     J     K     L     M     N     O     P
    writing resumes         ABDGIKMN BEIK  CFJL  BDM   BE    CF    G     H     I     J     K     L     M     N     O     P
    everything sent         A     B     C     D     E     F     G     H     I     J     K     L     M     N     O     P
    time passed             AMN   B     C     DN    E     F     GN    HL    I     J     K     L     M     M     -     -
    and the client is stuck AM    M     M     MN    M     M     MN    LM    M     M     M     M     M     M     -     -
    and the client takes    AM    B     C     DN    E     F     GN    HL    I     J     K     L     M     N     -     -
    and the handler is late A     ABDEGIKMN C     D     DMN   F     MN    H     ABDGIKMN J     KMN   L     -     -     -     -
    handler pauses          -     -     -     -     -     -     G     H     -     -     -     -     M     -     -     -
    handler resumes         -     -     -     -     -     -     BG    CHL   -     -     -     -     M     -     -     -
    handler abandons        -     -     -     -     -     -     BG    CHL   -     -     -     -     M     -     -     -
    server stops            AM    B     C     D     E     F     G     H     I     J     K     L     M     N     O     P
    server stops soon       A     B     C     D     E     F     G     H     I     J     K     L     M     N     O     P
    abort                   M     M     M     M     M     M     M     M     M     M     M     M     M     M     O     P
    connection lost         O     O     O     O     O     O     O     O     O     O     O     O     O     O     -     -
    """
}

extension String {
  fileprivate func padding(to count: Int) -> String { self + String(repeating: " ", count: max(1, count - self.count)) }
  fileprivate var trimmingEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

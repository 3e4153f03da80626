import HTTPTypes
import SwirlHTTPCore
import Testing

/// Each state of the machine with each event. A second request before the first has ended is ruled out by `capacity`,
/// which the pool asks.
@Suite struct HTTP1ClientMachineTests {
  enum State: String, CaseIterable {
    case idle, kept, awaited, keptAwaited, keptRepeated, keptUnsafe, keptUnwritten, keptOneShot
    case head, content, untilClose, streamed, discarded, discardedTooLong, over
  }

  enum Event: String, CaseIterable { case answer, timeout408, garbage, endOfInput, connectionLost, drop }

  /// What the machine says, in the order of `Event`; "-" for nothing.
  static let table: [State: [String]] = [
    .idle: ["unexpected", "unexpected", "unexpected", "unexpected", "-", "-"],
    .kept: ["unexpected", "unexpected", "unexpected", "unexpected", "-", "-"],
    .awaited: ["head data(1) end(kept)", "head end", "badStartLine", "incomplete", "lost", "-"],
    .keptAwaited: ["head data(1) end(kept)", "repeat", "badStartLine", "repeat", "repeat", "-"],
    .keptRepeated: ["head data(1) end(kept)", "head end", "badStartLine", "incomplete", "lost", "-"],
    .keptUnsafe: ["head data(1) end(kept)", "repeat", "badStartLine", "incomplete", "lost", "-"],
    .keptUnwritten: ["head data(1) end(kept)", "repeat", "badStartLine", "repeat", "repeat", "-"],
    .keptOneShot: ["head data(1) end(kept)", "head end", "badStartLine", "incomplete", "lost", "-"],
    .head: ["badStartLine", "badStartLine", "badStartLine", "incomplete", "lost", "-"],
    .content: ["data(2) end", "data(2) end", "data(2) end", "incomplete", "lost", "-"],
    .untilClose: ["data(39)", "data(62)", "data(11)", "end", "lost", "-"],
    .streamed: ["data(2) end", "data(2) end", "data(2) end", "incomplete", "lost", "-"],
    .discarded: ["discarded", "discarded", "discarded", "discarded", "discarded", "-"],
    .discardedTooLong: ["discarded", "discarded", "discarded", "discarded", "discarded", "-"],
    .over: ["-", "-", "-", "-", "-", "-"],
  ]

  @Test(arguments: State.allCases)
  func `each event in each state`(_ state: State) throws {
    let row = try #require(Self.table[state])
    try #require(row.count == Event.allCases.count)
    for (event, expected) in zip(Event.allCases, row) {
      var machine = try machine(state)
      #expect(say(&machine, event) == expected, "\(state) \(event)")
      // What ended the connection ended it: nothing that comes later is taken for an answer.
      if machine.capacity == 0, !expected.hasSuffix(")") {
        #expect(say(&machine, .answer) == "-", "\(state) \(event), then another answer")
      }
    }
  }

  @Test(arguments: State.allCases)
  func `bytes may be cut anywhere`(_ state: State) throws {
    for event in [Event.answer, .timeout408, .garbage] {
      var whole = try machine(state)
      var cut = try machine(state)
      var expected = merged(say(&whole, event))
      var said: [String] = []
      for byte in Self.bytes(event) { said += read(&cut, [byte]) }
      // Bytes behind a response end the connection with it if they were read with it, and by themselves if not.
      if [.content, .streamed, .discarded].contains(state) { expected += "(kept) unexpected" }
      #expect(merged(said.joined(separator: " ")) == expected, "\(state) \(event)")
    }
  }

  @Test func `a connection takes one request, and another one after a whole answer`() throws {
    var machine = try machine(.idle)
    #expect(machine.capacity == 1 && !machine.isReused)
    machine.begin(.get, [])
    #expect(machine.capacity == 0 && !machine.hasBegun)
    #expect(say(&machine, .answer) == "head data(1) end(kept)")
    #expect(machine.capacity == 1 && machine.isReused)
    machine.begin(.get, .isLast)
    #expect(say(&machine, .answer) == "head data(1) end")
    #expect(machine.capacity == 0)
  }

  @Test func `a client that sends no more repeats nothing`() throws {
    var machine = try machine(.keptAwaited)
    #expect(machine.connectionLost(mayRepeat: false) == .lost)
    machine = try self.machine(.keptAwaited)
    var offset = 0
    let action = try machine.next(Self.bytes(.timeout408).span, at: &offset, mayRepeat: false)
    #expect(action == .head(withholdsContent: false) && machine.head?.status == 408)
  }

  // MARK: - The content of the request

  private static let expecting: HTTP1ClientMachine.RequestTraits = [.expectsContinue, .isStreamed, .isReplayable]

  @Test func `100 sends the content that waited, once`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.put, Self.expecting)
    machine.contentSent()
    #expect(read(&machine, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n") == ["send"])
    #expect(machine.continueTimedOut() == nil)
    machine.contentSent()
    #expect(say(&machine, .answer) == "head data(1) end(kept)")
  }

  @Test func `without 100 the time sends it, once`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.put, Self.expecting)
    #expect(machine.continueTimedOut() == .sendContent)
    #expect(machine.continueTimedOut() == nil)
    #expect(read(&machine, "HTTP/1.1 100 Continue\r\n\r\n") == [])
  }

  @Test func `an answer instead of 100 withholds it, and ends the connection`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.put, Self.expecting)
    #expect(say(&machine, .answer) == "head(withheld) data(1) end")
    var late = HTTP1ClientMachine(limits: .responses, isLenient: false)
    late.begin(.put, Self.expecting)
    #expect(read(&late, "HTTP/1.1 417 No\r\n") == [])
    #expect(read(&late, "Content-Length: 1\r\n\r\n") == ["head(withheld)"])
    #expect(late.continueTimedOut() == nil)
    late.contentSent()
    #expect(read(&late, "x") == ["data(1)", "end"])
  }

  @Test func `an answer before all of the content is sent ends the connection`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.put, [.isStreamed])
    #expect(say(&machine, .answer) == "head data(1) end")
    var sent = HTTP1ClientMachine(limits: .responses, isLenient: false)
    sent.begin(.put, [.isStreamed])
    sent.contentSent()
    #expect(say(&sent, .answer) == "head data(1) end(kept)")
  }

  // MARK: - The content of the response

  @Test func `informational responses other than 100 are shown`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.get, [])
    #expect(read(&machine, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") == ["informational"])
    #expect(machine.informational?.status == 103)
    #expect(machine.connectionLost(mayRepeat: true) == .lost)
  }

  @Test func `content within its limit is discarded and keeps the connection`() {
    for (length, isKept) in [(4, true), (5, false)] {
      var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
      machine.begin(.get, [])
      let head = "HTTP/1.1 302 Found\r\nContent-Length: \(length)\r\n\r\n"
      #expect(read(&machine, head, as: .discarded(atMost: 4)) == (isKept ? ["head"] : ["head", "discarded"]))
      #expect(
        read(&machine, String(repeating: "x", count: length)) == (isKept ? ["discarded(kept)"] : []), "\(length)")
      #expect(machine.takeHead()?.status == 302 && machine.takeHead() == nil)
    }
  }

  @Test func `the limit holds for what is collected, and again after what was streamed`() {
    var limits = HTTPLimits.responses
    limits.bodyBytes = 2
    var machine = HTTP1ClientMachine(limits: limits, isLenient: false)
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    machine.begin(.get, [])
    #expect(read(&machine, answer + "abc", as: .streamed(atMost: nil)) == ["head", "data(3)", "end(kept)"])
    machine.begin(.get, [])
    #expect(read(&machine, answer + "abc") == ["head", "bodyTooLarge"])
  }

  @Test func `content read straight to its place, and what follows it`() throws {
    for (surplus, expected) in [(0, "end(kept)"), (1, "end")] {
      var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
      #expect(machine.directLength == nil)
      machine.begin(.get, [])
      #expect(read(&machine, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") == ["head"])
      #expect(machine.directLength == 9)
      #expect(try machine.receivedDirectly(4) == .needMore)
      #expect(text(try machine.receivedDirectly(5 + surplus)) == expected)
      #expect(machine.directLength == nil)
    }
  }

  @Test func `trailers are those of their own response`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.get, [])
    _ = read(&machine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n")
    #expect(machine.takeTrailers() == [.init("X-Sum")!: "1"] && machine.takeTrailers() == nil)
    machine.begin(.get, [])
    _ = say(&machine, .answer)
    #expect(machine.takeTrailers() == nil)
  }

  @Test func `a protocol that was not asked for is an error`() {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    machine.begin(.get, [])
    #expect(read(&machine, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n") == ["notHTTP"])
    #expect(say(&machine, .answer) == "-")
  }

  // MARK: - Driving it

  private func machine(_ state: State) throws -> HTTP1ClientMachine {
    var machine = HTTP1ClientMachine(limits: .responses, isLenient: false)
    let safe: HTTP1ClientMachine.RequestTraits = [.isRepeatable, .isReplayable, .isWritten]
    if state.rawValue.hasPrefix("kept") {
      machine.begin(.get, safe)
      try #require(say(&machine, .answer) == "head data(1) end(kept)")
    }
    switch state {
    case .idle, .kept: return machine
    case .keptRepeated: machine.begin(.get, safe.union(.isRepeat))
    case .keptUnsafe: machine.begin(.post, [.isReplayable, .isWritten])
    case .keptUnwritten: machine.begin(.post, .isReplayable)
    case .keptOneShot: machine.begin(.post, .isWritten)
    default: machine.begin(.get, safe)
    }
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    switch state {
    case .head: try #require(read(&machine, "HTTP/1.1 2") == [])
    case .content: try #require(read(&machine, length + "a") == ["head", "data(1)"])
    case .untilClose: try #require(read(&machine, "HTTP/1.1 200 OK\r\n\r\na") == ["head", "data(1)"])
    case .streamed:
      try #require(read(&machine, length) == ["head"])
      machine.receive(.streamed(atMost: nil))
      try #require(read(&machine, "a") == ["data(1)"])
    case .discarded:
      try #require(read(&machine, length) == ["head"])
      machine.receive(.discarded(atMost: 4))
      try #require(read(&machine, "a") == [])
    case .discardedTooLong:
      try #require(read(&machine, "HTTP/1.1 302 Found\r\n\r\n") == ["head"])
      machine.receive(.discarded(atMost: 4))
    case .over: machine.drop()
    default: break
    }
    return machine
  }

  private static func bytes(_ event: Event) -> [UInt8] {
    switch event {
    case .answer: Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".utf8)
    case .timeout408: Array("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
    default: Array("garbage\r\n\r\n".utf8)
    }
  }

  private func say(_ machine: inout HTTP1ClientMachine, _ event: Event) -> String {
    switch event {
    case .answer, .timeout408, .garbage:
      let said = read(&machine, Self.bytes(event))
      return said.isEmpty ? "-" : said.joined(separator: " ")
    case .endOfInput:
      do throws(HTTPWireError) { return text(try machine.endOfInput(mayRepeat: true)) } catch {
        return error.code.description
      }
    case .connectionLost: return machine.connectionLost(mayRepeat: true).map { text($0) } ?? "-"
    case .drop:
      machine.drop()
      return "-"
    }
  }

  private func read(
    _ machine: inout HTTP1ClientMachine, _ text: String, as reception: HTTP1ClientMachine.Reception = .collected
  ) -> [String] {
    read(&machine, Array(text.utf8), as: reception)
  }

  /// What a shell does with a read, in words.
  private func read(
    _ machine: inout HTTP1ClientMachine, _ bytes: [UInt8], as reception: HTTP1ClientMachine.Reception = .collected
  ) -> [String] {
    var said: [String] = []
    var offset = 0
    do throws(HTTPWireError) {
      while true {
        let action = try machine.next(bytes.span, at: &offset, mayRepeat: true)
        if action == .needMore { break }
        said.append(text(action))
        switch action {
        case .head: if reception != .collected { machine.receive(reception) }
        case .end, .discardedEnd, .repeatRequest, .unexpectedInput, .upgraded: return said
        default: break
        }
      }
    } catch {
      said.append(error.code.description)
    }
    return said
  }

  private func text(_ action: HTTP1ClientMachine.Action) -> String {
    switch action {
    case .needMore: "-"
    case .unexpectedInput: "unexpected"
    case .informational: "informational"
    case .sendContent: "send"
    case .head(let withholdsContent): withholdsContent ? "head(withheld)" : "head"
    case .data(let range): "data(\(range.count))"
    case .end(let isKept): isKept ? "end(kept)" : "end"
    case .discardedEnd(let isKept): isKept ? "discarded(kept)" : "discarded"
    case .repeatRequest: "repeat"
    case .upgraded: "upgraded"
    case .lost: "lost"
    }
  }

  /// With the sizes of pieces added up.
  private func merged(_ said: String) -> String {
    var words: [String] = []
    var size = 0
    for word in said.split(separator: " ") where word != "-" {
      if word.hasPrefix("data("), let count = Int(word.dropFirst(5).dropLast()) {
        if size > 0 { words.removeLast() }
        size += count
        words.append("data(\(size))")
      } else {
        words.append(String(word))
        size = 0
      }
    }
    return words.joined(separator: " ")
  }
}

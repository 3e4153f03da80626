import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Synchronization
import Testing

private struct Wrong: Error {}

@Suite(.failsOnUnhandledFailures) struct ReactorDescriptorsTests {
  let reactor = Reactor()

  @Test func `a reader is called when there is something to read, again and again while it is left there`() throws {
    let pipe = DescriptorPair.pipe()
    var calls = 0
    try reactor.addReader(pipe) { [unowned reactor] in
      calls += 1
      if calls == 3 {
        #expect(pipe.receive() == [7])
        reactor.callLater(.milliseconds(1)) { reactor.stop() }
      }
    }
    reactor.callSoon { pipe.send([7]) }
    reactor.runGuarded()
    #expect(calls == 3)
  }

  @Test func `a reader is called at EOF`() throws {
    let sockets = DescriptorPair.sockets()
    try reactor.addReader(sockets) { [unowned reactor] in
      #expect(sockets.receive() == [])
      reactor.stop()
    }
    sockets.closeWriteEnd()
    reactor.runGuarded()
  }

  @Test func `a writer is called while there is room`() throws {
    let sockets = DescriptorPair.sockets()
    unowned let reactor = reactor
    sockets.fill()
    var calls = 0
    try reactor.addWriter(sockets.writeEnd) {
      calls += 1
      reactor.stop()
    }
    reactor.callLater(.milliseconds(1)) {
      #expect(calls == 0)
      while !sockets.receive().isEmpty {}
    }
    reactor.runGuarded()
    #expect(calls > 0)
  }

  @Test func `one descriptor has a reader and a writer of its own`() throws {
    let sockets = DescriptorPair.sockets()
    unowned let reactor = reactor
    var seen: Set<String> = []
    try reactor.addReader(sockets) { seen.insert("read") }
    try reactor.addWriter(sockets) { seen.insert("write") }
    sockets.send()
    reactor.runTurns(2)
    #expect(seen == ["read", "write"])
    seen = []
    reactor.removeWriter(sockets)
    reactor.runTurns(2)
    #expect(seen == ["read"])
    seen = []
    reactor.removeReader(sockets)
    reactor.runTurns(2)
    #expect(seen.isEmpty)
  }

  @Test func `a second reader takes the place of the first`() throws {
    let pipe = DescriptorPair.pipe()
    var seen = ""
    try reactor.addReader(pipe) { seen += "a" }
    try reactor.addReader(pipe) { [unowned reactor] in
      seen += "b"
      reactor.removeReader(pipe)
    }
    pipe.send()
    reactor.runTurns(3)
    #expect(seen == "b")
  }

  @Test func `an error that a reader throws is logged, and it stays`() throws {
    let pipe = DescriptorPair.pipe()
    pipe.send()
    let line = UInt(#line) + 2
    let logs = try recordedLogs {
      try reactor.addReader(pipe) { throw Wrong() }
      reactor.runTurns(2)
    }
    let words = "error: the callback made at SwirlReactorTests/ReactorDescriptorsTests.swift:\(line) threw: Wrong()"
    #expect(logs.count >= 2 && Set(logs) == [words])
  }

  // MARK: - The classic traps

  /// Both are ready in the same turn. The first one called acts on the other, which must not be called.
  @Test(arguments: ["remove", "close", "removeAll"])
  func `a descriptor that is removed by another of the same turn is not called`(way: String) throws {
    let pipes = [DescriptorPair.pipe(), .pipe()]
    unowned let reactor = reactor
    var called: [Int] = []
    for (index, pipe) in pipes.enumerated() {
      try reactor.addReader(pipe) {
        called.append(index)
        pipe.receive()
        let other = pipes[1 - index]
        if way == "removeAll" { reactor.removeAll() } else { reactor.removeReader(other) }
        if way == "close" { other.closeReadEnd() }
      }
    }
    for pipe in pipes { pipe.send() }
    reactor.runTurns(3)
    #expect(called.count == 1)
  }

  @Test func `a number that is used again in the same turn is not taken for the one it was`() throws {
    let pipes = [DescriptorPair.pipe(), .pipe()]
    unowned let reactor = reactor
    var called = 0
    var next: DescriptorPair?
    for (index, pipe) in pipes.enumerated() {
      try reactor.addReader(pipe) {
        called += 1
        pipe.receive()
        let other = pipes[1 - index]
        let number = other.readEnd
        reactor.removeReader(other)
        other.closeReadEnd()
        let new = DescriptorPair.pipe()
        next = new
        // Another test may have taken the number; then it is just one more descriptor.
        _ = number
        try reactor.addReader(new) { Issue.record("nothing was sent to the new one") }
      }
    }
    for pipe in pipes { pipe.send() }
    reactor.runTurns(3)
    #expect(called == 1 && next != nil)
    reactor.removeAll()
  }

  @Test func `a number that was closed without being removed can be watched again`() throws {
    let old = DescriptorPair.pipe()
    let number = old.readEnd
    try reactor.addReader(number) { Issue.record("the old one is closed") }
    let new = DescriptorPair.pipe()
    // The number refers to another file without the reactor's knowledge.
    dup2(new.readEnd, number)
    var calls = 0
    try reactor.addReader(number) { [unowned reactor] in
      calls += 1
      reactor.removeReader(number)
    }
    new.send()
    reactor.runTurns(3)
    #expect(calls == 1)
  }

  /// A number that neither the kernel nor another test reuses meanwhile, for tests in which it refers to another file:
  /// near the limit, since all suites together have more than a thousand descriptors.
  private func number(of descriptor: Int32) -> Int32 {
    let number = dup2(descriptor, Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue)
    precondition(number >= 0)
    return number
  }
  private static let nextNumber: Atomic<Int32> = {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Atomic(Int32(min(limit.rlim_cur, 100_000)) - 300)
  }()

  @Test(arguments: [true, false])
  func `a watch on what was closed gives way to what has its number now, with a warning`(isReading: Bool) throws {
    let (old, new) = (DescriptorPair.sockets(), DescriptorPair.sockets())
    let number = number(of: old.readEnd)
    defer { close(number) }
    try reactor.addReader(number) { Issue.record("the old one is closed") }
    try reactor.addWriter(number) { Issue.record("the old one is closed") }
    dup2(new.readEnd, number)
    var calls = 0
    let logs = recordedLogs {
      let event = reactor.fileEvent(number, isReading ? .read : .write) { calls += 1 }
      #expect(event.enable())
      new.send()
      reactor.runTurns(3)
      event.close()
      // No watch of the old files is left.
      #expect(reactor.removeAll().isEmpty)
    }
    #expect(calls > 0)
    #expect(logs.count == 2)
    #expect(
      logs.allSatisfy {
        $0.hasPrefix("warning: descriptor \(number), watched since SwirlReactorTests/ReactorDescriptorsTests.swift:")
          && $0.contains("the old watch is dropped; remove it before you close the descriptor")
      })
  }

  @Test func `a writer on what was closed gives way to a reader on what has its number now`() throws {
    let (old, new) = (DescriptorPair.sockets(), DescriptorPair.sockets())
    let number = number(of: old.readEnd)
    defer { close(number) }
    try reactor.addWriter(number) { Issue.record("the old one is closed") }
    dup2(new.readEnd, number)
    var calls = 0
    let logs = try recordedLogs {
      try reactor.addReader(number) { calls += 1 }
      new.send()
      reactor.runTurns(3)
      #expect(reactor.removeAll() == [number])
    }
    #expect(calls > 0 && logs.count == 1)
  }

  @Test(arguments: [true, false])
  func `removing one interest in what was closed drops the other, and watches nothing else`(
    isUsedAgain: Bool
  ) throws {
    let (old, new) = (DescriptorPair.sockets(), DescriptorPair.sockets())
    let number = number(of: old.readEnd)
    try reactor.addReader(number) { Issue.record("the old one is closed") }
    try reactor.addWriter(number) { Issue.record("the old one is closed") }
    close(number)
    if isUsedAgain { dup2(new.readEnd, number) }
    let logs = recordedLogs {
      reactor.removeReader(number)
      reactor.runTurns(3)
      #expect(reactor.removeAll().isEmpty)
    }
    if isUsedAgain { close(number) }
    // libevent may log a closed number too.
    #expect(logs.contains { $0.hasPrefix("warning: descriptor \(number), watched since") })
  }

  @Test func `two who watch the same file are both called, without a warning`() throws {
    let pipe = DescriptorPair.pipe()
    var calls: Set<String> = []
    let logs = try recordedLogs {
      try reactor.addReader(pipe) { calls.insert("reader") }
      let event = reactor.fileEvent(pipe.readEnd, .read) { calls.insert("event") }
      event.enable()
      pipe.send()
      reactor.runTurns(3)
      event.close()
      reactor.removeAll()
    }
    #expect(calls == ["reader", "event"] && logs == [])
  }

  @Test func `libevent's own warnings are in the log`() throws {
    let old = DescriptorPair.sockets()
    let number = number(of: old.readEnd)
    let logs = recordedLogs {
      let events = [FileEvent.Interest.read, .write].map { interest in reactor.fileEvent(number, interest) {} }
      for event in events { event.enable() }
      close(number)
      for event in events { event.close() }
    }
    #expect(logs.count == 1 && logs[0].hasPrefix("warning: libevent: Epoll MOD"))
  }

  @Test func `a callback may remove itself, and what it captured lives until it returns`() throws {
    final class Object {
      var isUsed = false
    }
    let pipe = DescriptorPair.pipe()
    unowned let reactor = reactor
    weak var weakObject: Object?
    do {
      let object = Object()
      weakObject = object
      try reactor.addReader(pipe) {
        reactor.removeReader(pipe)
        #expect(weakObject != nil)
        object.isUsed = true
      }
    }
    pipe.send()
    reactor.runTurns(3)
    #expect(weakObject == nil)
  }

  @Test func `a callback may put another in its place`() throws {
    let pipe = DescriptorPair.pipe()
    unowned let reactor = reactor
    var seen = ""
    try reactor.addReader(pipe) {
      seen += "a"
      try reactor.addReader(pipe) {
        seen += "b"
        reactor.removeReader(pipe)
      }
    }
    pipe.send()
    reactor.runTurns(4)
    #expect(seen == "ab")
  }

  @Test func `a descriptor that a callback adds is watched from the next turn on`() throws {
    let pipes = [DescriptorPair.pipe(), .pipe()]
    unowned let reactor = reactor
    for pipe in pipes { pipe.send() }
    var seen = ""
    try reactor.addReader(pipes[0]) {
      seen += "a"
      reactor.removeReader(pipes[0])
      try reactor.addReader(pipes[1]) {
        seen += "b"
        reactor.removeReader(pipes[1])
      }
      reactor.callSoon { seen += "s" }
    }
    reactor.runTurns(4)
    #expect(seen == "asb")
  }

  @Test func `a timer that a reader makes waits for the next turn, one that it takes back is not called`() throws {
    let pipe = DescriptorPair.pipe()
    unowned let reactor = reactor
    var seen = ""
    let call = reactor.callLater(.milliseconds(5)) { seen += "never" }
    try reactor.addReader(pipe) {
      reactor.removeReader(pipe)
      call.cancel()
      reactor.callAt(reactor.now) { seen += "b" }
      seen += "a"
      reactor.callLater(.milliseconds(10)) { reactor.stop() }
    }
    pipe.send()
    reactor.runGuarded()
    #expect(seen == "ab")
  }

  @Test func `closing in the callback of the same descriptor is fine after removing it`() throws {
    let pipe = DescriptorPair.pipe()
    unowned let reactor = reactor
    var calls = 0
    try reactor.addReader(pipe) {
      calls += 1
      reactor.removeReader(pipe)
      pipe.closeReadEnd()
    }
    pipe.send()
    reactor.runTurns(3)
    #expect(calls == 1)
  }

  @Test func `many that are ready at once are each called`() throws {
    let pipes = (0..<200).map { _ in DescriptorPair.pipe() }
    var seen: Set<Int32> = []
    unowned let reactor = reactor
    for pipe in pipes {
      try reactor.addReader(pipe) {
        seen.insert(pipe.readEnd)
        pipe.receive()
      }
      pipe.send()
    }
    reactor.runTurns(20)
    #expect(seen == Set(pipes.map(\.readEnd)))
    reactor.removeAll()
  }

  // MARK: - Descriptors that cannot be watched

  @Test func `a plain file is refused`() throws {
    let descriptor = open("/proc/self/exe", O_RDONLY)
    defer { close(descriptor) }
    let error = #expect(throws: CannotWatchError.self) { try reactor.addReader(descriptor) {} }
    #expect(error?.descriptor == descriptor)
    #expect("\(error!)".hasPrefix("cannot watch descriptor \(descriptor): it must be open, and a socket"))
    #expect(throws: CannotWatchError.self) { try reactor.addWriter(descriptor) {} }
    #expect(reactor.removeAll().isEmpty)
    reactor.runTurns(1)
  }

  @Test(arguments: [-1, 1_000_000] as [Int32]) func `what is not open is refused`(descriptor: Int32) {
    #expect(throws: CannotWatchError.self) { try reactor.addReader(descriptor) {} }
    #expect(throws: CannotWatchError.self) { try reactor.addWriter(descriptor) {} }
  }

  @Test func `removing what is not watched does nothing`() {
    reactor.removeReader(0 as Int32)
    reactor.removeWriter(-1 as Int32)
  }

  @Test func `removeAll gives what was watched, and leaves the reactor's own`() throws {
    let pipes = [DescriptorPair.pipe(), .pipe()]
    try reactor.addReader(pipes[0]) { Issue.record("removed") }
    try reactor.addWriter(pipes[0].writeEnd) { Issue.record("removed") }
    try reactor.addWriter(pipes[1].writeEnd) { Issue.record("removed") }
    pipes[0].send()
    #expect(reactor.removeAll() == [pipes[0].readEnd, pipes[0].writeEnd, pipes[1].writeEnd].sorted())
    #expect(reactor.removeAll() == [])
    // Another thread can still wake it.
    reactor.remote.stop()
    reactor.runGuarded()
  }

  @Test func `an object of a program's own is watched by its descriptor`() throws {
    struct Port: FileDescriptorConvertible {
      let fileDescriptor: Int32
    }
    let pipe = DescriptorPair.pipe()
    unowned let reactor = reactor
    try reactor.addReader(Port(fileDescriptor: pipe.readEnd)) { reactor.stop() }
    pipe.send()
    reactor.runGuarded()
    #expect(reactor.removeAll() == [pipe.readEnd])
  }
}

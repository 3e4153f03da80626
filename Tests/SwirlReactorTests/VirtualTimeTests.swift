import Dispatch
import SwirlDeferred
import SwirlPlatform
import SwirlTesting
import Testing

@testable import SwirlReactor

@Suite(.failsOnUnhandledFailures) struct VirtualTimeTests {
  let reactor = Reactor(clock: .virtual(seed: 7))

  @Test func `A day of timers passes at once, each at its own moment`() {
    let start = reactor.now
    var hours: [Duration] = []
    func tick() {
      hours.append(reactor.now - start)
      if hours.count == 24 { reactor.crash() } else { reactor.callLater(.seconds(3600)) { tick() } }
    }
    reactor.callLater(.seconds(3600)) { tick() }
    let began = ContinuousClock.now
    reactor.run()
    #expect(hours == (1...24).map { .seconds(3600 * $0) })
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test func `Virtual time does not pass while a call is queued`() {
    let start = reactor.now
    var turns = 0
    func again() {
      turns += 1
      #expect(reactor.now == start)
      if turns < 100 { reactor.callSoon { again() } }
    }
    reactor.callSoon { again() }
    reactor.callLater(.nanoseconds(1)) { [unowned reactor] in
      #expect(turns == 100)
      reactor.crash()
    }
    reactor.run()
  }

  @Test func `Virtual time does not pass while a thread works for the reactor`() {
    let start = reactor.now
    var limit: DelayedCall?
    reactor.deferToThread { usleep(20_000) }.addCallback { [unowned reactor] in
      #expect(reactor.now == start && limit!.isActive)
      reactor.crash()
    }
    limit = reactor.callLater(.milliseconds(1)) { Issue.record("the timeout came before the thread's result") }
    reactor.run()
  }

  @Test func `Work on a thread whose result is not wanted does not hold time`() {
    let gate = DispatchSemaphore(value: 0)
    let work = reactor.deferToThread(mayBeAbandoned: true) { gate.wait() }
    work.addErrback { _ in }
    work.cancel()
    let start = reactor.now
    reactor.callLater(.seconds(60)) { [unowned reactor] in reactor.crash() }
    // With time held it would wait for ever: the thread is freed after the run.
    reactor.run()
    #expect(reactor.now - start == .seconds(60))
    gate.signal()
  }

  @Test func `Virtual time does not pass while a descriptor is ready`() throws {
    let pair = DescriptorPair.pipe()
    pair.send([1, 2, 3])
    let start = reactor.now
    var bytes = 0
    try reactor.addReader(pair) { [unowned reactor] in
      var byte: UInt8 = 0
      if read(pair.readEnd, &byte, 1) == 1 { bytes += 1 }
      #expect(reactor.now == start)
      if bytes == 3 { reactor.removeReader(pair) }
    }
    reactor.callLater(.nanoseconds(1)) { [unowned reactor] in
      #expect(bytes == 3)
      reactor.crash()
    }
    reactor.run()
  }

  @Test func `A call from another thread comes before the next timer when it is there`() {
    let start = reactor.now
    reactor.remote.callFromThread { reactor in
      #expect(reactor.now == start)
      reactor.crash()
    }
    reactor.callLater(.nanoseconds(1)) { Issue.record("the timer overtook the call") }
    reactor.run()
  }

  @Test func `Without a timer it waits for other threads`() {
    let remote = reactor.remote
    let thread = ReactorThread()
    thread.remote.callFromThread { _ in remote.stop() }
    reactor.run()
    thread.stopAndJoin()
  }

  @Test func `A task that the reactor runs sees virtual time, and its sleep on the reactor takes no real time`() {
    let start = reactor.now
    nonisolated(unsafe) let reactor = reactor
    Task(executorPreference: reactor.remote) {
      try await reactor.sleep(.seconds(86_400)).value
      reactor.crash()
    }
    reactor.run()
    #expect(reactor.now - start == .seconds(86_400))
  }

  @Test func `Every run begins at the same moment, by both clocks`() {
    let other = Reactor(clock: .virtual(seed: 9))
    #expect(reactor.now == other.now && reactor.wallTime == other.wallTime)
    #expect(reactor.wallTime == .seconds(1_767_268_800))
    reactor.callLater(.seconds(3)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    #expect(reactor.wallTime == .seconds(1_767_268_803))
  }

  @Test func `Random numbers follow from the seed, and are the system's with its clock`() {
    func draw(_ reactor: Reactor) -> [UInt64] { (0..<4).map { _ in reactor.random.next() } }
    let numbers = draw(reactor)
    #expect(numbers == draw(Reactor(clock: .virtual(seed: 7))))
    #expect(numbers != draw(Reactor(clock: .virtual(seed: 8))))
    #expect(draw(Reactor()) != draw(Reactor()))
  }

  @Test func `Each of the system's random numbers is given once`() {
    let reactor = Reactor()
    let numbers = (0..<10_000).map { _ in reactor.nextRandom() }
    // Two equal ones of 64 bits: once in 10^11 runs.
    #expect(Set(numbers).count == numbers.count && !numbers.contains(0))
  }

  @Test func `A timer that is moved back is called at its last moment only`() {
    let start = reactor.now
    let call = reactor.callLater(.seconds(1)) { [unowned reactor] in
      #expect(reactor.now - start == .seconds(61))
      reactor.crash()
    }
    reactor.callLater(.milliseconds(500)) { call.delay(.seconds(60)) }
    reactor.run()
  }

  @Test func `With nothing left the idle hook is called, and what it makes is done`() {
    var idles = 0
    reactor.virtualTime!.onIdle = { [unowned reactor] in
      idles += 1
      if idles == 1 { reactor.callLater(.seconds(1)) {} } else { reactor.crash() }
    }
    reactor.run()
    #expect(idles == 2)
  }

  @Test func `A shutdown trigger that takes a minute takes no time`() {
    let start = reactor.now
    reactor.addSystemEventTrigger(.before, .shutdown) { [unowned reactor] in reactor.sleep(.seconds(60)) }
    reactor.callSoon { [unowned reactor] in reactor.stop() }
    reactor.run()
    #expect(reactor.now - start == .seconds(60))
  }
}

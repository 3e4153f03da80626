import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct ReactorIterateTests {
  @Test func `an iteration runs what is due, and no more`() {
    let reactor = Reactor(clock: .virtual())
    var log: [String] = []
    reactor.callSoon {
      log.append("soon")
      reactor.callSoon { log.append("next") }
    }
    reactor.callLater(.seconds(1)) { log.append("timer") }
    reactor.iterate()
    #expect(log == ["soon"] && !reactor.isRunning)
    reactor.iterate()
    #expect(log == ["soon", "next"])
    reactor.iterate()
    #expect(log.count == 2)
    reactor.iterate(.milliseconds(400))
    reactor.iterate(.seconds(10))
    reactor.iterate()
    #expect(log == ["soon", "next", "timer"] && reactor.delayedCalls.isEmpty)
  }

  @Test func `it waits for events up to its delay`() throws {
    let reactor = Reactor()
    let pipe = DescriptorPair.pipe()
    var calls = 0
    try reactor.addReader(pipe) {
      calls += 1
      _ = pipe.receive()
    }
    #expect(reactor.readers == [pipe.fileDescriptor] && reactor.writers.isEmpty)
    let start = reactor.now
    reactor.iterate(.milliseconds(20))
    #expect(calls == 0 && reactor.now - start >= .milliseconds(19))
    pipe.send([1])
    reactor.iterate(.seconds(100))
    #expect(calls == 1)
    reactor.removeReader(pipe)
    #expect(reactor.readers.isEmpty)
  }

  @Test func `it may stop, and the next run ends at once`() {
    let reactor = Reactor(clock: .virtual())
    var hasStarted = false
    reactor.callWhenRunning { hasStarted = true }
    reactor.callSoon { reactor.stop() }
    reactor.iterate()
    #expect(!hasStarted)
    reactor.run()
    #expect(hasStarted)
    reactor.callSoon { reactor.crash() }
    reactor.iterate()
    #expect(!reactor.isRunning)
  }

  @Test func `it does not nest`() async {
    await #expect(processExitsWith: .failure) {
      let reactor = Reactor(clock: .virtual())
      reactor.callSoon { reactor.iterate() }
      reactor.run()
    }
    await #expect(processExitsWith: .failure) {
      let reactor = Reactor(clock: .virtual())
      reactor.callSoon { reactor.iterate() }
      reactor.iterate()
    }
  }
}

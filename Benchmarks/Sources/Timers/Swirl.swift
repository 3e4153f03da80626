import Measure
import Swirl

@MainActor func swirlTimers() {
  var remaining = sizes.flatMap { size in (1...size.rounds).map { (size, isLast: $0 == size.rounds) } }[...]
  var phases = Phases()

  func nextRound() {
    guard let (size, isLast) = remaining.popFirst() else { return reactor.stop() }
    round(pending: size.pending, phases) {
      if isLast {
        phases.report(size.name)
        phases = Phases()
      }
      nextRound()
    }
  }
  reactor.callSoon { nextRound() }
  reactor.run()
}

@MainActor private func round(pending: Int, _ phases: Phases, then done: @escaping () -> Void) {
  var delays = Delays()
  var calls: [DelayedCall] = []
  calls.reserveCapacity(pending)

  phases.begin()
  for _ in 0..<pending {
    calls.append(reactor.callLater(.milliseconds(60_000 + delays.next(below: 60_000))) { fail("too early") })
  }
  reactor.callSoon {
    phases.end("add", operations: pending)
    phases.begin()
    for _ in 0..<pending {
      reactor.callLater(.milliseconds(60_000 + delays.next(below: 60_000))) { fail("too early") }.cancel()
    }
    reactor.callSoon {
      phases.end("add and cancel with others pending", operations: pending)
      phases.begin()
      for call in calls { call.cancel() }
      reactor.callSoon {
        phases.end("cancel", operations: pending)
        calls = []
        fire(pending: pending, phases, then: done)
      }
    }
  }
}

@MainActor private func fire(pending: Int, _ phases: Phases, then done: @escaping () -> Void) {
  var delays = Delays()
  var left = pending
  for _ in 0..<pending {
    reactor.callLater(.milliseconds(delays.next(below: 10))) {
      left -= 1
      if left == 0 {
        phases.end("call", operations: pending)
        reactor.callSoon { done() }
      }
    }
  }
  phases.begin()
}

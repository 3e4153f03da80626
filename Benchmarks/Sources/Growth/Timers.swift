import Measure
import Swirl

/// Timers between a minute and two, added, moved and cancelled while so many are pending; and called.
@MainActor func growingTimers(_ size: Int) {
  var add = Phase("add"), churn = Phase("add and cancel with others pending")
  var postpone = Phase("postpone"), cancel = Phase("cancel"), call = Phase("call")
  let before = residentKiB("VmRSS")
  for round in 0..<rounds(size) {
    var numbers = Numbers()
    var calls: [DelayedCall] = []
    calls.reserveCapacity(size)
    func later() -> DelayedCall {
      reactor.callLater(.milliseconds(60_000 + numbers.next(below: 60_000))) { fail("too early") }
    }
    add.measure(size) {
      for _ in 0..<size { calls.append(later()) }
      turn()
    }
    if round == 0 { add.note(size, heldSince: before) }
    churn.measure(size) {
      for _ in 0..<size { later().cancel() }
      turn()
    }
    // As a timeout is with each request.
    postpone.measure(size) {
      for delayed in calls { delayed.reset(.milliseconds(120_000)) }
      turn()
    }
    cancel.measure(size) {
      for delayed in calls { delayed.cancel() }
      turn()
    }
    calls = []
    var left = size
    for _ in 0..<size {
      reactor.callLater(.milliseconds(numbers.next(below: 10))) {
        left -= 1
        if left == 0 { reactor.stop() }
      }
    }
    call.measure(size) { reactor.run() }
  }
  for phase in [add, churn, postpone, cancel, call] { phase.send() }
}

/// One turn of the loop: what was scheduled may be put in place only then.
@MainActor private func turn() {
  reactor.callSoon { reactor.stop() }
  reactor.run()
}

// Schedules calls: soon, after a delay, and at a given time.
// Answers to: asyncio's call_soon, call_later and call_at.
// Run: `swift run CallLater`.
import Swirl

let start = reactor.now

@MainActor func show(_ what: String) {
  let seconds = (reactor.now - start).components.seconds
  print("\(seconds) s: \(what)")
}

reactor.callLater(.seconds(1)) { show("callLater 1") }
reactor.callLater(.seconds(2)) { show("callLater 2") }
reactor.callLater(.seconds(3)) { show("callLater 3") }
reactor.callAt(start + .seconds(4)) {
  show("callAt 4")
  reactor.stop()
}
let cancelled = reactor.callLater(.seconds(2)) { show("never") }
cancelled.cancel()

// Queued last, called first.
reactor.callSoon { show("callSoon") }

reactor.run()

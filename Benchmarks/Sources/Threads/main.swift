// Calls to a loop from another thread: `Threads swirl` or `Threads nio`. The cost of a million in a row, on both
// threads together, and the round-trip time of one while the loop waits.
import Dispatch
import Measure

let options = Options()
let calls = options.has("--quick") ? 100_000 : 1_000_000
let roundTrips = options.has("--quick") ? 2_000 : 20_000

switch options.words.first {
case "swirl": swirlThreads()
case "nio": try nioThreads()
default: fail("usage: Threads swirl|nio [--quick]")
}

/// The other thread: `call` makes the loop run a closure.
func callFromOutside(_ call: (@escaping @Sendable () -> Void) -> Void) {
  let done = DispatchSemaphore(value: 0)
  let countdown = Countdown(calls)
  var start = Usage.now
  for _ in 0..<calls {
    call {
      countdown.value -= 1
      if countdown.value == 0 { done.signal() }
    }
  }
  done.wait()
  Report("calls in a row", operations: calls, from: start).send()

  start = .now
  var times: [Double] = []
  for _ in 0..<roundTrips {
    let begin = monotonicSeconds()
    call { done.signal() }
    done.wait()
    times.append((monotonicSeconds() - begin) * 1e6)
  }
  times.sort()
  var report = Report("there and back", operations: roundTrips, from: start)
  report.add("latency", times[times.count / 2])
  report.add("latency_99", times[times.count * 99 / 100])
  report.send()
}

/// Only the loop's thread accesses it.
final class Countdown: @unchecked Sendable {
  var value: Int
  init(_ value: Int) { self.value = value }
}

// Timers added, cancelled and called while 1,000, 100,000 and a million are pending: `Timers swirl` or `Timers nio`.
// Each phase includes one turn of the loop after it, because some loops insert new timers only then.
import Measure

let options = Options()
/// The number of pending timers, and of rounds, so that the time is measurable.
let sizes: [(name: String, pending: Int, rounds: Int)] =
  options.has("--quick") ? [("1k", 1_000, 20)] : [("1k", 1_000, 200), ("100k", 100_000, 4), ("1M", 1_000_000, 1)]

switch options.words.first {
case "swirl": swirlTimers()
case "nio": try nioTimers()
default: fail("usage: Timers swirl|nio [--quick]")
}

// The cost of awaiting a loop: `Hops swirl-actor`. On its own thread, where a hop is a turn of the loop, and round
// trips from Swift's thread pool.
import Measure

let options = Options()
let scale = options.has("--quick") ? 0.1 : 1.0
let contenders: [String: @MainActor () throws -> Void] = [
  "swirl-callback": swirlCallback,
  "swirl-main": swirlMain,
  "swirl-deferred": swirlDeferred,
  "swirl-actor": swirlActor,
  "nio": nioActor,
]

guard let name = options.words.first, let contender = contenders[name] else {
  fail("usage: Hops NAME [--quick], the name one of \(contenders.keys.sorted())")
}
try contender()

// Lookups of distinct names at a server of 127.0.0.1: `Names swirl|c-ares PORT --count N --in-flight M`. The addresses
// are checked: that of `n70000.names.test` is 10.1.17.112, as `NameAnswers` has it.
import Measure

let options = Options()
let inFlight = options.count("--in-flight", or: 100)
let names = (0..<options.count("--count", or: 100_000)).map { "n\($0).names.test" }
let contenders: [String: @MainActor (Int) -> Void] = ["swirl": swirl, "c-ares": cAres]

guard let contender = options.words.first.flatMap({ contenders[$0] }), let port = options.words.last.flatMap({ Int($0) })
else { fail("usage: Names swirl|c-ares PORT [--count N] [--in-flight M]") }
var start = Usage.now
contender(port)
Report(operations: names.count, from: start).send()

func address(of index: Int) -> UInt32 { 10 << 24 | UInt32(index) }

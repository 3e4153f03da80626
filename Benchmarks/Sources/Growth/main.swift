// What an operation takes and holds while there are `--size` others, for the curves of `Scripts/bench --growth`:
// `Growth gather --size 1000`. One size a process, so that the memory of one is not that of another.
import Measure
import Swirl

/// Each with the sizes for which the runner asks.
let subjects: [String: @MainActor (Int) throws -> Void] = [
  "timers": growingTimers,
  "gather": growingGathers,
  "jar": growingJar,
  "router": growingRouter,
  "cache": growingCache,
]

let options = Options()
guard let name = options.words.first, let subject = subjects[name] else {
  fail("usage: Growth \(subjects.keys.sorted().joined(separator: "|")) --size N")
}
try subject(options.count("--size", or: 1000))

/// How often something is repeated, so that its time is measurable: about `operations` in all, of `size` each.
func rounds(_ size: Int, of operations: Int = 200_000) -> Int { max(1, operations / size) }

/// The times of a phase, of one round or several.
struct Phase {
  private let figure: String
  private var operations = 0
  private var user = 0.0, system = 0.0, wall = 0.0
  private var kib: Double?

  init(_ figure: String) { self.figure = figure }

  /// Adds `count` operations, which `body` does.
  mutating func measure<Value>(_ count: Int, _ body: () throws -> Value) rethrows -> Value {
    let start = Usage.now
    let value = try body()
    add(count, from: start)
    return value
  }

  /// Adds operations that end now.
  mutating func add(_ count: Int, from start: Usage) {
    let end = Usage.now
    operations += count
    user += end.user - start.user
    system += end.system - start.system
    wall += end.wall - start.wall
  }

  /// What each of `count` has made the resident size grow by. In that of few others show, which a process holds once.
  mutating func note(_ count: Int, heldSince before: Int) {
    if count >= 1000 { kib = Double(residentKiB("VmRSS") - before) / Double(count) }
  }

  func send() {
    let zero = Usage(user: 0, system: 0, wall: 0)
    var report = Report(figure, operations: operations, from: zero, to: Usage(user: user, system: system, wall: wall))
    if let kib { report.add("kib", kib) }
    report.send()
  }
}

/// Numbers below a bound that look random, the same in each run.
struct Numbers {
  private var state: UInt64 = 42

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
}

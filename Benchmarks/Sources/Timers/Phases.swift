import Measure

/// The total cost of each phase over all rounds of one size.
final class Phases: @unchecked Sendable {
  private struct Sum {
    var operations = 0
    var user = 0.0, system = 0.0, wall = 0.0
  }
  private var sums: [String: Sum] = [:]
  private var start = Usage.now

  func begin() { start = .now }

  func end(_ phase: String, operations: Int) {
    let end = Usage.now
    sums[phase, default: Sum()].operations += operations
    sums[phase]!.user += end.user - start.user
    sums[phase]!.system += end.system - start.system
    sums[phase]!.wall += end.wall - start.wall
  }

  func report(_ size: String) {
    let zero = Usage(user: 0, system: 0, wall: 0)
    for (phase, sum) in sums.sorted(by: { $0.key < $1.key }) {
      let total = Usage(user: sum.user, system: sum.system, wall: sum.wall)
      Report("\(phase), \(size)", operations: sum.operations, from: zero, to: total).send()
    }
  }
}

/// Random delays in milliseconds, the same for every contender.
struct Delays {
  private var state: UInt64 = 42

  mutating func next(below bound: UInt64) -> Int64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int64((state >> 33) % bound)
  }
}

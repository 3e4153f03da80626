import Measure

/// What the phases of all rounds of one size took together.
final class Phases: @unchecked Sendable {
  private var user: [String: Double] = [:], system: [String: Double] = [:], wall: [String: Double] = [:]
  private var start = Usage.now

  func begin() { start = .now }

  func end(_ phase: String) {
    let end = Usage.now
    user[phase, default: 0] += end.user - start.user
    system[phase, default: 0] += end.system - start.system
    wall[phase, default: 0] += end.wall - start.wall
  }

  func report(_ size: String, operations: Int) {
    for phase in user.keys.sorted() {
      let zero = Usage(user: 0, system: 0, wall: 0)
      let sum = Usage(user: user[phase]!, system: system[phase]!, wall: wall[phase]!)
      Report("\(phase), \(size)", operations: operations, from: zero, to: sum).send()
    }
  }
}

/// Delays in milliseconds in no order, the same for every contender.
struct Delays {
  private var state: UInt64 = 42

  mutating func next(below bound: UInt64) -> Int64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int64((state >> 33) % bound)
  }
}

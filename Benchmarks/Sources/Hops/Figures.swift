import Measure

// The measurements, with equal numbers of operations for every contender.

/// Awaits a result of the loop's next turn, on the loop's own thread.
func awaitOnTheThread(
  _ scale: Double, isolation: isolated (any Actor)? = #isolation, _ hop: (Int) async throws -> Int
) async throws {
  let count = Int(300_000 * scale)
  for index in 0..<count / 10 { use(try await hop(index)) }
  let start = Usage.now
  for index in 0..<count { use(try await hop(index)) }
  Report("on the loop's thread", operations: count, from: start).send()
}

/// One after the other from a pool thread, while the loop waits.
func awaitFromThePool(_ figure: String, _ scale: Double, _ hop: () async throws -> Int) async throws {
  let count = Int(30_000 * scale)
  for _ in 0..<count / 10 { use(try await hop()) }
  var times: [Double] = []
  times.reserveCapacity(count)
  let start = Usage.now
  for _ in 0..<count {
    let begin = monotonicSeconds()
    use(try await hop())
    times.append((monotonicSeconds() - begin) * 1e6)
  }
  times.sort()
  var report = Report(figure, operations: count, from: start)
  report.add("latency", times[times.count / 2])
  report.add("latency_99", times[times.count * 99 / 100])
  report.send()
}

/// Many tasks for the loop, started one after the other on a pool thread.
func startTasks(_ figure: String, _ scale: Double, _ task: @escaping @Sendable (Countdown) -> Void) async {
  let count = Int(300_000 * scale)
  for number in [count / 10, count] {
    let start = Usage.now
    await withCheckedContinuation { continuation in
      let countdown = Countdown(number, continuation)
      for _ in 0..<number { task(countdown) }
    }
    if number == count { Report(figure, operations: number, from: start).send() }
  }
}

/// Only the loop's thread counts.
final class Countdown: @unchecked Sendable {
  private var left: Int
  private let atZero: CheckedContinuation<Void, Never>

  init(_ count: Int, _ atZero: CheckedContinuation<Void, Never>) {
    left = count
    self.atZero = atZero
  }

  func down() {
    left -= 1
    if left == 0 { atZero.resume() }
  }
}

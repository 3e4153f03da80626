// Jobs at the times of a crontab: each computes its next time, and is called then. `--week` runs one week on virtual
// time, in a moment.
// Answers to: crontab(5), Tornado's PeriodicCallback, APScheduler's cron trigger.
// Run: `swift run CronJobs [--week]`. Leaves out: days of months, names of days, and time zones: times are UTC.
import Swirl

/// Minute, hour and weekday (0 is Sunday) as in crontab(5): `*/20 9-17 1-5`.
struct Cron {
  private let fields: [Set<Int>]

  init(_ text: String) {
    fields = zip(text.split(separator: " "), [0...59, 0...23, 0...6]).map { Self.values(of: $0, in: $1) }
  }

  private static func values(of field: Substring, in range: ClosedRange<Int>) -> Set<Int> {
    Set(
      field.split(separator: ",").flatMap { part in
        let halves = part.split(separator: "/")
        let ends = halves[0].split(separator: "-").compactMap { Int($0) }
        return stride(
          from: ends.first ?? range.lowerBound, through: ends.last ?? range.upperBound,
          by: halves.count > 1 ? Int(halves[1]) ?? 1 : 1)
      })
  }

  /// The first minute after `minute` that matches. Minutes count from 1970, which began on a Thursday.
  func next(after minute: Int) -> Int? {
    (minute + 1...minute + 7 * 24 * 60).first {
      fields[0].contains($0 % 60) && fields[1].contains($0 / 60 % 24) && fields[2].contains(($0 / 1440 + 4) % 7)
    }
  }
}

let isSimulated = CommandLine.arguments.contains("--week")
let clock = isSimulated ? Reactor(clock: .virtual()) : reactor
var counts: [String: Int] = [:]

@MainActor func schedule(_ name: String, _ cron: Cron) {
  guard let next = cron.next(after: Int(clock.wallTime.components.seconds) / 60) else { return }
  // Computed each time from the wall clock: it does not drift, and a clock that was set is noticed.
  clock.callLater(.seconds(next * 60) - clock.wallTime) {
    counts[name, default: 0] += 1
    if !isSimulated { print("\(name), for the \(counts[name]!). time") }
    schedule(name, cron)
  }
}

schedule("every 20 minutes at work", Cron("*/20 9-17 1-5"))
schedule("on Sunday morning", Cron("30 4 0"))
schedule("at noon and at midnight", Cron("0 0,12 *"))
if isSimulated { clock.callLater(.seconds(7 * 24 * 3600)) { clock.stop() } }
clock.run()
for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(name): \(count) times") }

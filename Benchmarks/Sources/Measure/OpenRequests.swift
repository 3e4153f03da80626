/// The open load for every HTTP client: which requests are due, and how long after that each is complete.
///
/// A client asks in every turn of its loop, and does not sleep: how late a timer is would be measured along.
///
/// Unchecked, because one thread at a time uses it.
public final class OpenRequests: @unchecked Sendable {
  private var schedule: Schedule
  private let latencies: Latencies
  private let url: String
  private let expectedLength: Int
  private var underWay = 0

  /// - Parameter options: those of ``Schedule``, and `--length`.
  public init(_ options: Options) {
    url = options.words.last ?? ""
    expectedLength = options.count("--length", or: -1)
    schedule = Schedule(options)
    latencies = Latencies(schedule)
  }

  /// Whether all are complete. The report has been sent then.
  public private(set) var isOver = false

  /// A request that is due by now, and counts as under way: the time at which it was due.
  public func next() -> UInt64? {
    let now = monotonicNanoseconds()
    latencies.look(at: now)
    let due = schedule.next
    guard due <= now, !schedule.isOver else { return nil }
    underWay += 1
    schedule.advance()
    return due
  }

  /// Records the response of a request.
  public func complete(due: UInt64, status: Int, length: Int) {
    guard status == 200, expectedLength < 0 || length == expectedLength else {
      fail("\(url): status \(status), \(length) bytes")
    }
    latencies.answered(due: due, at: monotonicNanoseconds())
    underWay -= 1
    guard schedule.isOver, underWay == 0 else { return }
    latencies.report.send()
    isOver = true
  }
}

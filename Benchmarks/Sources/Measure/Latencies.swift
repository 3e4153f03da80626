/// What an open load measures: latencies from the time at which a request was due, so that a pause of the program under
/// test counts for all requests that were due meanwhile; and how late the sender itself was, which is how long after
/// that it next looked at the clock, whether there was a connection for the request or not.
public final class Latencies {
  private var latency = Histogram(), lateness = Histogram()
  private var waited = 0
  /// When the first request that counts was due.
  private var start: Usage?
  /// The requests whose time the sender has not seen yet.
  private var unseen: Schedule

  /// - Parameter schedule: its requests, from the first.
  public init(_ schedule: Schedule) { unseen = schedule }

  /// The sender looks at the clock.
  /// - Returns: whether the requests that count begin now.
  @discardableResult
  public func look(at now: UInt64) -> Bool {
    let isBefore = start == nil
    while unseen.next <= now, !unseen.isOver {
      if unseen.next >= unseen.counted {
        if start == nil { start = .now }
        lateness.record(now - unseen.next)
      }
      unseen.advance()
    }
    return isBefore && start != nil
  }

  /// Records that a request is sent. `free` is when there was a connection for it.
  public func sent(due: UInt64, free: UInt64) {
    if due >= unseen.counted, free > due { waited += 1 }
  }

  /// Records that a request was answered.
  public func answered(due: UInt64, at now: UInt64) {
    if due >= unseen.counted { latency.record(now > due ? now - due : 0) }
  }

  /// Percentiles in µs; `waited` is the number of requests that were due before a connection was free.
  public var report: Report {
    guard let start, latency.count > 0 else { fail("no request was measured") }
    var report = Report(operations: Int(latency.count), from: start)
    report.add("asked_rate", unseen.rate)
    report.add("waited", Double(waited))
    Self.add(latency, "", to: &report)
    Self.add(lateness, "late_", to: &report)
    return report
  }

  /// The percentiles of a histogram, in µs.
  public static func add(_ histogram: Histogram, _ prefix: String, to report: inout Report) {
    report.add("\(prefix)mean", histogram.mean / 1e3)
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)] {
      report.add("\(prefix)\(name)", Double(histogram.quantile(share)) / 1e3)
    }
    report.add("\(prefix)max", Double(histogram.maximum) / 1e3)
  }
}

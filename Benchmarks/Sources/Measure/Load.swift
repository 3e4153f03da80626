/// What every HTTP client under test does: keep a number of requests under way, warm up, measure, stop.
///
/// It is used from one thread at a time, whichever that is; hence unchecked.
public final class Load: @unchecked Sendable {
  /// What to get.
  public let url: String
  /// How many requests are under way at once.
  public let inFlight: Int
  /// Whether each request shall close its connection.
  public let closesConnections: Bool
  /// How long each body must be; -1 for any length.
  public let expectedLength: Int
  /// The file with the certificate to trust, where the URL is one of `https`.
  public let roots: String?
  private let warmUp, seconds: Double
  /// Not a time but a number of requests: no warm-up then.
  private let count: Int?

  private var started: Int
  private var completed = 0
  private var completedAtStart = 0
  private var start = Usage.now
  private var phaseEnds: Double
  private var isWarm = false
  private var isEnding = false
  private let residentBefore = residentKiB("VmRSS")

  /// - Parameter options: the URL, and `--in-flight`, `--seconds`, `--warm-up`, `--count`, `--length`, `--close`, `--roots`.
  public init(_ options: Options) {
    guard let url = options.words.last else { fail("no URL") }
    self.url = url
    inFlight = options.count("--in-flight", or: 100)
    closesConnections = options.has("--close")
    roots = options.text("--roots")
    seconds = options.number("--seconds", or: 2)
    warmUp = options.number("--warm-up", or: 0.5)
    let count = options.count("--count", or: 0)
    self.count = count > 0 ? count : nil
    expectedLength = options.count("--length", or: -1)
    started = inFlight
    phaseEnds = start.wall + warmUp
  }

  /// One response has come. Gives whether another request shall take its place.
  public func complete(status: Int, length: Int) -> Bool {
    guard status == 200, expectedLength < 0 || length == expectedLength else {
      fail("\(url): status \(status), \(length) bytes")
    }
    completed += 1
    if let count {
      guard started < count else {
        if completed == count { report() }
        return false
      }
      started += 1
      return true
    }
    // The clock is read now and then, not with each request.
    if completed & 15 == 0, !isEnding, monotonicSeconds() >= phaseEnds { nextPhase() }
    return !isEnding
  }

  private func nextPhase() {
    if isWarm {
      report()
      isEnding = true
    } else if completed >= 2 * inFlight {
      // Every connection was made by now.
      isWarm = true
      start = .now
      completedAtStart = completed
      phaseEnds = start.wall + seconds
    }
  }

  private func report() {
    var report = Report(operations: completed - completedAtStart, from: start)
    report.add("rss_before", Double(residentBefore))
    report.add("rss_peak", Double(residentKiB("VmHWM")))
    report.send()
  }
}

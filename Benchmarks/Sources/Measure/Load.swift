/// The load for every HTTP client: keeps a number of requests in flight, warms up, measures, stops.
///
/// Unchecked, because one thread at a time uses it.
public final class Load: @unchecked Sendable {
  /// The URL to get.
  public let url: String
  /// The number of requests in flight.
  public let inFlight: Int
  /// Whether each request closes its connection.
  public let closesConnections: Bool
  /// Whether all requests share one connection, by HTTP/2.
  public let usesHTTP2: Bool
  /// The expected length of each body; -1 for any length.
  public let expectedLength: Int
  /// The file with the trusted certificate, for an `https` URL.
  public let roots: String?
  private let warmUp, seconds: Double
  /// A number of requests in place of a time; without warm-up.
  private let count: Int?

  private var started: Int
  private var completed = 0
  private var completedAtStart = 0
  private var start = Usage.now
  private var phaseEnds: Double
  private var isWarm = false
  private var isEnding = false
  private let residentBefore = residentKiB("VmRSS")

  /// - Parameter options: the URL, and `--in-flight`, `--seconds`, `--warm-up`, `--count`, `--length`, `--close`,
  ///   `--http2`, `--roots`.
  public init(_ options: Options) {
    guard let url = options.words.last else { fail("no URL") }
    self.url = url
    inFlight = options.count("--in-flight", or: 100)
    closesConnections = options.has("--close")
    usesHTTP2 = options.has("--http2")
    roots = options.text("--roots")
    seconds = options.number("--seconds", or: 2)
    warmUp = options.number("--warm-up", or: 0.5)
    let count = options.count("--count", or: 0)
    self.count = count > 0 ? count : nil
    expectedLength = options.count("--length", or: -1)
    started = inFlight
    phaseEnds = start.wall + warmUp
  }

  /// Counts a response. Returns whether to send another request.
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
    // Reads the clock only on every sixteenth request.
    if completed & 15 == 0, !isEnding, monotonicSeconds() >= phaseEnds { nextPhase() }
    return !isEnding
  }

  private func nextPhase() {
    if isWarm {
      report()
      isEnding = true
    } else if completed >= 2 * inFlight {
      // All connections are established by now.
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

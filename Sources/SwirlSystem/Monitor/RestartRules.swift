import SwirlDeferred
import SwirlReactor

/// When a program that has ended is started again.
public enum RestartPolicy: Sendable, Hashable {
  /// Always.
  case always
  /// Unless it exited with code zero.
  case onFailure
  /// Never.
  case never
}

/// How often a program may be started in a time, before it is given up. systemd: `StartLimitBurst` and
/// `StartLimitIntervalSec`.
public struct StartLimit: Sendable, Hashable {
  /// The number of starts.
  public var count: Int
  /// The time that they are counted in.
  public var interval: Duration

  /// - Parameters:
  ///   - count: the number of starts, at least one.
  ///   - interval: the time that they are counted in.
  public init(count: Int, within interval: Duration) {
    require(count > 0, "a program is started once at least")
    self.count = count
    self.interval = interval
  }
}

/// The starts within the interval of a limit.
struct StartLog {
  private var starts: [Instant] = []

  /// Counts a start. Returns false, and does not count it, if it is one too many.
  mutating func admit(at now: Instant, _ limit: StartLimit?) -> Bool {
    guard let limit else { return true }
    starts.removeAll { now - $0 >= limit.interval }
    guard starts.count < limit.count else { return false }
    starts.append(now)
    return true
  }

  mutating func clear() { starts = [] }
}

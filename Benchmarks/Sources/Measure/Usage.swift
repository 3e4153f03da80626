import Glibc

/// The resources that the process has used so far.
public struct Usage: Sendable {
  /// User and kernel time of all its threads, in seconds.
  public let user, system: Double
  /// The monotonic clock, in seconds.
  public let wall: Double

  /// A value computed elsewhere.
  public init(user: Double, system: Double, wall: Double) {
    self.user = user
    self.system = system
    self.wall = wall
  }

  /// The current usage.
  public static var now: Usage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return Usage(user: seconds(usage.ru_utime), system: seconds(usage.ru_stime), wall: monotonicSeconds())
  }
}

/// The monotonic clock.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The monotonic clock, in seconds.
public func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The processor time of another process, of all its threads, in seconds: clock_getcpuclockid(3).
public func processorSeconds(of process: Int32) -> Double {
  var time = timespec()
  if clock_gettime(~process << 3 | 2, &time) != 0 { fail("no process \(process)") }
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A line of `/proc/self/status` in KiB: `VmRSS` is the resident size, `VmHWM` the largest it has been. The kernel's
/// `ru_maxrss` is useless here: it includes the parent's memory from before this program was loaded.
public func residentKiB(_ field: String, of process: String = "self") -> Int {
  guard let file = fopen("/proc/\(process)/status", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, file) != nil {
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let words = text.split(whereSeparator: \.isWhitespace)
    if words.first == "\(field):" { return words.dropFirst().first.flatMap { Int($0) } ?? 0 }
  }
  return 0
}

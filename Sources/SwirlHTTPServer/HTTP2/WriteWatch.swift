#if HTTP2
/// Watches whether a client takes what is written for it (`HTTPServer.Configuration.writeTimeout`, `minimumWriteRate`).
struct WriteWatch {
  /// When to look again; `Int64.max` while nothing is pending.
  private(set) var deadline = Int64.max
  private var sent = 0

  var isOn: Bool { deadline != .max }

  /// - Parameter sent: the number of bytes that were taken so far.
  mutating func begin(_ sent: Int, at now: Int64, _ times: ServerTimes) {
    self.sent = sent
    deadline = now + times.write
  }

  mutating func end() { deadline = .max }

  /// Whether enough was taken since it began.
  func hasTaken(_ sent: Int, _ times: ServerTimes) -> Bool { sent - self.sent >= times.leastWritten }
}
#endif

#if HTTP2
/// When to ask a silent server whether it is there, by a PING (RFC 9113 §6.7), and when it is dead.
///
/// The times are those of other clients: Chromium asks before it uses a connection again that was silent for ten
/// seconds, and Go (`ReadIdleTimeout`, where it is set) when a request waits; both give a server about fifteen seconds.
struct HTTP2Liveness {
  /// The silence, while a request waits, after which the server is asked.
  static let silence = 15 * second
  /// The silence after which a request that is sent on an idle connection has a PING with it.
  static let idleSilence = 10 * second
  /// How long the server has for its answer.
  static let patience = 15 * second
  /// The time between two PINGs when only the first was answered: servers of gRPC take more of them for an attack.
  private static let pause = 300 * second
  private static let second: Int64 = 1_000_000_000

  /// When the last bytes came.
  private var lastRead: Int64
  /// When the last PING was sent; nil after content.
  private var lastPing: Int64?
  private var isAwaited = false

  init(at now: Int64) { lastRead = now }

  enum Verdict {
    /// There is nothing to do until this time.
    case wait(Int64)
    case ping
    case dead
  }

  /// Bytes have come.
  mutating func noteRead(at now: Int64) {
    lastRead = now
    isAwaited = false
  }

  /// What has come was more than the answer to a PING.
  mutating func noteContent() { lastPing = nil }

  /// Whether a request that is sent now, on an idle connection, should have a PING with it.
  mutating func asksBeforeReuse(at now: Int64) -> Bool {
    guard !isAwaited, now - lastRead >= Self.idleSilence, mayPing(at: now) else { return false }
    notePing(at: now)
    return true
  }

  /// What to do now, while a request waits.
  mutating func verdict(at now: Int64) -> Verdict {
    if isAwaited, let lastPing {
      return now - lastPing < Self.patience ? .wait(lastPing + Self.patience) : .dead
    }
    let due = max(lastRead + Self.silence, lastPing.map { $0 + Self.pause } ?? .min)
    if now < due { return .wait(due) }
    notePing(at: now)
    return .ping
  }

  /// When the server is to be looked at next, while a request waits.
  var due: Int64 { isAwaited ? (lastPing ?? lastRead) + Self.patience : lastRead + Self.silence }

  private func mayPing(at now: Int64) -> Bool { lastPing.map { now - $0 >= Self.pause } ?? true }

  private mutating func notePing(at now: Int64) {
    lastPing = now
    isAwaited = true
  }
}
#endif

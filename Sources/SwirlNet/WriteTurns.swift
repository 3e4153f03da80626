import SwirlDeferred
import SwirlReactor

/// The turns of large writes: a bounded number of bytes between two polls of a reactor, over all its connections, so
/// that others are served in between.
///
/// The kernel takes a mebibyte in about a millisecond, and a thousand clients may ask for one at the same moment. A
/// connection sends its share, then the next one in FIFO order. Small writes do not wait. nginx: `sendfile_max_chunk`.
final class WriteTurns {
  /// A write up to this size is sent at once, and does not count.
  static let small = 8 * 1024
  /// What one connection sends before others do.
  static let share = 256 * 1024
  /// How many bytes of a file cost what one of memory does: nothing is copied for them. So a share of a file is as many
  /// times as large, and takes fewer system calls.
  static let fileFactor = 4
  /// What all connections send between two polls, up to a share more, in bytes of memory.
  static let bytesPerTurn = 512 * 1024

  private var waiting = RingBuffer<SocketTransport>()
  private var isScheduled = false
  /// The number of bytes sent since the poll of this number.
  private var sent = 0
  private var poll = 0
  // Unowned: the reactor owns this.
  private unowned let reactor: Reactor

  init(on reactor: Reactor) { self.reactor = reactor }

  /// Whether a connection may send now: others are not waiting, and the turn has bytes left.
  var isFree: Bool { waiting.count == 0 && hasRoom }

  private var hasRoom: Bool {
    if poll != reactor.pollCount { (poll, sent) = (reactor.pollCount, 0) }
    return sent < Self.bytesPerTurn
  }

  /// Counts what a connection has sent, in bytes of memory.
  func count(_ cost: Int) { sent += cost }

  /// Calls `send` if a connection may send now, and counts what it returns; 0 if the connection has to wait.
  /// - Parameter factor: how many of those bytes cost one of memory.
  func sendNow(factor: Int = 1, _ send: () -> Int?) -> Int? {
    guard isFree else { return 0 }
    let bytes = send()
    count((bytes ?? 0) / factor)
    return bytes
  }

  /// Gives `transport` a turn behind those that wait.
  func add(_ transport: SocketTransport) {
    waiting.append(transport)
    schedule()
  }

  private func schedule() {
    if isScheduled || waiting.count == 0 { return }
    isScheduled = true
    reactor.callSoon { [self] in
      isScheduled = false
      // Those that are added meanwhile wait for the next turn.
      var left = waiting.count
      while left > 0, hasRoom, let transport = waiting.popFirst() {
        left -= 1
        transport.takeTurn()
      }
      schedule()
    }
  }
}

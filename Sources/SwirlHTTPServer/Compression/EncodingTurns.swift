import SwirlDeferred
import SwirlReactor

/// The pieces of content that wait to be compressed, of all responses of a reactor: a few milliseconds of them in a
/// turn of the loop, so that they do not hold others up, however many there are.
final class EncodingTurns {
  private var pieces = RingBuffer<() -> Void>()
  private var isScheduled = false
  // Unowned: the reactor owns this.
  private unowned let reactor: Reactor

  /// How long it compresses before other events get their turn.
  private static let slice: Int64 = 2_000_000

  private init(on reactor: Reactor) { self.reactor = reactor }

  static func of(_ reactor: Reactor) -> EncodingTurns {
    reactor.attached(EncodingTurns.self) { EncodingTurns(on: reactor) }
  }

  /// Calls `piece` in one of the next turns, behind those before.
  func add(_ piece: @escaping () -> Void) {
    pieces.append(piece)
    schedule()
  }

  private func schedule() {
    if isScheduled || pieces.count == 0 { return }
    isScheduled = true
    reactor.callSoon { [self] in
      isScheduled = false
      // The system's clock: compressing takes real time, on a virtual clock as well.
      let end = SystemClock.monotonic + Self.slice
      repeat { pieces.popFirst()?() } while pieces.count > 0 && SystemClock.monotonic < end
      schedule()
    }
  }
}

public import SwirlDeferred
import SwirlNet
import SwirlReactor

extension WebSocket {
  /// Sends a ping; fires with the time until its pong (RFC 6455 §5.5.2), and fails with ``SendError/isClosed(_:)`` if
  /// the connection ends first. Every ``Configuration/pingInterval`` the socket does it by itself.
  public func ping() -> Deferred<Duration> {
    guard state == .open else { return .fail(SendError.isClosed(end)) }
    let pong = Deferred<Duration>()
    sendPing(pong)
    return pong
  }

  private func sendPing(_ pong: Deferred<Duration>?) {
    let content = pings.add(at: reactor.now, pong)
    borrowOutput()
    writer.control(.ping, content.span, to: &output)
    if !isReading { flush() }
  }

  func received(pong content: [UInt8]) {
    // A pong answers all pings before it (RFC 6455 §5.5.3); one that answers no ping is a heartbeat, which needs no
    // answer.
    guard let answered = pings.take(content, at: reactor.now) else { return }
    roundTrip = answered.roundTrip
    for pong in answered.pongs { pong.deferred.callback(pong.time) }
  }

  func answerPing(_ content: [UInt8]) {
    // A peer that sends pings and reads nothing gets no pongs: they would pile up.
    if state != .open || isWritingPaused { return }
    borrowOutput()
    writer.control(.pong, content.span, to: &output)
  }

  // MARK: - The watch

  /// Begins to look for signs of life.
  func startWatch() {
    guard let interval = configuration.pingInterval else { return }
    watch(after: interval)
  }

  // Unowned here and in `startClosing`: deinit cancels the timer, and an object with weak references is larger, and
  // slower to retain.
  private func watch(after delay: Duration) {
    timer = reactor.callLater(delay) { [unowned self] in
      if state == .open { lookAtSilence() }
    }
  }

  /// A ping, if there was no byte from the peer for the interval.
  private func lookAtSilence() {
    guard let interval = configuration.pingInterval else { return }
    let silence = Duration.nanoseconds(reactor.turnTime - lastReceived)
    guard silence >= interval || isWritingPaused else { return watch(after: interval - silence) }
    // While we do not read, send one: its pong may be among the unread bytes, or the peer may have sent no pong to us.
    if !isWritingPaused, !isReadingPaused || !pings.areUnanswered { sendPing(nil) }
    let taken = bufferedBytes > 0 ? takenBytes : .max
    let heard = lastReceived
    timer = reactor.callLater(configuration.pingTimeout) { [unowned self] in
      if state == .open { lookForSign(since: heard, taken) }
    }
  }

  /// The number of bytes that were sent. Where others wait behind them, the peer has made room for them.
  private var takenBytes: Int { writtenBytes - transport.bufferedBytes }

  /// - Parameter taken: `takenBytes` then; `.max` if no byte waited.
  private func lookForSign(since heard: Int64, _ taken: Int) {
    // A peer that reads, be it slowly, is alive, though its buffer is filled again; so is one whose bytes we have not
    // read because it does not read ours.
    if lastReceived > heard || takenBytes > taken { return lookAtSilence() }
    if isReadingPaused, !isWritingPaused { return lookAtSilence() }
    cutOff(.abnormalClosure, "", SilentPeer(limit: configuration.pingTimeout, isReading: !isWritingPaused))
  }
}

/// The pings without a pong so far.
struct SentPings {
  private struct Sent {
    let number: UInt32
    let time: Instant
    let pong: Deferred<Duration>?
  }

  private var sent: [Sent] = []
  private var lastNumber: UInt32 = 0

  var areUnanswered: Bool { !sent.isEmpty }

  /// Returns the content of the ping.
  mutating func add(at time: Instant, _ pong: Deferred<Duration>?) -> [UInt8] {
    lastNumber &+= 1
    // Of a peer that answers no ping, and sends other frames, only the last counts.
    if pong == nil { sent.removeAll { $0.pong == nil } }
    sent.append(Sent(number: lastNumber, time: time, pong: pong))
    return content(lastNumber)
  }

  private func content(_ number: UInt32) -> [UInt8] {
    [
      UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
      UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
    ]
  }

  /// The pings that a pong answers: the one with its content, and all before it; nil if it answers no ping.
  mutating func take(
    _ pong: [UInt8], at time: Instant
  ) -> (roundTrip: Duration, pongs: [(deferred: Deferred<Duration>, time: Duration)])? {
    guard let last = sent.lastIndex(where: { content($0.number) == pong }) else { return nil }
    let answered = sent[...last]
    let pongs = answered.compactMap { ping in ping.pong.map { ($0, ping.time.duration(to: time)) } }
    let roundTrip = answered[last].time.duration(to: time)
    sent.removeFirst(last + 1)
    return (roundTrip, pongs)
  }

  mutating func takeAll() -> [Deferred<Duration>] {
    let pongs = sent.compactMap(\.pong)
    sent = []
    return pongs
  }
}

/// The peer has not answered a ping, or has not read, for too long.
struct SilentPeer: Error, CustomStringConvertible {
  let limit: Duration
  let isReading: Bool

  var description: String {
    isReading
      ? "the peer has not answered a ping within \(limit)"
      : "the peer has taken no byte of what waits for it within \(limit)"
  }
}

/// The peer has not answered our Close frame in time.
struct LateClose: Error, CustomStringConvertible {
  let description = "the peer has not answered the Close frame in time"
}

/// The connection ended without a Close frame.
struct LostConnection: Error, CustomStringConvertible {
  let description = "the peer has ended the connection without a Close frame"
}

/// The connection ended with its reactor.
struct LostReactor: Error, CustomStringConvertible {
  let description = "the reactor of the WebSocket was released"
}

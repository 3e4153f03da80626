import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The timeouts of the connection: one timer, which the machine's time limits move.
extension ServerConnection {
  /// While requests postpone the deadline, this only changes a number, without allocating.
  func arm(_ limit: ServerTimeLimit) {
    let times = server.times
    let now = reactor.turnTime
    let deadline: Int64
    switch limit {
    case .idle: deadline = now + times.idle
    case .head: deadline = now + times.head
    case .content:
      if waitsForContinue {
        // It has got its 100, or sends without.
        waitsForContinue = false
        contentStart = now
      }
      deadline = times.contentDeadline(from: &contentStart, received: machine.receivedContent, at: now)
    case .answer:
      deadline = min(now + times.write, handlerDeadline)
      sentWhenArmed = sentBytes
    case .closing:
      deadline = now + times.write
      sentWhenArmed = sentBytes
    case .lingering:
      deadline = now + (transport.bufferedBytes > 0 ? times.write : times.linger)
      sentWhenArmed = sentBytes
    }
    if let timer {
      timer.move(to: deadline)
    } else {
      timer = reactor.timers.add(deadline: deadline, site: CallSite()) { [unowned self] in timeout() }
    }
  }

  private func timeout() {
    timer = nil
    let (isUnsent, isTaking) = (
      transport.bufferedBytes > 0, sentBytes - sentWhenArmed >= server.times.leastWritten
    )
    let isHandlerLate = reactor.turnTime >= handlerDeadline
    if let slowness = machine.slowness(isUnsent: isUnsent, isTaking: isTaking, isHandlerLate: isHandlerLate) {
      server.noteSlowClient(facts.peer, slowness, at: reactor.turnTime)
    }
    machine.timedOut(isUnsent: isUnsent, isTaking: isTaking, isHandlerLate: isHandlerLate)
    pump()
  }

  /// The deadline of the handler whose response is next.
  private var handlerDeadline: Int64 {
    exchanges.first?.handlerDeadline(server.times) ?? .max
  }
}

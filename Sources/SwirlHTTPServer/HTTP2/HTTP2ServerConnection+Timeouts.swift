#if HTTP2
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor

/// The time limits of a connection and its streams: one timer, at the earliest of them.
extension HTTP2ServerConnection {
  /// A limit ends at `deadline`. One that moves to a later time costs nothing: the timer looks again when it fires.
  func arm(at deadline: Int64) {
    guard deadline < timerDeadline, state != .over else { return }
    timerDeadline = deadline
    if let timer {
      timer.move(to: deadline)
    } else {
      timer = reactor.timers.add(deadline: deadline, site: CallSite()) { [unowned self] in check() }
    }
  }

  private func check() {
    timer = nil
    timerDeadline = .max
    let now = reactor.turnTime
    // First, because the end of the session waits for a client that takes nothing.
    if watch.deadline <= now, !isTaking(now) {
      server.noteSlowClient(facts.peer, .reading, at: now)
      return transport.abort()
    }
    if idleDeadline <= now {
      idleTimeout()
    } else if sectionDeadline <= now {
      sectionDeadline = .max
      server.noteSlowClient(facts.peer, .head, at: now)
      terminate(.enhanceYourCalm)
    }
    if state == .over { return }
    var next = min(idleDeadline, sectionDeadline, watch.deadline)
    for stream in inOrder {
      stream.check(now)
      next = min(next, stream.deadline)
    }
    arm(at: next)
    wire.flush()
  }

  private func idleTimeout() {
    idleDeadline = .max
    switch state {
    case .open: terminate(.noError)
    case .announced: drainNow()
    case .draining: break
    case .lingering: transport.bufferedBytes > 0 ? transport.abort() : transport.close()
    case .over: break
    }
  }

  /// Watches that the client takes what the transport holds.
  func watchTransport() {
    if transport.bufferedBytes == 0 {
      watch.end()
    } else if !watch.isOn {
      watch.begin(sentBytes, at: reactor.turnTime, server.times)
      arm(at: watch.deadline)
    }
  }

  /// Whether the client has taken enough since the last look.
  private func isTaking(_ now: Int64) -> Bool {
    if transport.bufferedBytes == 0 {
      watch.end()
    } else {
      guard watch.hasTaken(sentBytes, server.times) else { return false }
      watch.begin(sentBytes, at: now, server.times)
    }
    return true
  }
}
#endif

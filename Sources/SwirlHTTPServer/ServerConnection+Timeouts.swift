import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The clock of the connection: one timer, which the machine's time limits move.
extension ServerConnection {
  /// Nothing is allocated, and nothing but a number changes, as long as requests push the deadline further away.
  func arm(_ limit: ServerTimeLimit) {
    let times = server.times
    let now = reactor.turnTime
    let deadline: Int64
    switch limit {
    case .idle: deadline = now + times.idle
    case .head: deadline = now + times.head
    case .content:
      deadline = contentStart + times.body + Int64(machine.receivedContent) * times.nanosecondsPerBodyByte
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
    machine.timedOut(
      isUnsent: transport.bufferedBytes > 0,
      isTaking: sentBytes - sentWhenArmed >= server.times.leastWritten,
      isHandlerLate: reactor.turnTime >= handlerDeadline)
    pump()
  }

  /// What the transport has given to the kernel.
  private var sentBytes: Int { handedToTransport - transport.bufferedBytes }

  /// Until when the handler of the answer that is next has time.
  private var handlerDeadline: Int64 {
    guard server.times.handler != .max, let first = exchanges.first, case .waiting = first.state else { return .max }
    let (deadline, overflow) = first.handlerStart.addingReportingOverflow(server.times.handler)
    return overflow ? .max : deadline
  }
}

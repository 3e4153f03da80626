import SwirlDeferred
package import SwirlReactor

/// One timer for the time limits of many requests, or questions: a timer for each would be two allocations a request.
///
/// It fires at the earliest deadline, or earlier if that request has ended meanwhile.
package final class RequestDeadlines {
  private unowned let reactor: Reactor
  private var call: DelayedCall?
  private var due = Int64.max
  /// Ends what is over at a time, and returns the next deadline.
  package var onTime: ((_ now: Int64) -> Int64)?

  package init(on reactor: Reactor) { self.reactor = reactor }

  /// Watches `deadline`, too.
  package func cover(_ deadline: Int64) {
    guard deadline < due else { return }
    due = deadline
    if let call {
      call.move(to: deadline)
    } else {
      call = reactor.callAt(Instant(nanoseconds: deadline)) { [weak self] in self?.fire() }
    }
  }

  /// When to search again among `count` requests: a search for each of their deadlines would take quadratic time, so a
  /// timeout may be late by 200 ns a request.
  package static func next(_ deadline: Int64, searching count: Int, at now: Int64) -> Int64 {
    deadline == .max ? .max : max(deadline, now + Int64(count) * 200)
  }

  /// Watches no deadline, until the next one.
  package func clear() {
    call.take()?.cancel()
    due = .max
  }

  package func cancel() {
    clear()
    onTime = nil
  }

  private func fire() {
    call = nil
    due = .max
    if let next = onTime?(reactor.turnTime) { cover(next) }
  }
}

extension RequestLimits {
  /// When a request is over that is made at `now`.
  func deadline(from now: Int64, _ timeout: Duration?) -> Int64 {
    guard let limit = timeout ?? self.timeout else { return .max }
    let (deadline, overflow) = now.addingReportingOverflow(max(0, limit.nanoseconds))
    return overflow ? .max : deadline
  }
}

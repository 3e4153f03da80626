public import SwirlDeferred
import SwirlNet
import SwirlReactor

extension HTTPServer {
  /// Stops: after ``Configuration/stopNotice``, accepts no more connections, closes idle ones and those in a TLS
  /// handshake, and answers requests in progress, with `Connection: close`.
  ///
  /// Connections that wait in the kernel's queue are accepted first, because closing the socket would reset them; they
  /// have a second for their first request, over TLS with an `idlePeriod` alone. After the grace period it aborts the
  /// rest and cancels their Deferreds. The Deferred fires when no connection is left; cancelling it ends the grace
  /// period at once. A stopped server can listen again, even while requests are in progress. aiohttp:
  /// `AppRunner.cleanup`; Tornado: `stop` and `close_all_connections`.
  ///
  /// - Parameters:
  ///   - gracePeriod: the time limit for requests in progress; nil is that of the configuration.
  ///   - idlePeriod: how long idle connections of HTTP/1 stay open, so that a client that is about to send a request
  ///     does not meet a closed connection: the next response on each closes it. TLS handshakes continue meanwhile. The
  ///     grace period begins behind it. HTTP/2 and WebSocket tell their clients at once. nginx: the old workers after
  ///     an upgrade; Envoy: `--drain-time-s`.
  @discardableResult
  public func stop(within gracePeriod: Duration? = nil, idleFor idlePeriod: Duration = .zero) -> Deferred<Void> {
    state.isStopping = true
    let gracePeriod = gracePeriod ?? configuration.gracePeriod
    guard gracePeriod > .zero, let notice = announceStop() else {
      return stop(within: gracePeriod, idleFor: idlePeriod, after: lastNumber)
    }
    return notice.addBoth { [self] result in
      // Another call has ended the notice, and may have listened again since.
      if noticeEnd == nil, !listeners.isEmpty { return .succeed() }
      // The program cancels a stop to end it at once.
      if case .failure = result { return stop(within: .zero, idleFor: .zero, after: lastNumber) }
      return stop(within: gracePeriod, idleFor: idlePeriod, after: lastNumber)
    }
  }

  /// Lets `readiness` say that the server stops. Fires when it may: nil if at once.
  func announceStop() -> Deferred<Void>? {
    state.isStopping = true
    guard configuration.stopNotice > .zero, let reactor = listeners.first?.reactor else { return nil }
    let end = noticeEnd ?? reactor.now + configuration.stopNotice
    noticeEnd = end
    if end <= reactor.now { return nil }
    return reactor.sleep(end - reactor.now)
  }

  /// Stops, and writes the access log.
  /// - Parameter last: the number of the last connection before those that were in a queue.
  func stop(within gracePeriod: Duration?, idleFor idlePeriod: Duration, after last: Int) -> Deferred<Void> {
    state.isStopping = true
    noticeEnd = nil
    let reactor = anyReactor
    let stopped = stopServing(within: gracePeriod, idleFor: idlePeriod, after: last)
    guard let accessLogBuffer, let reactor else { return stopped }
    return stopped.addCallback { [unowned reactor] in accessLogBuffer.flush(on: reactor) }
  }

  private func stopServing(
    within gracePeriod: Duration?, idleFor idlePeriod: Duration, after last: Int
  ) -> Deferred<Void> {
    let gracePeriod = gracePeriod ?? configuration.gracePeriod
    let listeners = stopListening(keepsHandshakes: idlePeriod > .zero)
    guard idlePeriod > .zero else {
      let queuePeriod = min(gracePeriod, .seconds(1))
      return finishConnections(within: gracePeriod, idleFor: queuePeriod, after: last, listeners)
    }
    return finishConnections(within: gracePeriod + idlePeriod, idleFor: idlePeriod, after: 0, listeners)
  }
}

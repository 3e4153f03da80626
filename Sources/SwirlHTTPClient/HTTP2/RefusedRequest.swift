#if HTTP2
import SwirlDeferred
import SwirlReactor

/// A request that a server has refused more than once, until it is sent again (RFC 9113 §8.7): a server that is
/// overloaded gets time. Go pauses from the second refusal on, too.
///
/// The timer of the request retains it: a reactor that is released abandons the request.
final class RefusedRequest {
  private var exchange: HTTPClient.Exchange?

  /// How often a request is repeated that a server refuses before it looks at it.
  static let limit = 10
  /// The first pause; each further one is twice as long: ten seconds in all.
  private static let firstPause: Int64 = 20_000_000

  private init(_ exchange: HTTPClient.Exchange) { self.exchange = exchange }

  /// Sends `exchange`, which is on no connection, after a pause.
  static func sendLater(_ exchange: HTTPClient.Exchange, on reactor: Reactor) {
    let refused = RefusedRequest(exchange)
    let pause = firstPause << (Int64(exchange.refusals) - 2)
    let time = min(reactor.turnTime + pause, exchange.deadline)
    exchange.state = nil
    exchange.timer = reactor.callAt(Reactor.Instant(nanoseconds: time)) { refused.end() }
  }

  private func end() {
    guard let exchange = exchange.take(), let client = exchange.client else { return }
    exchange.timer = nil
    if client.reactor.turnTime >= exchange.deadline { return exchange.abortTimedOut() }
    client.send(exchange)
  }

  deinit {
    if let exchange, !exchange.isFinished { exchange.abandon() }
  }
}
#endif

import SwirlDeferred

/// The requests of an origin that wait for a connection, in FIFO order; repeated ones, which are older, first.
struct WaitingRequests {
  private var repeated = TicketQueue<HTTPClient.Exchange>()
  private var others = TicketQueue<HTTPClient.Exchange>()

  var count: Int { repeated.count + others.count }
  var isEmpty: Bool { repeated.isEmpty && others.isEmpty }

  /// The request that is next.
  var first: HTTPClient.Exchange? { repeated.first ?? others.first }

  /// The request that is next for a connection that was used before. A repeated request gets a new one.
  var firstForKept: HTTPClient.Exchange? { others.first }

  mutating func append(_ exchange: HTTPClient.Exchange) {
    exchange.ticket = exchange.isRetry ? repeated.append(exchange) : others.append(exchange)
  }

  /// Removes `exchange`, which was appended and not removed since.
  mutating func remove(_ exchange: HTTPClient.Exchange) {
    let removed = exchange.isRetry ? repeated.remove(exchange.ticket) : others.remove(exchange.ticket)
    assert(removed === exchange)
  }
}

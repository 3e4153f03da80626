import SwirlDeferred

/// The requests of an origin that wait for a connection, in FIFO order; repeated ones, which are older, first.
struct WaitingRequests {
  /// Those that need a connection of their own (RFC 9110 §15.5.20).
  private var misdirected = TicketQueue<HTTPClient.Exchange>()
  private var repeated = TicketQueue<HTTPClient.Exchange>()
  private var others = TicketQueue<HTTPClient.Exchange>()
  /// The number of the latest request that has waited.
  private(set) var latestNumber = 0

  var count: Int { misdirected.count + repeated.count + others.count }
  var isEmpty: Bool { repeated.isEmpty && others.isEmpty && misdirected.isEmpty }

  /// The request that is next.
  var first: HTTPClient.Exchange? { misdirected.first ?? repeated.first ?? others.first }

  /// The request that is next for a connection that was used before. A repeated request gets a new one.
  var firstForKept: HTTPClient.Exchange? { others.first }

  /// The request that is next for a connection that carries many at once.
  var firstForShared: HTTPClient.Exchange? { repeated.first ?? others.first }

  /// The first request that needs a connection of its own.
  var firstMisdirected: HTTPClient.Exchange? { misdirected.first }

  mutating func append(_ exchange: HTTPClient.Exchange) {
    latestNumber = max(latestNumber, exchange.number)
    withQueue(of: exchange) { exchange.ticket = $0.append(exchange) }
  }

  /// Removes `exchange`, which was appended and not removed since.
  mutating func remove(_ exchange: HTTPClient.Exchange) {
    let removed = withQueue(of: exchange) { $0.remove(exchange.ticket) }
    assert(removed === exchange)
  }

  private mutating func withQueue<Result>(
    of exchange: HTTPClient.Exchange, _ body: (inout TicketQueue<HTTPClient.Exchange>) -> Result
  ) -> Result {
    if !exchange.isRetry { return body(&others) }
    return exchange.isMisdirected ? body(&misdirected) : body(&repeated)
  }
}

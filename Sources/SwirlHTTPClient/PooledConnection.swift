/// A connection as its pool sees it; nothing else asks it.
protocol PooledConnection: AnyObject {
  /// How many more requests it takes now: one for an idle HTTP/1 connection, else zero.
  var capacity: Int { get }

  /// Sends the request of `exchange`; false when it cannot be sent, which is its error.
  func send(_ exchange: HTTPClient.Exchange) -> Bool
}

/// A request on something that carries several at once, as its exchange sees it.
protocol RequestCarrier: AnyObject {
  /// The request was given up.
  func drop()

  /// Its consumer has enough for now.
  func pauseBody()

  /// Its consumer has room again.
  func resumeBody()
}

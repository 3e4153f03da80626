/// A connection as its pool sees it; nothing else asks it.
protocol PooledConnection: AnyObject {
  /// How many more requests it takes now: one for an idle HTTP/1 connection, else zero.
  var capacity: Int { get }

  /// Sends the request of `exchange`; false when it cannot be sent, which is its error.
  func send(_ exchange: HTTPClient.Exchange) -> Bool
}

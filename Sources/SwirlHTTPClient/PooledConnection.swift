/// A connection as its pool sees it; nothing else asks it.
protocol PooledConnection: AnyObject {
  /// How many more requests it takes now: one for an idle HTTP/1 connection, else zero.
  var capacity: Int { get }

  /// Sends the request of `exchange`; false when it cannot be sent, which is its error.
  func send(_ exchange: HTTPClient.Exchange) -> Bool
}

/// A connection that carries many requests at once, as its pool sees it.
protocol SharedConnection: PooledConnection {
  /// Whether no request is on it.
  var isIdle: Bool { get }

  /// When it last became idle.
  var idleSince: Int64 { get set }

  /// Whether it is being closed to make room for one to another origin.
  var isMakingRoom: Bool { get set }

  /// Whether the server takes tunnels of other protocols; nil as long as it has not said.
  var takesTunnels: Bool? { get }

  /// Whether it can carry `exchange` without the danger that an unread close of the server loses it.
  func canCarry(_ exchange: HTTPClient.Exchange) -> Bool

  /// Whether it will never take a request again.
  var isWorn: Bool { get }

  /// Takes no further requests, and closes when those on it have ended.
  func drain()

  /// Ends the connection, on which no request is.
  func close()
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

import SwirlReactor

/// A connection of a server, in either version of HTTP, as the server sees it.
protocol ServedConnection: AnyObject {
  /// Its sequence number within the server; zero if the server has refused it.
  var number: Int { get set }
  var reactor: Reactor! { get }
  /// Whether it reads nothing now, so that it would not notice that the client has closed.
  var isReadingPaused: Bool { get }
  /// Looks whether the client is there, while reading is paused.
  func checkPausedClient()
  /// Closes the connection if it is idle, otherwise after the responses in progress.
  func drain()
  /// Ends the connection at once.
  func abort()
}

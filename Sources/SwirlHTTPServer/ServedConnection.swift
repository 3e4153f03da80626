import HTTPTypes
import SwirlReactor

/// A connection of a server, in either version of HTTP, as the server sees it.
protocol ServedConnection: AnyObject {
  var server: HTTPServer { get }
  /// Its sequence number within the server; zero if the server has refused it.
  var number: Int { get set }
  var reactor: Reactor! { get }
  var facts: ConnectionFacts! { get }

  /// Responses not yet in the access log, in order.
  var unreported: [UnreportedAnswer] { get set }
  /// The number of bytes that were written so far.
  var writtenBytes: Int { get }
  /// The number of written bytes that the kernel has taken.
  var sentBytes: Int { get }

  /// The bytes that wait in it: content and output.
  var heldBytes: Int { get }
  /// What of them the server's sum has.
  var accountedBytes: Int { get set }

  /// Whether it reads nothing now, so that it would not notice that the client has closed.
  var isReadingPaused: Bool { get }
  /// Looks whether the client is there, while reading is paused.
  func checkPausedClient()
  /// Closes the connection if it is idle, otherwise after the responses in progress.
  func drain()
  /// Announces the end in the response in progress, or in the next one; an idle connection stays open until `drain`.
  func drainAfterRequest()
  /// Ends the connection at once.
  func abort()
  /// Sends a 103, if the request is the next to be answered.
  func sendHints(_ fields: HTTPFields, to request: HTTPServer.Request)
}

extension ServedConnection {
  // HTTP/2 and WebSocket have words for the end, which cost an idle client nothing.
  func drainAfterRequest() { drain() }
}

/// The content of the request that is being read.
struct IncomingContent: Sendable {
  /// Whether its handler takes it as it arrives.
  var streams = false
  /// Whether its handler was called, and reads it as it arrives.
  var isStreamed = false
  /// Whether the handler applies back-pressure.
  var isPaused = false
  /// Whether the handler has stopped reading it.
  var isAbandoned = false
  /// Whether some was received and not passed on.
  var isUndelivered = false
  /// Whether the client waits for a 100 before it sends the content (RFC 9110 §10.1.1).
  var owesContinue = false
  /// Whether the 100 waits until the handler reads the content.
  var withholdsContinue = false
  /// Whether the answer, which is being sent, closes the connection.
  var isAnswerLast = false
  /// Whether its request may change the protocol.
  var offersUpgrade = false
  /// Whether the client has the time for its content: a handler that makes it wait, for room or for a 100, or that has
  /// stopped reading, has the time of its answer.
  var isTaken: Bool { !isPaused && !isAbandoned && !owesContinue }
  /// The number of received bytes.
  var received = 0
  /// The number of bytes received after the handler abandoned it.
  var abandonedBytes = 0
}

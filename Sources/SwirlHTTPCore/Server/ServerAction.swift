/// The next action for the owner of a `ServerMachine`. Payloads are numbers and ranges; the owner takes larger values
/// from the machine.
package enum ServerAction: Sendable, Equatable {
  // Requests

  /// The head of a request with content has arrived: `head`. The owner may set `contentLimit` or call
  /// `declineContent()`.
  case head
  /// A complete request has arrived. `takeHead()` and `takeTrailers()` give its parts; call its handler, then
  /// `answered` or `takeTurn`.
  case request(number: Int)
  /// A request with streamed content. `takeHead()` returns its head.
  case streamedRequest(number: Int)
  /// Content: these positions of the input.
  case content(Range<Int>)
  /// All content of this read is reported: pass it to the handler in one piece.
  case deliverContent
  /// The streamed content is complete: pass on the rest of it, and its end.
  case contentEnded
  /// The response is sent before the content is complete: drop the rest.
  case dropContent
  /// The streamed content fails. If `isAnswered`, the refusal is also the response: its handler has not answered yet.
  case failContent(ServerRefusal, isAnswered: Bool)

  // Answers

  /// The first response in the queue is ready: send it, with the framing from `plan`.
  case respond
  /// Answer with the status of this refusal when its turn comes. `takeHead()` gives the request, if there is one.
  case refuse(ServerRefusal)
  /// The handler of the first request took too long: the refusal is its answer.
  case refuseHandler
  /// Send 100 Continue.
  case sendContinue
  /// Cancel the requests from this number: the connection ends before their responses (RFC 9112 §9.6).
  case cancel(from: Int)

  // The transport

  /// Pass the output to the transport.
  case flush
  /// Stop reading.
  case pauseReading
  /// Resume reading.
  case resumeReading
  /// Close as soon as everything is sent.
  case close
  /// Close our direction as soon as everything is sent, and drop what the client sends until it closes too (RFC 9112
  /// §9.6).
  case linger
  /// Break the connection at once.
  case abort
  /// The bytes from here belong to the next protocol.
  case handOver

  // Time

  /// Start this time limit, in place of the one before.
  case arm(ServerTimeLimit)
  /// No time limit applies any more.
  case disarm
}

/// The phases of a connection, each with its own time limit.
package enum ServerTimeLimit: UInt8, Sendable, CaseIterable {
  /// Between two requests: closed without an answer.
  case idle
  /// In a head, or before the first one: 408.
  case head
  /// In the content of a request: 408.
  case content
  /// Waiting for a handler, which has its own limit, or for the client to read the response.
  case answer
  /// The transport sends the rest, then closes.
  case closing
  /// Our direction is closed; waiting for the client to close.
  case lingering
}

/// Why the server itself answers a request. Each except `handlerTimeout` ends the connection.
package enum ServerRefusal: UInt8, Sendable, CaseIterable {
  /// The input is not a request: `failure` has the reason.
  case malformed
  /// The head did not arrive in time: 408.
  case headTimeout
  /// The content did not arrive in time: 408.
  case contentTimeout
  /// The handler has not answered in time: 503.
  case handlerTimeout
  /// An expectation other than 100-continue: 417 (RFC 9110 §10.1.1).
  case expectation
  /// Plain HTTP on a port for TLS: 400.
  case plainOnTLS
  /// The server accepts no more connections: 503.
  case tooManyConnections
  /// The server holds too much already: 503.
  case overloaded
}

/// What the owner of a `ServerMachine` has to do next. Payloads are numbers and ranges; what is larger is taken from
/// the machine.
package enum ServerAction: Sendable, Equatable {
  // Requests

  /// The head of a request with content came: `head` shows it. The owner may set `contentLimit` or call
  /// `declineContent()`.
  case head
  /// A request came whole. `takeHead()` and `takeTrailers()` give its parts; call its handler, then `answered` or
  /// `takeTurn`.
  case request(number: Int)
  /// A request whose content the handler takes while it comes. `takeHead()` gives its head.
  case streamedRequest(number: Int)
  /// Content: these positions of the input.
  case content(Range<Int>)
  /// The content of this read came: pass it to the handler in one piece.
  case deliverContent
  /// The streamed content is whole: pass on the rest of it, and its end.
  case contentEnded
  /// The answer is sent before the content is whole: the rest of it is dropped.
  case dropContent
  /// The streamed content fails. Where `isAnswered`, the refusal is also the answer: its handler has not answered yet.
  case failContent(ServerRefusal, isAnswered: Bool)

  // Answers

  /// The first answer in line is ready, and is to be sent now: ask `plan` for its framing.
  case respond
  /// Answer with the status of this refusal when its turn comes. `takeHead()` gives the request, if there is one.
  case refuse(ServerRefusal)
  /// The handler of the first request took too long: the refusal is its answer.
  case refuseHandler
  /// Send 100 Continue.
  case sendContinue
  /// The requests from this number on will not be answered: the connection ends before (RFC 9112 §9.6).
  case cancel(from: Int)

  // The transport

  /// Give what was put together to the transport.
  case flush
  /// Stop reading.
  case pauseReading
  /// Read again.
  case resumeReading
  /// Close as soon as everything is sent.
  case close
  /// Close our direction as soon as everything is sent, and drop what the client sends until it closes too (RFC 9112
  /// §9.6).
  case linger
  /// Break the connection at once.
  case abort
  /// The bytes from here on belong to the next protocol.
  case handOver

  // Time

  /// Start this time limit, in place of the one before.
  case arm(ServerTimeLimit)
  /// No time limit applies any more.
  case disarm
}

/// What a connection is doing, each with a time limit of its own.
package enum ServerTimeLimit: UInt8, Sendable, CaseIterable {
  /// Between two requests: closed without an answer.
  case idle
  /// In a head, or before the first one: 408.
  case head
  /// In the content of a request: 408.
  case content
  /// A handler or the client's reading is awaited. A handler has the time it was given; a client must take what is sent
  /// to it.
  case answer
  /// The transport sends the rest, then closes.
  case closing
  /// Our direction is closed, and the client's is awaited.
  case lingering
}

/// Why a request is answered by the server itself. Each ends the connection but `handlerTimeout`.
package enum ServerRefusal: UInt8, Sendable, CaseIterable {
  /// The bytes are no request: `failure` says why.
  case malformed
  /// The head did not come in time: 408.
  case headTimeout
  /// The content did not come in time: 408.
  case contentTimeout
  /// The handler has not answered in time: 503.
  case handlerTimeout
  /// An expectation other than 100-continue: 417 (RFC 9110 §10.1.1).
  case expectation
  /// Plain HTTP on a port for TLS: 400.
  case plainOnTLS
  /// The server takes no more connections: 503.
  case tooManyConnections
}

extension HTTP1ClientMachine {
  /// What the connection's shell is to do.
  package enum Action: Equatable, Sendable {
    /// All bytes were used.
    case needMore
    /// Something came though no request is under way, perhaps the end: the connection is not to be used again (RFC 9112 §9.2).
    case unexpectedInput
    /// An informational response other than 100 came: `informational`.
    case informational
    /// Send the content of the request.
    case sendContent
    /// The head came: `head`. The shell answers with `receive` if the content is not to be collected.
    /// - withholdsContent: whether the content of the request, which waited, is not to be sent any more.
    case head(withholdsContent: Bool)
    /// Content: these positions of the bytes that were given.
    case data(Range<Int>)
    /// The response is complete, with `trailers`.
    /// - isKept: whether the connection carries another request; the shell closes it otherwise.
    case end(isKept: Bool)
    /// As `end`, where the content was discarded; also where it was too long, or did not come to its end.
    case discardedEnd(isKept: Bool)
    /// Send the request once more, on another connection, and close this one.
    case repeatRequest
    /// The connection ended before the response was complete.
    case lost
  }

  /// What becomes of the content of a response.
  package enum Reception: Equatable, Sendable {
    /// It is kept until it is complete, up to the limit of the connection.
    case collected
    /// It is handed on as it comes, up to this limit if there is one.
    case streamed(atMost: Int?)
    /// It is read only to keep the connection, if it has no more than so many bytes.
    case discarded(atMost: Int)
  }

  /// What the machine has to know of a request.
  package struct RequestTraits: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The connection carries no other after it (RFC 9112 §9.6).
    package static let isLast = Self(rawValue: 1)
    /// Its content follows in pieces; `contentSent` reports the last.
    package static let isStreamed = Self(rawValue: 2)
    /// Its content waits for 100 (Continue).
    package static let expectsContinue = Self(rawValue: 4)
    /// Sending it twice does no harm (RFC 9110 §9.2.2), and its content can be sent again.
    package static let isRepeatable = Self(rawValue: 8)
    /// Its content can be sent again.
    package static let isReplayable = Self(rawValue: 16)
    /// It is sent for the second time.
    package static let isRepeat = Self(rawValue: 32)
    /// Some of it may have reached the server.
    package static let isWritten = Self(rawValue: 64)
  }
}

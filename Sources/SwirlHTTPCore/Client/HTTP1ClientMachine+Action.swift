extension HTTP1ClientMachine {
  /// The next action for the connection's shell.
  package enum Action: Equatable, Sendable {
    /// All bytes were used.
    case needMore
    /// Input or EOF arrived without a request in progress: the connection must not be reused (RFC 9112 §9.2).
    case unexpectedInput
    /// An informational response other than 100 has arrived: `informational`.
    case informational
    /// Send the content of the request.
    case sendContent
    /// The head has arrived: `head`. The shell calls `receive` unless the content is to be collected.
    /// - withholdsContent: whether the request's waiting content must not be sent any more.
    case head(withholdsContent: Bool)
    /// Content: these positions of the bytes that were given.
    case data(Range<Int>)
    /// The response is complete, with `trailers`.
    /// - isKept: whether the connection carries another request; the shell closes it otherwise.
    case end(isKept: Bool)
    /// Like `end`, for discarded content; also if that was too long or incomplete.
    case discardedEnd(isKept: Bool)
    /// Repeat the request on another connection, and close this one.
    case repeatRequest
    /// The server switched to the protocol that the request asked for, with `head`: what follows is not HTTP.
    case upgraded
    /// The connection ended before the response was complete.
    case lost
  }

  /// How to treat the content of a response.
  package enum Reception: Equatable, Sendable {
    /// Collect it until it is complete, up to the limit of the connection.
    case collected
    /// It is handed on as it comes, up to this limit if there is one.
    case streamed(atMost: Int?)
    /// Read and drop it to keep the connection, if it has at most this many bytes.
    case discarded(atMost: Int)
  }

  /// The properties of a request for the machine.
  @usableFromInline package struct RequestTraits: OptionSet, Sendable {
    @usableFromInline package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The connection carries no further request after it (RFC 9112 §9.6).
    @inlinable package static var isLast: Self { Self(rawValue: 1) }
    /// Its content follows in pieces; `contentSent` reports the last.
    @inlinable package static var isStreamed: Self { Self(rawValue: 2) }
    /// Its content waits for 100 (Continue).
    @inlinable package static var expectsContinue: Self { Self(rawValue: 4) }
    /// Sending it twice does no harm (RFC 9110 §9.2.2), and its content can be sent again.
    @inlinable package static var isRepeatable: Self { Self(rawValue: 8) }
    /// Its content can be sent again.
    @inlinable package static var isReplayable: Self { Self(rawValue: 16) }
    /// It is a repeated request.
    @inlinable package static var isRepeat: Self { Self(rawValue: 32) }
    /// The server may have received some of it.
    @inlinable package static var isWritten: Self { Self(rawValue: 64) }
    /// It asks for another protocol (RFC 9110 §7.8).
    @inlinable package static var isUpgrade: Self { Self(rawValue: 128) }
  }
}

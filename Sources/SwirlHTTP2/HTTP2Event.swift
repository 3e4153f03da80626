#if HTTP2
package import HTTPTypes

/// What a session found in the bytes of its peer.
package enum HTTP2Event {
  /// The head of a message.
  case head(stream: Int32, FieldSection, endsStream: Bool)
  /// An informational response (RFC 9110 §15.2).
  case informational(stream: Int32, FieldSection)
  /// Content: these positions of the bytes that were given.
  case data(stream: Int32, Range<Int>)
  /// Trailer fields, which end the stream.
  case trailers(stream: Int32, FieldSection)
  /// The peer sends nothing more on this stream.
  case end(stream: Int32)
  /// Our message on this stream is complete in the output.
  case sent(stream: Int32)
  /// The stream has ended in both directions, or was reset by either side. If this session reset it because of the
  /// peer, `streamError` or `fieldsTooLong` precede; without them, and without a call of `reset`, the peer did.
  case closed(stream: Int32, HTTP2ErrorCode)
  /// The fields of a message are longer than allowed. The stream was reset, unless it is a request that is at most four
  /// times as long: its answer is to say so (RFC 6585 §5). A request begins by this event.
  case fieldsTooLong(stream: Int32)
  /// The peer broke a rule on this stream, which was reset (RFC 9113 §5.4.2). A request of which this is the first
  /// event has no head.
  case streamError(HTTP2Error)
  /// The peer will end the connection: it does nothing of our streams above this one (RFC 9113 §6.8).
  case goAway(lastStream: Int32, HTTP2ErrorCode, debug: String)
  /// The peer's settings have changed.
  case settings
  /// The answer to the PING with this data.
  case pong(UInt64)
}
#endif

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
  /// The stream has ended in both directions, or was reset by either side.
  case closed(stream: Int32, HTTP2ErrorCode)
  /// The fields of a message are longer than allowed; the stream was reset.
  case fieldsTooLong(stream: Int32)
  /// The peer begins no stream above this one, and takes none (RFC 9113 §6.8).
  case goAway(lastStream: Int32, HTTP2ErrorCode, debug: String)
  /// The peer's settings have changed.
  case settings
  /// The answer to a PING.
  case pong
}

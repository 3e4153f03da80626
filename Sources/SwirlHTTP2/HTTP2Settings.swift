#if HTTP2
/// What a session announces to its peer, and its limits (RFC 9113 §6.5.2).
package struct HTTP2Settings: Sendable {
  /// How many bytes of content the peer may send on a stream before they are taken.
  package var streamWindow = 1 << 20
  /// The same for all streams together.
  package var connectionWindow = 16 << 20
  /// The maximum length of the fields of one message, as RFC 9113 §6.5.2 counts it.
  package var fieldBytes = 300 * 1024
  /// How many streams the peer may have open at once.
  package var streams = 100
  /// The number of bytes of outgoing content on one stream at which its writer waits.
  package var waterMark = 64 * 1024

  package init() {}
}
#endif

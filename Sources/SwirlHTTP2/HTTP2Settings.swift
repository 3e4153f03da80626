#if HTTP2
/// What a session announces to its peer, and its limits (RFC 9113 §6.5.2 and §10.5).
package struct HTTP2Settings: Sendable {
  /// How many bytes of content the peer may send on a stream before they are taken.
  package var streamWindow = 1 << 20
  /// The same for all streams together.
  package var connectionWindow = 16 << 20
  /// The maximum length of the fields of one message, as RFC 9113 §6.5.2 counts it.
  package var fieldBytes = 300 * 1024
  /// How many streams the peer may have open at once; those above are refused.
  package var streams = 100
  /// The number of bytes of outgoing content on one stream at which its writer waits.
  package var waterMark = 64 * 1024
  /// Whether a server takes extended CONNECT, on which WebSocket runs (RFC 8441).
  package var takesConnectProtocol = false

  // What a peer may do that costs more than it brings. Each exceeded limit ends the connection with ENHANCE_YOUR_CALM.

  /// How many requests of a client may end by a reset, a refusal or an error before they are answered. As many are
  /// allowed again 30 seconds later, each thirtieth part a second. A request counts as answered when its response has
  /// begun.
  package var resets = 1000
  /// How many bytes the peer may send in frames that carry neither fields nor content, or little of them: PING,
  /// SETTINGS, PRIORITY, WINDOW_UPDATE, unknown and empty frames, padding. Fields and content earn bytes, and time as
  /// for `resets`.
  package var overheadBytes = 256 * 1024
  /// The maximum number of settings in one frame.
  package var settingsInFrame = 32
  /// How many answers to PING and SETTINGS may wait because the peer does not read.
  package var pendingAnswers = 1000
  /// How many frames other than content may wait because a client does not read.
  package var pendingFrames = 4000

  /// How many CONTINUATION frames the fields of one message may be split into.
  var continuations: Int { fieldBytes / 16_384 + 8 }

  package init() {}
}
#endif

/// How to parse a head.
struct HeadRules: Sendable {
  let isRequest: Bool
  /// Whether to accept the deviations that RFC 9110 and 9112 permit to a user agent.
  var isLenient = false
  /// Whether the head answers a CONNECT.
  var answersConnect = false
}

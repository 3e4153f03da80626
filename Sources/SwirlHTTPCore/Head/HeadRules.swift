/// How a head is read.
struct HeadRules: Sendable {
  let isRequest: Bool
  /// Whether departures that RFC 9110 and 9112 let a user agent take are taken.
  var isLenient = false
  /// Whether the head answers CONNECT.
  var answersConnect = false
}

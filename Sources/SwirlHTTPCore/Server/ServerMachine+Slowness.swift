/// What a client does too slowly.
package enum ClientSlowness: Sendable, Hashable {
  case head
  case content
  case reading
}

extension ServerMachine {
  /// Whether the client is to blame for the time limit that has passed, before `timedOut` is called; nil if it is not.
  package func slowness(isUnsent: Bool, isTaking: Bool, isHandlerLate: Bool) -> ClientSlowness? {
    guard let limit else { return nil }
    let isStuck = isUnsent && !isTaking
    switch limit {
    case .idle, .head: return parser.isIdle ? nil : isUnsent ? .reading : .head
    case .content: return .content
    case .answer: return isStuck && !isHandlerLate ? .reading : nil
    case .closing, .lingering: return isStuck ? .reading : nil
    }
  }
}

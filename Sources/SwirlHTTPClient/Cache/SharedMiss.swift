import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// A request that a cache sends for several that ask for the same at the same time (RFC 9111 §4: "collapsed" requests).
final class SharedMiss {
  enum Outcome {
    /// The response is kept.
    case stored(CachedResponse)
    /// There is no response, or it is not for others.
    case notShared
    /// The request was cancelled: another takes the lead.
    case cancelled
  }
  private var followers: [Deferred<Outcome>] = []
  /// Whether the outcome is known. Later requests must not wait for it.
  private(set) var isOver = false

  /// Waits for what comes of it.
  func wait() -> Deferred<Outcome> {
    let follower = Deferred<Outcome>()
    followers.append(follower)
    return follower
  }

  /// Fires the followers, in the order they came. Called again it does nothing.
  func end(_ outcome: Outcome) {
    if isOver { return }
    isOver = true
    let followers = followers
    self.followers = []
    for follower in followers where !follower.isFired { follower.callback(outcome) }
  }
}

extension HTTPClient.Request {
  /// What has to be equal for one response to serve two requests for `key`; nil where it must not be shared.
  func shareName(_ key: String, isDecoding: Bool, hasCookies: Bool) -> String? {
    guard method == .get, body == nil, authentication == nil, !hasCookies, onInformational == nil else { return nil }
    for name: HTTPField.Name in [.authorization, .cookie, .range] where headers.contains(name) { return nil }
    let fields = headers.map { "\($0.name.canonicalName): \($0.value)" }.sorted()
    return ([key, isDecoding ? "decoded" : "encoded"] + fields).joined(separator: "\n")
  }
}

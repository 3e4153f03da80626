/// A stored page.
struct PageRecord: Sendable {
  let url: String
  var status: Int?
  var type: String?
  var title: String?
  var size = 0
  /// Why the page is missing or incomplete.
  var problem: String?
}

/// A URL that this crawler holds until its lease ends.
struct TakenURL: Sendable {
  let url: String
  /// How often a server asked to retry later.
  let tries: Int
}

/// A store cannot be used.
struct StoreError: Error, CustomStringConvertible {
  let description: String
}

/// The numbers of unfinished URLs.
struct StoreCounts: Sendable {
  /// Ready to be taken.
  var waiting = 0
  /// Held by a crawler, this one or another.
  var leased = 0
}

/// The crawled pages and the queue, in one database, so that one transaction stores a page and adds its links.
///
/// The queue has hosts, each with the time of its next request and the count of its waiting URLs. `take` reads the
/// hosts that are ready, and then the first URLs of each, never finished URLs or those of pausing hosts. The time is in
/// the store, so all its crawlers share one pause for a host. A crawler takes a URL with a lease. If the lease ends
/// before the page is stored, the crawler counts as dead and another takes the URL.
@MainActor protocol Store {
  /// Creates the tables if they do not exist.
  func open() async throws
  /// Adds unknown URLs, each with its origin.
  func add(_ urls: [String: String]) async throws
  /// Takes URLs of the hosts that are ready: the longest-waiting host first, the oldest URLs of each, and no origin in
  /// `busy`. The host then pauses.
  func take(_ count: Int, notOf busy: [String]) async throws -> [TakenURL]
  /// The seconds until `take` may find a URL, below 0 if it may now; nil if no host has a waiting URL.
  func nextTurn(notOf busy: [String]) async throws -> Double?
  /// Reserves the next turn of a host, after the pause: for a host whose turn has passed while its robots.txt was
  /// fetched.
  /// - Returns: the seconds until that turn.
  func reserveTurn(of origin: String) async throws -> Double
  /// Stores a page (nil stores no page) and adds its links, each with its origin, in one transaction.
  /// - Returns: whether the lease was still valid. If not, it does nothing, because another crawler has the URL.
  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool
  /// Returns a URL; its host pauses for that many seconds. With `isTry` it counts as a try.
  func putBack(_ url: String, restingHost seconds: Double, isTry: Bool) async throws
  /// Renews the leases of `urls`.
  func renew(_ urls: [String]) async throws
  /// Returns all taken URLs, for other crawlers to take.
  func release() async throws
  func counts() async throws -> StoreCounts
  /// Whether a retry may succeed: the store is unavailable, overloaded or locked, and has not refused the data.
  func isAway(_ error: any Error) -> Bool
}

/// The limits for requests to a host.
struct Politeness: Sendable {
  /// The number of URLs of one host taken at once.
  let perHost: Int
  /// The pause between two requests to a host, in seconds; 0 for no pause.
  let pause: Double

  /// With a pause it takes one URL at a time, in the host's turn.
  var taking: Int { pause > 0 ? 1 : perHost }
}

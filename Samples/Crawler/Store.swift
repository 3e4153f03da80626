/// A page as it is stored.
struct PageRecord: Sendable {
  let url: String
  var status: Int?
  var type: String?
  var title: String?
  var size = 0
  /// Why it is not there, or not whole.
  var problem: String?
}

/// A URL that this crawler has now, until its lease ends.
struct TakenURL: Sendable {
  let url: String
  /// How often a server asked to be asked again later.
  let tries: Int
}

/// Why a store cannot be used.
struct StoreError: Error, CustomStringConvertible {
  let description: String
}

/// How many URLs there are to do.
struct StoreCounts: Sendable {
  /// To be taken.
  var waiting = 0
  /// Taken by a crawler, this or another.
  var leased = 0
}

/// What is crawled and what is still to be: the same tables, so that one transaction stores a page and adds its links.
///
/// The queue is one of hosts, each with the time when it may be asked next and the number of its URLs that wait: `take` looks at hosts
/// that are ready, and then at the first URLs of each, never at those that are done or of hosts that rest. All crawlers of a store
/// keep one pause for a host, since the time is in the store. A URL is taken with a lease. When that ends before the page is stored, the
/// crawler is thought dead and another takes the URL.
@MainActor protocol Store {
  /// Makes the tables where there are none.
  func open() async throws
  /// Adds URLs, each with its origin, where they are not known yet.
  func add(_ urls: [String: String]) async throws
  /// Takes URLs of the hosts that are ready, the one that has waited longest first, and the oldest URLs of each; none of the origins in
  /// `busy`. A host then rests for the pause.
  func take(_ count: Int, notOf busy: [String]) async throws -> [TakenURL]
  /// In how many seconds `take` may find something, or less than 0 where it may at once; nil when no host has a URL that waits.
  func nextTurn(notOf busy: [String]) async throws -> Double?
  /// Reserves the next turn of a host, after the pause: for one whose turn has passed while its robots.txt was read.
  /// - Returns: in how many seconds it is.
  func reserveTurn(of origin: String) async throws -> Double
  /// Stores a page, or nothing for one that is not to be stored, and adds its links, each with its origin: all or nothing.
  /// - Returns: whether the lease was still ours; else nothing is done, since another has the URL.
  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool
  /// Gives a URL back; its host rests for so many seconds. With `isTry` it counts as a try.
  func putBack(_ url: String, restingHost seconds: Double, isTry: Bool) async throws
  /// Begins the leases of `urls` again.
  func renew(_ urls: [String]) async throws
  /// Gives back all that was taken, which others may take at once.
  func release() async throws
  func counts() async throws -> StoreCounts
  /// Whether the store may do later what it did not do now: it is away, overloaded or locked, and has not refused what it was given.
  func isAway(_ error: any Error) -> Bool
}

/// How hosts are treated.
struct Politeness: Sendable {
  /// How many URLs of one host are taken at once.
  let perHost: Int
  /// Between two requests to a host, in seconds; 0 for none.
  let pause: Double

  /// With a pause, one at a time: the next is taken when it is its turn.
  var taking: Int { pause > 0 ? 1 : perHost }
}

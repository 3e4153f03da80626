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

/// Why a store cannot be used.
struct StoreError: Error, CustomStringConvertible {
  let description: String
}

/// How many URLs there are.
struct StoreCounts: Sendable {
  /// To be taken.
  var waiting = 0
  /// Taken by a crawler, this or another.
  var leased = 0
  /// Stored, or not to be stored.
  var done = 0
}

/// What is crawled and what is still to be: the same tables, so that one transaction stores a page and adds its links.
///
/// A URL is taken with a lease. When that ends before the page is stored, the crawler is thought dead and another takes the URL.
@MainActor protocol Store {
  /// Makes the tables where there are none.
  func open() async throws
  /// Adds URLs, each with its origin, where they are not known yet.
  func add(_ urls: [String: String]) async throws
  /// Takes URLs, the oldest first, none of the origins in `busy`.
  func take(_ count: Int, notOf busy: [String]) async throws -> [String]
  /// Stores a page, or nothing for one that is not to be stored, and adds its links, each with its origin: all or nothing.
  /// - Returns: whether the lease was still ours; else nothing is done, since another has the URL.
  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool
  /// Begins the leases of `urls` again.
  func renew(_ urls: [String]) async throws
  /// Gives back all that was taken, which others may take at once.
  func release() async throws
  func counts() async throws -> StoreCounts
}

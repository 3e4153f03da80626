/// The cookies of a jar by their domain, and which of them goes when there are too many.
///
/// Order is counted, not timed: cookies of one second still have an order, and a clock that is set back changes none.
package struct CookieStore {
  package struct Entry {
    package var cookie: Cookie
    /// Counts up with each new cookie.
    package let order: UInt64
    /// Counts up with each use.
    package var access: UInt64
  }

  /// How many a domain has at most (RFC 6265bis §6.1: at least 50).
  static let domainLimit = 50
  /// How many a jar is brought back to when it has too many (§6.1: at least 3000).
  package static let limit = 3000
  /// How many more than that are too many: looking for the oldest is worth it for many at once only.
  static let slack = 300

  private var domains: [String: [Entry]] = [:]
  private(set) var count = 0
  /// How many secure cookies have a name: most names that come over an insecure connection need no search.
  private var secureNames: [String: Int] = [:]
  private var ticks: UInt64 = 0

  package var isEmpty: Bool { count == 0 }

  /// All of them, in the order they came.
  package var entries: [Entry] { domains.values.joined().sorted { $0.order < $1.order } }

  // MARK: - Looking

  /// Those that `host` gets, in no particular order.
  package func entries(for host: String, where isWanted: (Cookie) -> Bool) -> [Entry] {
    var found: [Entry] = []
    for (level, domain) in host.domains.enumerated() {
      guard let entries = domains[domain] else { continue }
      for entry in entries where (level == 0 || !entry.cookie.isHostOnly) && isWanted(entry.cookie) {
        found.append(entry)
      }
    }
    return found
  }

  /// Whether a cookie that comes over an insecure connection would stand before or in the place of a secure one
  /// (RFC 6265bis §5.7, step 16).
  func overlaysSecure(_ cookie: Cookie) -> Bool {
    guard secureNames[cookie.name] != nil else { return false }
    func isOverlaid(_ entry: Entry) -> Bool {
      entry.cookie.isSecure && entry.cookie.hasSameName(as: cookie)
        && cookie.path.pathMatches(entry.cookie.path)
    }
    return domains.contains { domain, entries in
      (domain.domainMatches(cookie.domain) || cookie.domain.domainMatches(domain))
        && entries.contains(where: isOverlaid)
    }
  }

  /// Notes that `entries` were used.
  mutating func touch(_ entries: [Entry], at now: Int) {
    for entry in entries {
      guard let index = domains[entry.cookie.domain]?.firstIndex(where: { $0.order == entry.order }) else { continue }
      ticks += 1
      domains[entry.cookie.domain]?[index].access = ticks
      domains[entry.cookie.domain]?[index].cookie.lastAccess = now
    }
  }

  /// Counts the uses again by their times: after loading, the order of coming stands for them.
  package mutating func recallUse() {
    for entry in entries.sorted(by: { $0.cookie.lastAccess < $1.cookie.lastAccess }) {
      touch([entry], at: entry.cookie.lastAccess)
    }
  }

  // MARK: - Changing

  /// Puts a cookie in the place of the one that it replaces, or behind the others.
  /// - Returns: whether it is still there now that there is room again.
  package mutating func insert(_ cookie: Cookie, at now: Int) -> Bool {
    ticks += 1
    var cookie = cookie
    if let index = domains[cookie.domain]?.firstIndex(where: { $0.cookie.replaces(cookie) }),
      let old = domains[cookie.domain]?[index]
    {
      cookie.creation = old.cookie.creation
      countName(of: old.cookie, by: -1)
      countName(of: cookie, by: 1)
      domains[cookie.domain]?[index] = Entry(cookie: cookie, order: old.order, access: ticks)
      return true
    }
    let entry = Entry(cookie: cookie, order: ticks, access: ticks)
    domains[cookie.domain, default: []].append(entry)
    count += 1
    countName(of: cookie, by: 1)
    let isKept = makeRoom(in: cookie.domain, for: entry, at: now)
    if count > Self.limit + Self.slack { makeRoom(at: now) }
    return isKept
  }

  package mutating func removeAll(where isUnwanted: (Entry) -> Bool) {
    for domain in Array(domains.keys) { remove(from: domain, where: isUnwanted) }
  }

  package mutating func remove(from domain: String, where isUnwanted: (Entry) -> Bool) {
    // Taken out, so that it is not copied.
    guard var entries = domains.removeValue(forKey: domain) else { return }
    entries.removeAll { entry in
      guard isUnwanted(entry) else { return false }
      count -= 1
      countName(of: entry.cookie, by: -1)
      return true
    }
    if !entries.isEmpty { domains[domain] = entries }
  }

  private mutating func countName(of cookie: Cookie, by change: Int) {
    guard cookie.isSecure else { return }
    let count = secureNames[cookie.name, default: 0] + change
    secureNames[cookie.name] = count == 0 ? nil : count
  }

  // MARK: - Room

  /// Expired ones go first, then those that are not secure, then the one that was not used for the longest time
  /// (RFC 6265bis §5.7).
  private mutating func makeRoom(in domain: String, for newest: Entry, at now: Int) -> Bool {
    guard let count = domains[domain]?.count, count > Self.domainLimit else { return true }
    remove(from: domain) { $0.cookie.isExpired(at: now) }
    guard let entries = domains[domain], entries.count > Self.domainLimit else { return true }
    let victim = entries.min {
      $0.cookie.isSecure == $1.cookie.isSecure ? $0.access < $1.access : !$0.cookie.isSecure
    }
    guard let victim else { return true }
    remove(from: domain) { $0.order == victim.order }
    return victim.order != newest.order
  }

  /// No domain has too many of its own, so expired ones go, and then those not used for the longest time.
  private mutating func makeRoom(at now: Int) {
    removeAll { $0.cookie.isExpired(at: now) }
    guard count > Self.limit else { return }
    // No two have the same number.
    let oldestKept = domains.values.joined().map(\.access).sorted()[count - Self.limit]
    removeAll { $0.access < oldestKept }
  }
}

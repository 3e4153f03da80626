/// The cookies of a jar by domain, and the rule by which it evicts them.
///
/// It orders them by sequence numbers, not by time: cookies of one second stay ordered, and setting the clock back has
/// no effect.
package struct CookieStore {
  package struct Entry {
    package var cookie: Cookie
    /// Sequence number of creation.
    package let order: UInt64
    /// Sequence number of the last use.
    package var access: UInt64
  }

  /// The maximum number per domain (RFC 6265bis §6.1: at least 50).
  static let domainLimit = 50
  /// The number to which eviction reduces a jar (§6.1: at least 3000).
  package static let limit = 3000
  /// The excess over `limit` that starts eviction: searching for the oldest pays only for many at once.
  static let slack = 300

  private var domains: [String: [Entry]] = [:]
  private var index = DomainIndex()
  private(set) var count = 0
  /// The number of secure cookies by name: most names from an insecure connection then need no search.
  private var secureNames: [String: Int] = [:]
  private var ticks: UInt64 = 0

  package var isEmpty: Bool { count == 0 }

  /// All entries, in the order of creation.
  package var entries: [Entry] { domains.values.joined().sorted { $0.order < $1.order } }

  // MARK: - Looking

  /// The entries for `host`, unordered.
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

  /// Whether a cookie from an insecure connection would shadow or replace a secure one (RFC 6265bis §5.7, step 16).
  func overlaysSecure(_ cookie: Cookie) -> Bool {
    guard secureNames[cookie.name] != nil else { return false }
    func isOverlaid(_ entry: Entry) -> Bool {
      entry.cookie.isSecure && entry.cookie.hasSameName(as: cookie)
        && cookie.path.pathMatches(entry.cookie.path)
    }
    return related(to: cookie.domain).contains { domains[$0]?.contains(where: isOverlaid) == true }
  }

  /// The domains with cookies that may be this one, or above or below it.
  func related(to domain: String) -> [String] {
    let below = index.domains(below: domain).map { Array($0) } ?? domains.keys.filter { $0.domainMatches(domain) }
    return domain.domains + below
  }

  /// Records that `entries` were used.
  mutating func touch(_ entries: [Entry], at now: Int) {
    for entry in entries {
      guard let index = domains[entry.cookie.domain]?.firstIndex(where: { $0.order == entry.order }) else { continue }
      ticks += 1
      domains[entry.cookie.domain]?[index].access = ticks
      domains[entry.cookie.domain]?[index].cookie.lastAccess = now
    }
  }

  /// Renumbers the uses by their times. After loading, entries of the same time keep their creation order.
  package mutating func recallUse() {
    for entry in entries.sorted(by: { $0.cookie.lastAccess < $1.cookie.lastAccess }) {
      touch([entry], at: entry.cookie.lastAccess)
    }
  }

  // MARK: - Changing

  /// Replaces the cookie with the same key, or appends it.
  /// - Returns: whether it survived the eviction.
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
    if domains[cookie.domain]?.count == 1 { index.insert(cookie.domain) }
    count += 1
    countName(of: cookie, by: 1)
    let isKept = makeRoom(in: cookie.domain, for: entry, at: now)
    if count > Self.limit + Self.slack { makeRoom(at: now) }
    return isKept
  }

  package mutating func removeAll(where isUnwanted: (Entry) -> Bool) {
    // Most domains keep all they have, and stay where they are.
    let changed = domains.filter { $0.value.contains(where: isUnwanted) }.map(\.key)
    for domain in changed { remove(from: domain, where: isUnwanted) }
  }

  package mutating func remove(from domain: String, where isUnwanted: (Entry) -> Bool) {
    // Take the array out of the dictionary, so that changing it does not copy it.
    guard var entries = domains.removeValue(forKey: domain) else { return }
    entries.removeAll { entry in
      guard isUnwanted(entry) else { return false }
      count -= 1
      countName(of: entry.cookie, by: -1)
      return true
    }
    if entries.isEmpty { index.remove(domain) } else { domains[domain] = entries }
  }

  private mutating func countName(of cookie: Cookie, by change: Int) {
    guard cookie.isSecure else { return }
    let count = secureNames[cookie.name, default: 0] + change
    secureNames[cookie.name] = count == 0 ? nil : count
  }

  // MARK: - Room

  /// Evicts expired entries first, then insecure ones, then the least recently used (RFC 6265bis §5.7).
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

  /// No domain exceeds its own limit here: evicts expired entries, then the least recently used.
  private mutating func makeRoom(at now: Int) {
    removeAll { $0.cookie.isExpired(at: now) }
    guard count > Self.limit else { return }
    // The sequence numbers are unique.
    let oldestKept = domains.values.joined().map(\.access).sorted()[count - Self.limit]
    removeAll { $0.access < oldestKept }
  }
}

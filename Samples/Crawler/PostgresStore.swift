import Foundation
import Swirl

/// A store in PostgreSQL: each call is one statement, and so one transaction. Crawlers on several machines may share
/// it; the clock is the server's.
///
/// The row of a host is the lock of its queue: a transaction that changes its count of waiting URLs holds the lock
/// until it ends. So no update is lost when one crawler takes the last URL of a host while another adds a link to it.
/// `take` skips locked hosts.
@MainActor final class PostgresStore: Store {
  private let connection: PostgresConnection
  private let owner = UUID().uuidString
  private let lease: Double
  private let politeness: Politeness
  /// Origins that have a row, so that most pages need no lookup.
  private var known: Set<String> = []
  private var reclaimed: Instant?

  init(url: String, lease: Double, _ politeness: Politeness) {
    connection = PostgresConnection(url: url)
    self.lease = lease
    self.politeness = politeness
  }

  /// Crawlers that add the same links at once may deadlock; the server then aborts one of them.
  private func query(_ sql: String, _ parameters: [String?] = []) async throws -> [[String?]] {
    for _ in 1...4 {
      do { return try await connection.query(sql, parameters) } catch let error as PostgresError where error.mayPass {}
    }
    return try await connection.query(sql, parameters)
  }

  func isAway(_ error: any Error) -> Bool { (error as? PostgresError)?.isAway ?? false }

  func open() async throws {
    // An advisory lock, so that two crawlers do not create the tables at once; the number is arbitrary.
    _ = try await query("SELECT pg_advisory_lock(730119)")
    for sql in [
      """
      CREATE TABLE IF NOT EXISTS hosts (
        id SERIAL PRIMARY KEY, origin TEXT NOT NULL UNIQUE, next_turn TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
        waiting BIGINT NOT NULL DEFAULT 0, has_waiting BOOLEAN GENERATED ALWAYS AS (waiting > 0) STORED)
      """,
      "CREATE INDEX IF NOT EXISTS hosts_ready ON hosts (next_turn) WHERE has_waiting",
      """
      CREATE TABLE IF NOT EXISTS urls (
        id BIGSERIAL, url TEXT NOT NULL UNIQUE, host INTEGER NOT NULL,
        state SMALLINT NOT NULL DEFAULT 0, tries SMALLINT NOT NULL DEFAULT 0, owner TEXT, lease TIMESTAMPTZ)
      """,
      "CREATE INDEX IF NOT EXISTS urls_waiting ON urls (host, id) WHERE state = 0",
      "CREATE INDEX IF NOT EXISTS urls_leased ON urls (lease) WHERE state = 1",
      """
      CREATE TABLE IF NOT EXISTS pages (
        url TEXT PRIMARY KEY, status INTEGER, type TEXT, title TEXT, size BIGINT NOT NULL, problem TEXT,
        stored TIMESTAMPTZ NOT NULL DEFAULT now())
      """,
    ] { _ = try await query(sql) }
    _ = try await query("SELECT pg_advisory_unlock(730119)")
  }

  /// Updates the counts of the hosts in the CTE `changed`, which has one row for each changed URL.
  private static func counting(_ sign: String, _ rest: String = "") -> String {
    """
    counted AS (SELECT host, count(*) AS count FROM changed GROUP BY host ORDER BY host),
    hosts_changed AS (
      UPDATE hosts SET waiting = waiting \(sign) counted.count\(rest) FROM counted WHERE hosts.id = counted.host)
    """
  }

  /// Inserts rows for origins that have no row.
  private func addHosts(of urls: [String: String]) async throws {
    let new = Set(urls.values).subtracting(known)
    if new.isEmpty { return }
    _ = try await query(
      """
      INSERT INTO hosts (origin) SELECT value FROM json_array_elements_text($1) ORDER BY value ON CONFLICT DO NOTHING
      """, [try json(new.sorted())])
    known.formUnion(new)
  }

  func add(_ urls: [String: String]) async throws {
    try await addHosts(of: urls)
    _ = try await query(
      """
      WITH changed AS (
        INSERT INTO urls (url, host) SELECT key, hosts.id FROM json_each_text($1) JOIN hosts ON origin = value
        ORDER BY key ON CONFLICT DO NOTHING RETURNING host),
      \(Self.counting("+"))
      SELECT 1
      """, [try json(urls)])
  }

  func take(_ count: Int, notOf busy: [String]) async throws -> [TakenURL] {
    try await reclaim()
    // The condition on the state excludes URLs that another crawler took since this statement began. Rows are found by
    // ctid, which does not depend on the planner's statistics of new tables.
    return try await query(
      """
      WITH ready AS (
        SELECT id FROM hosts
        WHERE has_waiting AND next_turn <= now() AND origin NOT IN (SELECT json_array_elements_text($1))
        ORDER BY next_turn LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED),
      chosen AS (
        SELECT first.place FROM ready CROSS JOIN LATERAL (
          SELECT ctid AS place FROM urls WHERE host = ready.id AND state = 0 ORDER BY id LIMIT $5) AS first
        LIMIT $2),
      changed AS (
        UPDATE urls SET state = 1, owner = $3, lease = now() + make_interval(secs => $4)
        WHERE ctid = ANY (ARRAY(SELECT place FROM chosen)) AND state = 0 RETURNING url, tries, host),
      \(Self.counting("-", ", next_turn = now() + make_interval(secs => $6)"))
      SELECT url, tries FROM changed
      """, [try json(busy), "\(count)", owner, "\(lease)", "\(politeness.taking)", "\(politeness.pause)"]
    ).map { TakenURL(url: $0[0]!, tries: Int($0[1]!)!) }
  }

  /// Returns the URLs of dead crawlers to their hosts.
  private func reclaim() async throws {
    if let reclaimed, reactor.now < reclaimed + .seconds(min(1, lease / 4)) { return }
    reclaimed = reactor.now
    _ = try await query(
      """
      WITH changed AS (
        UPDATE urls SET state = 0, owner = NULL, lease = NULL
        WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM urls WHERE state = 1 AND lease < now() ORDER BY lease LIMIT 1000 FOR UPDATE SKIP LOCKED))
        AND state = 1 AND lease < now() RETURNING host),
      \(Self.counting("+"))
      SELECT 1
      """)
  }

  func nextTurn(notOf busy: [String]) async throws -> Double? {
    try await query(
      """
      SELECT extract(epoch FROM greatest(next_turn, now() - interval '1 hour') - now()) FROM hosts
      WHERE has_waiting AND origin NOT IN (SELECT json_array_elements_text($1)) ORDER BY next_turn LIMIT 1
      """, [try json(busy)]
    ).first.flatMap { $0[0] }.flatMap { Double($0) }
  }

  func reserveTurn(of origin: String) async throws -> Double {
    try await query(
      """
      UPDATE hosts SET next_turn = greatest(next_turn, now()) + make_interval(secs => $2) WHERE origin = $1
      RETURNING extract(epoch FROM next_turn - now()) - $2
      """, [origin, "\(politeness.pause)"]
    ).first.flatMap { $0[0] }.flatMap { Double($0) } ?? 0
  }

  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool {
    try await addHosts(of: links)
    // Links are inserted, and hosts updated, in a fixed order, so that few crawlers wait for each other.
    return try await query(
      """
      WITH ours AS (
        UPDATE urls SET state = 2, owner = NULL, lease = NULL WHERE url = $1 AND owner = $2 AND state = 1 RETURNING url),
      page AS (
        INSERT INTO pages (url, status, type, title, size, problem)
        SELECT url, $3::integer, $4, $5, $6::bigint, $7 FROM ours WHERE $6 IS NOT NULL),
      changed AS (
        INSERT INTO urls (url, host)
        SELECT key, hosts.id FROM json_each_text($8) JOIN hosts ON origin = value CROSS JOIN ours
        ORDER BY key ON CONFLICT DO NOTHING RETURNING host),
      \(Self.counting("+"))
      SELECT url FROM ours
      """,
      [
        url, owner, page?.status.map { "\($0)" }, page?.type, page?.title, page.map { "\($0.size)" }, page?.problem,
        try json(links),
      ]
    ).count == 1
  }

  func putBack(_ url: String, restingHost seconds: Double, isTry: Bool) async throws {
    _ = try await query(
      """
      WITH changed AS (
        UPDATE urls SET state = 0, owner = NULL, lease = NULL, tries = tries + $4::smallint
        WHERE url = $1 AND owner = $2 AND state = 1 RETURNING host),
      \(Self.counting("+", ", next_turn = greatest(next_turn, now() + make_interval(secs => $3))"))
      SELECT 1
      """, [url, owner, "\(seconds)", isTry ? "1" : "0"])
  }

  func renew(_ urls: [String]) async throws {
    _ = try await query(
      """
      UPDATE urls SET lease = now() + make_interval(secs => $3)
      WHERE url IN (SELECT json_array_elements_text($1)) AND owner = $2 AND state = 1
      """, [try json(urls), owner, "\(lease)"])
  }

  func release() async throws {
    _ = try await query(
      """
      WITH changed AS (
        UPDATE urls SET state = 0, owner = NULL, lease = NULL WHERE owner = $1 AND state = 1 RETURNING host),
      \(Self.counting("+"))
      SELECT 1
      """, [owner])
  }

  func counts() async throws -> StoreCounts {
    let row = try await query(
      """
      SELECT (SELECT coalesce(sum(waiting), 0) FROM hosts WHERE has_waiting), (SELECT count(*) FROM urls WHERE state = 1)
      """)[0].map { $0.flatMap { Int($0) } ?? 0 }
    return StoreCounts(waiting: row[0], leased: row[1])
  }
}

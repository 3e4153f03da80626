import Foundation
import Swirl

/// A store in PostgreSQL: each call is one statement, and so one transaction. Crawlers on several machines may share it; the clock is the
/// server's.
@MainActor final class PostgresStore: Store {
  private let connection: PostgresConnection
  private let owner = UUID().uuidString
  private let lease: String

  init(url: String, lease: Double) {
    connection = PostgresConnection(url: url)
    self.lease = "\(lease)"
  }

  /// Crawlers that add the same links at once may wait for each other in a circle, of which the server breaks one.
  private func query(_ sql: String, _ parameters: [String?] = []) async throws -> [[String?]] {
    for _ in 1...4 {
      do { return try await connection.query(sql, parameters) } catch let error as PostgresError where error.mayPass {}
    }
    return try await connection.query(sql, parameters)
  }

  func open() async throws {
    // So that no two make the tables at once; the number means nothing.
    _ = try await query("SELECT pg_advisory_lock(730119)")
    for sql in [
      """
      CREATE TABLE IF NOT EXISTS urls (
        id BIGSERIAL PRIMARY KEY, url TEXT NOT NULL UNIQUE, origin TEXT NOT NULL,
        state INTEGER NOT NULL DEFAULT 0, owner TEXT, lease TIMESTAMPTZ)
      """,
      "CREATE INDEX IF NOT EXISTS urls_by_state ON urls (state, id)",
      """
      CREATE TABLE IF NOT EXISTS pages (
        url TEXT PRIMARY KEY, status INTEGER, type TEXT, title TEXT, size BIGINT NOT NULL, problem TEXT,
        stored TIMESTAMPTZ NOT NULL DEFAULT now())
      """,
    ] { _ = try await query(sql) }
    _ = try await query("SELECT pg_advisory_unlock(730119)")
  }

  func add(_ urls: [String: String]) async throws {
    _ = try await query(
      """
      INSERT INTO urls (url, origin) SELECT key, value FROM json_each_text($1) ORDER BY key ON CONFLICT DO NOTHING
      """, [try json(urls)])
  }

  func take(_ count: Int, notOf busy: [String]) async throws -> [String] {
    // First those of the dead, then those that wait; none that another is taking at this moment.
    try await query(
      """
      WITH busy AS (SELECT value AS origin FROM json_array_elements_text($1)),
      late AS (
        SELECT id FROM urls WHERE state = 1 AND lease < now() AND origin NOT IN (SELECT origin FROM busy)
        LIMIT $2 FOR UPDATE SKIP LOCKED),
      next AS (
        SELECT id FROM urls WHERE state = 0 AND origin NOT IN (SELECT origin FROM busy)
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
      chosen AS (SELECT id FROM (SELECT id FROM late UNION ALL SELECT id FROM next) AS both_of_them LIMIT $2)
      UPDATE urls SET state = 1, owner = $3, lease = now() + make_interval(secs => $4)
      WHERE id IN (SELECT id FROM chosen) RETURNING url
      """, [try json(busy), "\(count)", owner, lease]
    ).compactMap(\.first!)
  }

  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool {
    // Links are added in one order, so that few wait for each other.
    try await query(
      """
      WITH ours AS (
        UPDATE urls SET state = 2, owner = NULL, lease = NULL WHERE url = $1 AND owner = $2 AND state = 1 RETURNING url),
      page AS (
        INSERT INTO pages (url, status, type, title, size, problem)
        SELECT url, $3::integer, $4, $5, $6::bigint, $7 FROM ours WHERE $6 IS NOT NULL),
      links AS (
        INSERT INTO urls (url, origin)
        SELECT key, value FROM json_each_text($8), ours ORDER BY key ON CONFLICT DO NOTHING)
      SELECT url FROM ours
      """,
      [
        url, owner, page?.status.map { "\($0)" }, page?.type, page?.title, page.map { "\($0.size)" }, page?.problem,
        try json(links),
      ]
    ).count == 1
  }

  func renew(_ urls: [String]) async throws {
    _ = try await query(
      """
      UPDATE urls SET lease = now() + make_interval(secs => $3)
      WHERE url IN (SELECT json_array_elements_text($1)) AND owner = $2 AND state = 1
      """, [try json(urls), owner, lease])
  }

  func release() async throws {
    _ = try await query("UPDATE urls SET state = 0, owner = NULL, lease = NULL WHERE owner = $1 AND state = 1", [owner])
  }

  func counts() async throws -> StoreCounts {
    var counts = StoreCounts()
    for row in try await query("SELECT state, count(*) FROM urls GROUP BY state") {
      let count = row[1].flatMap { Int($0) } ?? 0
      switch row[0] {
      case "0": counts.waiting = count
      case "1": counts.leased = count
      default: counts.done = count
      }
    }
    return counts
  }
}

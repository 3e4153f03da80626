import Foundation
import GRDB
import Swirl

/// A store in a file of SQLite. Its calls wait for the disk, so they are done on a thread: one, since one writes at a time.
///
/// Several crawlers may share the file: each transaction is immediate, so that none reads what another is about to change.
@MainActor final class SQLiteStore: Store {
  private let file: DatabaseQueue
  private let thread = ThreadPool(size: 1, name: "sqlite")
  private let owner = UUID().uuidString
  private let lease: Double

  init(path: String, lease: Double) throws {
    self.lease = lease
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.prepareDatabase { db in
      // What was committed outlives the process, though not each power cut: it is fetched again then.
      try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    }
    do { file = try DatabaseQueue(path: path, configuration: configuration) } catch {
      throw StoreError(description: "open \(path): \(error)")
    }
  }

  private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    let file = file
    return try await reactor.deferToThread(in: thread) { try file.write(body) }.value
  }

  func open() async throws {
    try await write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS urls (
            id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, origin TEXT NOT NULL,
            state INTEGER NOT NULL DEFAULT 0, owner TEXT, lease REAL);
          CREATE INDEX IF NOT EXISTS urls_by_state ON urls (state, id);
          CREATE TABLE IF NOT EXISTS pages (
            url TEXT PRIMARY KEY, status INTEGER, type TEXT, title TEXT, size INTEGER NOT NULL, problem TEXT,
            stored REAL NOT NULL);
          """)
    }
  }

  func add(_ urls: [String: String]) async throws {
    try await write { db in try Self.add(urls, db) }
  }

  nonisolated private static func add(_ urls: [String: String], _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "INSERT INTO urls (url, origin) VALUES (?, ?) ON CONFLICT DO NOTHING")
    for (url, origin) in urls.sorted(by: { $0.key < $1.key }) { try statement.execute(arguments: [url, origin]) }
  }

  func take(_ count: Int, notOf busy: [String]) async throws -> [String] {
    let (owner, lease) = (owner, lease)
    let busy = try json(busy)
    return try await write { db in
      let now = Date().timeIntervalSince1970
      // First those of the dead, then those that wait.
      let ids =
        try Int64.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT id FROM urls WHERE state = 1 AND lease < ? AND origin NOT IN (SELECT value FROM json_each(?)) LIMIT ?
              """), arguments: [now, busy, count])
        + Int64.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT id FROM urls WHERE state = 0 AND origin NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?
              """), arguments: [busy, count])
      let statement = try db.cachedStatement(
        sql: "UPDATE urls SET state = 1, owner = ?, lease = ? WHERE id = ? RETURNING url")
      return try ids.prefix(count).compactMap {
        try String.fetchOne(statement, arguments: [owner, now + lease, $0])
      }
    }
  }

  func finish(_ url: String, _ page: PageRecord?, links: [String: String]) async throws -> Bool {
    let owner = owner
    return try await write { db in
      try db.cachedStatement(
        sql: "UPDATE urls SET state = 2, owner = NULL, lease = NULL WHERE url = ? AND owner = ? AND state = 1"
      ).execute(arguments: [url, owner])
      guard db.changesCount == 1 else { return false }
      if let page {
        try db.cachedStatement(
          sql: "INSERT INTO pages (url, status, type, title, size, problem, stored) VALUES (?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
          page.url, page.status, page.type, page.title, page.size, page.problem, Date().timeIntervalSince1970,
        ])
      }
      try Self.add(links, db)
      return true
    }
  }

  func renew(_ urls: [String]) async throws {
    let (owner, end) = (owner, Date().timeIntervalSince1970 + lease)
    let urls = try json(urls)
    try await write { db in
      try db.execute(
        sql: "UPDATE urls SET lease = ? WHERE url IN (SELECT value FROM json_each(?)) AND owner = ? AND state = 1",
        arguments: [end, urls, owner])
    }
  }

  func release() async throws {
    let owner = owner
    try await write { db in
      try db.execute(
        sql: "UPDATE urls SET state = 0, owner = NULL, lease = NULL WHERE owner = ? AND state = 1", arguments: [owner])
    }
  }

  func counts() async throws -> StoreCounts {
    try await write { db in
      var counts = StoreCounts()
      for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS count FROM urls GROUP BY state") {
        switch row["state"] as Int {
        case 0: counts.waiting = row["count"]
        case 1: counts.leased = row["count"]
        default: counts.done = row["count"]
        }
      }
      return counts
    }
  }
}

/// A list, or a dictionary, as one parameter of a statement.
func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }

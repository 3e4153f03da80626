import Foundation
import GRDB
import Swirl

/// A store in an SQLite file. Its calls block on the disk, so they run on a thread: a single one, because SQLite has
/// one writer at a time.
///
/// Several crawlers may share the file: each transaction is immediate, so that it does not read rows that another is
/// about to change.
@MainActor final class SQLiteStore: Store {
  private let file: DatabaseQueue
  private let thread = ThreadPool(size: 1, name: "sqlite")
  private let owner = UUID().uuidString
  private let lease: Double
  private let politeness: Politeness

  init(path: String, lease: Double, _ politeness: Politeness) throws {
    self.lease = lease
    self.politeness = politeness
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.prepareDatabase { db in
      // A commit survives a crash of the process, but not always a power failure: the page is fetched again then.
      try Self.useWriteAheadLog(db)
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    do { file = try DatabaseQueue(path: path, configuration: configuration) } catch {
      throw StoreError(description: "open \(path): \(error)")
    }
  }

  /// The first crawler of a new file changes its journal. Of two that do so at once SQLite refuses one without the busy
  /// time-out, because each reads what the other waits to change: it tries again.
  nonisolated private static func useWriteAheadLog(_ db: Database) throws {
    let deadline = Date(timeIntervalSinceNow: 30)
    while true {
      do { return try db.execute(sql: "PRAGMA journal_mode = WAL") } catch let error as DatabaseError
        where error.resultCode == .SQLITE_BUSY && Date() < deadline
      { Thread.sleep(forTimeInterval: .random(in: 0.005...0.05)) }
    }
  }

  private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    let file = file
    return try await reactor.deferToThread(in: thread) { try file.write(body) }.value
  }

  func isAway(_ error: any Error) -> Bool {
    guard let code = (error as? DatabaseError)?.resultCode else { return false }
    return [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_FULL, .SQLITE_NOMEM].contains(code)
  }

  func open() async throws {
    try await write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS hosts (
            id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, next_turn REAL NOT NULL DEFAULT 0,
            waiting INTEGER NOT NULL DEFAULT 0);
          CREATE INDEX IF NOT EXISTS hosts_ready ON hosts (next_turn) WHERE waiting > 0;
          CREATE TABLE IF NOT EXISTS urls (
            id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, host INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, owner TEXT, lease REAL);
          CREATE INDEX IF NOT EXISTS urls_waiting ON urls (host, id) WHERE state = 0;
          CREATE INDEX IF NOT EXISTS urls_leased ON urls (lease) WHERE state = 1;
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
    var counts: [Int64: Int] = [:]
    var hosts: [String: Int64] = [:]
    let insertHost = try db.cachedStatement(sql: "INSERT INTO hosts (origin) VALUES (?) ON CONFLICT DO NOTHING")
    let findHost = try db.cachedStatement(sql: "SELECT id FROM hosts WHERE origin = ?")
    let insert = try db.cachedStatement(sql: "INSERT INTO urls (url, host) VALUES (?, ?) ON CONFLICT DO NOTHING")
    for (url, origin) in urls.sorted(by: { $0.key < $1.key }) {
      if hosts[origin] == nil {
        try insertHost.execute(arguments: [origin])
        hosts[origin] = try Int64.fetchOne(findHost, arguments: [origin])
      }
      guard let host = hosts[origin] else { continue }
      try insert.execute(arguments: [url, host])
      if db.changesCount == 1 { counts[host, default: 0] += 1 }
    }
    try count(counts, db)
  }

  /// Adds to the count of waiting URLs of each host.
  nonisolated private static func count(_ counts: [Int64: Int], _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "UPDATE hosts SET waiting = waiting + ? WHERE id = ?")
    for (host, count) in counts { try statement.execute(arguments: [count, host]) }
  }

  /// Returns the URLs that match a condition to their hosts.
  nonisolated private static func giveBack(
    _ condition: String, _ argument: any DatabaseValueConvertible, _ db: Database
  )
    throws
  {
    let hosts = try Int64.fetchAll(
      db.cachedStatement(
        sql: "UPDATE urls SET state = 0, owner = NULL, lease = NULL WHERE state = 1 AND \(condition) RETURNING host"),
      arguments: [argument])
    try count(Dictionary(hosts.map { ($0, 1) }, uniquingKeysWith: +), db)
  }

  func take(_ count: Int, notOf busy: [String]) async throws -> [TakenURL] {
    let (owner, lease, politeness) = (owner, lease, politeness)
    let busy = try json(busy)
    return try await write { db in
      let now = Date().timeIntervalSince1970
      // The URLs of dead crawlers wait again.
      try Self.giveBack("lease < ?", now, db)
      let ready = try Int64.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT id FROM hosts WHERE waiting > 0 AND next_turn <= ? AND origin NOT IN (SELECT value FROM json_each(?))
            ORDER BY next_turn LIMIT ?
            """), arguments: [now, busy, count])
      let update = try db.cachedStatement(
        sql: """
          UPDATE urls SET state = 1, owner = ?, lease = ?
          WHERE id IN (SELECT id FROM urls WHERE host = ? AND state = 0 ORDER BY id LIMIT ?) RETURNING url, tries
          """)
      let rest = try db.cachedStatement(sql: "UPDATE hosts SET waiting = waiting - ?, next_turn = ? WHERE id = ?")
      var taken: [TakenURL] = []
      for host in ready where taken.count < count {
        let rows = try Row.fetchAll(
          update, arguments: [owner, now + lease, host, min(politeness.taking, count - taken.count)])
        taken += rows.map { TakenURL(url: $0[0], tries: $0[1]) }
        try rest.execute(arguments: [rows.count, now + politeness.pause, host])
      }
      return taken
    }
  }

  func nextTurn(notOf busy: [String]) async throws -> Double? {
    let busy = try json(busy)
    return try await write { db in
      try Double.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT next_turn FROM hosts WHERE waiting > 0 AND origin NOT IN (SELECT value FROM json_each(?))
            ORDER BY next_turn LIMIT 1
            """), arguments: [busy]
      ).map { $0 - Date().timeIntervalSince1970 }
    }
  }

  func reserveTurn(of origin: String) async throws -> Double {
    let pause = politeness.pause
    return try await write { db in
      let now = Date().timeIntervalSince1970
      let next = try Double.fetchOne(
        db.cachedStatement(
          sql: "UPDATE hosts SET next_turn = max(next_turn, ?) + ? WHERE origin = ? RETURNING next_turn"),
        arguments: [now, pause, origin])
      return (next ?? now + pause) - pause - now
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

  func putBack(_ url: String, restingHost seconds: Double, isTry: Bool) async throws {
    let owner = owner
    try await write { db in
      let host = try Int64.fetchOne(
        db.cachedStatement(
          sql: """
            UPDATE urls SET state = 0, owner = NULL, lease = NULL, tries = tries + ?
            WHERE url = ? AND owner = ? AND state = 1 RETURNING host
            """), arguments: [isTry ? 1 : 0, url, owner])
      guard let host else { return }
      try db.execute(
        sql: "UPDATE hosts SET waiting = waiting + 1, next_turn = max(next_turn, ?) WHERE id = ?",
        arguments: [Date().timeIntervalSince1970 + seconds, host])
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
    try await write { db in try Self.giveBack("owner = ?", owner, db) }
  }

  func counts() async throws -> StoreCounts {
    try await write { db in
      StoreCounts(
        waiting: try Int.fetchOne(db, sql: "SELECT coalesce(sum(waiting), 0) FROM hosts WHERE waiting > 0") ?? 0,
        leased: try Int.fetchOne(db, sql: "SELECT count(*) FROM urls WHERE state = 1") ?? 0)
    }
  }
}

/// Encodes a list or a dictionary as one parameter of a statement.
func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }

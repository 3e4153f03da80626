import Foundation
import GRDB
import Swirl

/// A note as it is in the database, and as JSON.
struct Note: Codable, FetchableRecord, MutablePersistableRecord, Sendable {
  static let databaseTableName = "notes"
  var id: Int64?
  var owner: Int64
  var text = ""
  /// The name of its file in the folder of uploads: made here, never the client's.
  var file: String?
  var fileName: String?
  var fileType: String?
  var created = Int(Date().timeIntervalSince1970)

  mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

/// Users and notes. The calls of SQLite block on the disk, so they run on a thread: a single one, because it has one
/// connection.
@MainActor final class Store {
  private let database: DatabaseQueue
  private let thread = ThreadPool(size: 1, name: "sqlite")
  private let uploads: String

  init(_ folder: String) throws {
    uploads = "\(folder)/uploads"
    try FileManager.default.createDirectory(atPath: uploads, withIntermediateDirectories: true)
    database = try DatabaseQueue(path: "\(folder)/notes.sqlite")
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL);
          CREATE TABLE IF NOT EXISTS notes (
            id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES users, text TEXT NOT NULL, file TEXT UNIQUE,
            fileName TEXT, fileType TEXT, created INTEGER NOT NULL);
          CREATE INDEX IF NOT EXISTS notes_by_owner ON notes (owner, id);
          """)
    }
  }

  func close() throws { try database.close() }

  /// The path of an uploaded file.
  func path(ofFile name: String) -> String { "\(uploads)/\(name)" }

  /// - Returns: the new user; nil if the name is taken.
  func addUser(_ name: String, password: String) async throws -> Int64? {
    try await query { db in
      try Int64.fetchOne(
        db, sql: "INSERT INTO users (name, password) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
        arguments: [name, password])
    }
  }

  /// The user of this name, and the hash of the password.
  func user(_ name: String) async throws -> (id: Int64, password: String)? {
    try await query { db in
      try Row.fetchOne(db, sql: "SELECT id, password FROM users WHERE name = ?", arguments: [name])
        .map { ($0[0], $0[1]) }
    }
  }

  func notes(of owner: Int64) async throws -> [Note] {
    try await query { db in
      try Note.filter(Column("owner") == owner).order(Column("id").desc).limit(1000).fetchAll(db)
    }
  }

  /// The note with this value in a column, `id` or `file`, if it is this user's.
  func note(_ column: String, _ value: any DatabaseValueConvertible & Sendable, of owner: Int64) async throws -> Note? {
    try await query { db in
      try Note.filter(Column(column) == value && Column("owner") == owner).fetchOne(db)
    }
  }

  func add(_ note: Note) async throws -> Note {
    try await query { db in try note.inserted(db) }
  }

  /// Removes a note with its file.
  /// - Returns: whether there was one.
  func removeNote(_ id: Int64, of owner: Int64) async throws -> Bool {
    guard let note = try await note("id", id, of: owner) else { return false }
    let isRemoved = try await query { db in try note.delete(db) }
    if isRemoved, let file = note.file { try await reactor.files.remove(path(ofFile: file)).value }
    return isRemoved
  }

  private func query<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await reactor.deferToThread(in: thread) { [database] in try database.write(body) }.value
  }
}

import CPQ
import Foundation
import Swirl

/// A PostgreSQL query failed.
struct PostgresError: Error, CustomStringConvertible {
  let message: String
  /// SQLSTATE, if the server sent one.
  var state: String?

  /// Whether a retry may succeed: deadlocks and serialization conflicts.
  var mayPass: Bool { state == "40P01" || state == "40001" }
  /// Whether the server is unavailable and may recover: no response, or one of the SQLSTATE classes connection
  /// exception, insufficient resources, operator intervention (of a server that starts or stops) and system error.
  var isAway: Bool { state.map { ["08", "53", "57", "58"].contains($0.prefix(2)) } ?? true }
  var description: String { message.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// A connection to PostgreSQL on the reactor: libpq's non-blocking calls, with its socket watched by the reactor.
///
/// It runs one query at a time, in FIFO order. After a lost connection the next query reconnects. libpq blocks the
/// thread while it looks up the server's name: use an IP address if that is slow.
@MainActor final class PostgresConnection {
  private let url: String
  private let timeout: Duration
  private var connection: OpaquePointer?
  private let line = DeferredLock()

  init(url: String, timeout: Duration = .seconds(60)) {
    self.url = url
    self.timeout = timeout
  }

  isolated deinit { close() }

  /// Runs one statement; its parameters are `$1`, `$2`, … Returns the rows as text.
  func query(_ sql: String, _ parameters: [String?] = []) async throws -> [[String?]] {
    try await line.withLock {
      if connection == nil { try await connect() }
      do { return try await run(sql, parameters) } catch {
        // After an error without a SQLSTATE the state of the connection is unknown.
        if (error as? PostgresError)?.state == nil || PQstatus(connection) != CONNECTION_OK { close() }
        throw error
      }
    }
  }

  private func close() {
    if let connection { PQfinish(connection) }
    connection = nil
  }

  private var lastError: PostgresError {
    let words = connection.map { String(cString: PQerrorMessage($0)) } ?? "libpq has no memory"
    return PostgresError(message: isMisread ? Self.misread : words)
  }

  private static let misread = "is there a character in its user, password or parameters that is not percent-encoded?"

  /// Whether there is an `@` behind the one that libpq takes for the end of the password, so that it may take a part of
  /// the password for a host, a port or a database, and name it in its words.
  private var isMisread: Bool {
    let rest = url.drop { $0 != "/" }.dropFirst(2)
    let credentials = rest.prefix { $0 != "@" && $0 != "/" }
    let hasCredentials = rest.dropFirst(credentials.count).first == "@"
    return (hasCredentials ? rest.dropFirst(credentials.count + 1) : rest).contains("@")
  }

  /// Throws if libpq cannot parse the URL. libpq's message may repeat any part of the URL, and so of the password: it
  /// is shown only for a URL without a password.
  private func checkURL() throws {
    var words: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(url, &words)
    defer {
      PQconninfoFree(options)
      PQfreemem(words)
    }
    if options != nil { return }
    let hasSecrets = url.contains("@") || url.lowercased().contains("password")
    let reason = hasSecrets ? Self.misread : words.map { String(cString: $0) } ?? ""
    // To wait would not help.
    throw StoreError(description: "the URL of the store cannot be read: \(reason)")
  }

  private func connect() async throws {
    try checkURL()
    connection = PQconnectStart(url)
    do {
      guard PQstatus(connection) != CONNECTION_BAD else { throw lastError }
      var poll = PGRES_POLLING_WRITING
      while poll != PGRES_POLLING_OK {
        // libpq may use another socket after each step.
        switch poll {
        case PGRES_POLLING_READING: try await ready(.read)
        case PGRES_POLLING_WRITING: try await ready(.write)
        default: throw lastError
        }
        poll = PQconnectPoll(connection)
      }
      guard PQsetnonblocking(connection, 1) == 0 else { throw lastError }
      // Overrides PGCLIENTENCODING and the database's encoding, and silences the notice that a table already exists.
      _ = try await run("SET client_encoding = 'UTF8'", [])
      _ = try await run("SET client_min_messages = warning", [])
      // Each statement reads a few rows by an index. Without statistics the planner would prefer to scan whole tables.
      _ = try await run("SET enable_hashjoin = off", [])
      _ = try await run("SET enable_mergejoin = off", [])
    } catch {
      close()
      throw error
    }
  }

  private func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
    let values = parameters.map { $0.flatMap { strdup($0) } }
    defer { for value in values { free(value) } }
    let pointers = values.map { $0.map { UnsafePointer($0) } }
    guard PQsendQueryParams(connection, sql, Int32(values.count), nil, pointers, nil, nil, 0) == 1 else {
      throw lastError
    }
    var flush = PQflush(connection)
    while flush == 1 {
      try await ready(.readOrWrite)
      guard PQconsumeInput(connection) == 1 else { throw lastError }
      flush = PQflush(connection)
    }
    guard flush == 0 else { throw lastError }
    var rows: [[String?]] = []
    var failure: PostgresError?
    while true {
      while PQisBusy(connection) == 1 {
        try await ready(.read)
        guard PQconsumeInput(connection) == 1 else { throw lastError }
      }
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK: rows = Self.rows(result)
      case PGRES_COMMAND_OK: break
      default:
        failure = PostgresError(
          message: String(cString: PQresultErrorMessage(result)),
          // PG_DIAG_SQLSTATE.
          state: PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) })
      }
    }
    if let failure { throw failure }
    return rows
  }

  private static func rows(_ result: OpaquePointer) -> [[String?]] {
    (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }

  private enum Wish {
    case read
    case write
    case readOrWrite
  }

  /// Waits until the socket is readable or writable.
  private func ready(_ wish: Wish) async throws {
    let socket = PQsocket(connection)
    guard socket >= 0 else { throw lastError }
    let ready = Deferred<Void>()
    // Remove the watch before the socket can be closed.
    defer {
      reactor.removeReader(socket)
      reactor.removeWriter(socket)
    }
    let fire = { if !ready.isFired { ready.callback() } }
    if wish != .write { try reactor.addReader(socket, fire) }
    if wish != .read { try reactor.addWriter(socket, fire) }
    do { try await ready.addTimeout(timeout, clock: reactor).value } catch is TimeoutError {
      throw PostgresError(
        message: "PostgreSQL did not answer within \(timeout): is it overloaded, or the network gone?")
    }
  }
}

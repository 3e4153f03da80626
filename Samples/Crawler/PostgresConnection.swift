import CPQ
import Foundation
import Swirl

/// Why PostgreSQL did not do what was asked.
struct PostgresError: Error, CustomStringConvertible {
  let message: String
  /// SQLSTATE, where the server gave one.
  var state: String?

  /// Whether the same may succeed when it is tried again: deadlocks and conflicts of transactions.
  var mayPass: Bool { state == "40P01" || state == "40001" }
  /// Whether the server is away or has no room, and may be back later: no answer at all, or one of the SQLSTATE classes connection
  /// exception, insufficient resources, operator intervention (which a server that starts or stops gives) and system error.
  var isAway: Bool { state.map { ["08", "53", "57", "58"].contains($0.prefix(2)) } ?? true }
  var description: String { message.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// A connection to PostgreSQL on the reactor: libpq's calls that do not block, and its socket watched by the loop.
///
/// One query at a time; those that come meanwhile wait in line. A connection that is lost is made again by the next query. The name of the
/// server is the one thing that libpq looks up while all wait: give an address where that is slow.
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
        // After an error that is no answer, nobody knows what comes next on this connection.
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
    PostgresError(message: connection.map { String(cString: PQerrorMessage($0)) } ?? "libpq has no memory")
  }

  private func connect() async throws {
    connection = PQconnectStart(url)
    do {
      guard PQstatus(connection) != CONNECTION_BAD else { throw lastError }
      var poll = PGRES_POLLING_WRITING
      while poll != PGRES_POLLING_OK {
        // The socket may be another after each step.
        switch poll {
        case PGRES_POLLING_READING: try await ready(.read)
        case PGRES_POLLING_WRITING: try await ready(.write)
        default: throw lastError
        }
        poll = PQconnectPoll(connection)
      }
      guard PQsetnonblocking(connection, 1) == 0 else { throw lastError }
      // Whatever PGCLIENTENCODING and the database say; and that a table is there already is no news.
      _ = try await run("SET client_encoding = 'UTF8'", [])
      _ = try await run("SET client_min_messages = warning", [])
      // Each statement looks at a few rows by an index. A planner without statistics would rather read whole tables.
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

  /// Waits until the socket can be read from or written to.
  private func ready(_ wish: Wish) async throws {
    let socket = PQsocket(connection)
    guard socket >= 0 else { throw lastError }
    let ready = Deferred<Void>()
    // Before the socket is closed, whatever happens.
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

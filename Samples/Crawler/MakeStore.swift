import Foundation

/// The store that the options name: a file of SQLite, or a URL of PostgreSQL.
@MainActor func makeStore(_ options: Options) throws -> any Store {
  let politeness = Politeness(perHost: options.perHost, pause: options.delay)
  if ["postgres://", "postgresql://"].contains(where: options.store.hasPrefix) {
    return PostgresStore(url: options.store, lease: options.lease, politeness)
  }
  // Not shown: a URL that is spelled otherwise may have a password in it all the same.
  if options.store.range(of: "^[A-Za-z][A-Za-z0-9+.-]*:[/\\\\]", options: .regularExpression) != nil {
    throw StoreError(
      description:
        "the store is a file of SQLite, or a URL that begins with postgres:// or postgresql://, in small letters")
  }
  return try SQLiteStore(path: options.store, lease: options.lease, politeness)
}

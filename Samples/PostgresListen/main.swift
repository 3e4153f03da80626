// Waits for PostgreSQL's notifications: libpq's socket is one more descriptor of the reactor.
// Answers to: psycopg's asynchronous notifications, txpostgres.
// Run: `swift run PostgresListen URL`, then `NOTIFY swirl, 'hello'` in psql; the payload `stop` ends it. Leaves out:
// connecting without blocking, and reconnecting: the sample Crawler has them.
import CPQ
import Glibc
import Swirl

let url = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "postgres://127.0.0.1/postgres"
let connection = PQconnectdb(url)
guard PQstatus(connection) == CONNECTION_OK else {
  print("cannot connect: \(String(cString: PQerrorMessage(connection)))")
  exit(1)
}
PQclear(PQexec(connection, "LISTEN swirl"))
print("listening")
fflush(nil)

try reactor.addReader(PQsocket(connection)) {
  guard PQconsumeInput(connection) == 1 else {
    print("the connection is lost: \(String(cString: PQerrorMessage(connection)))")
    return reactor.stop()
  }
  while let notification = PQnotifies(connection) {
    defer { PQfreemem(notification) }
    let payload = String(cString: notification.pointee.extra)
    print("\(String(cString: notification.pointee.relname)): \(payload)")
    if payload == "stop" { reactor.stop() }
  }
}
reactor.run()
PQfinish(connection)

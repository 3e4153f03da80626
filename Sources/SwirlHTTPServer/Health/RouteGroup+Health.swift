import HTTPTypes
import SwirlDeferred
import SwirlReactor

extension RouteGroup {
  /// A route that answers 200 while the process answers at all: for a supervisor that starts it again otherwise.
  ///
  /// Kubernetes: a liveness probe.
  /// - Parameters:
  ///   - path: its path.
  ///   - file: the caller's file, for messages; left to the compiler.
  ///   - line: the caller's line, for messages; left to the compiler.
  public final func health(_ path: String = "/healthz", file: StaticString = #fileID, line: UInt = #line) {
    add(
      .get, path, RouteOptions(nil, nil, file, line),
      .plain { _ in .text("ok\n", headers: [.cacheControl: "no-store"]) })
  }

  /// A route that tells load balancers whether to send requests here: 200, or 503 if a check fails or the server is
  /// stopping.
  ///
  /// The answer is JSON: `{"status":"ready","checks":{"database":"ok"}}`, where a check is `ok`, `failed` or `timeout`,
  /// and the status `ready`, `unready` or `stopping`. The error of a check is logged when it begins to fail, and is not
  /// in the answer. The checks run side by side, for requests that come meanwhile but once. With
  /// ``HTTPServer/Configuration/stopNotice`` a server that stops is served from for a while, so that balancers turn
  /// away before it refuses connections.
  ///
  /// Kubernetes: a readiness probe.
  /// - Parameters:
  ///   - path: its path.
  ///   - checks: what has to be met, beside not stopping.
  ///   - file: the caller's file, for messages; left to the compiler.
  ///   - line: the caller's line, for messages; left to the compiler.
  public final func readiness(
    _ path: String = "/readyz", checks: [HTTPServer.HealthCheck] = [], file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let readiness = Readiness(checks)
    add(.get, path, RouteOptions(nil, nil, file, line), .deferred { readiness.answer($0) })
  }
}

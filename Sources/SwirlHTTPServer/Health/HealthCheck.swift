public import SwirlDeferred

extension HTTPServer {
  /// A condition for being ready, for ``RouteGroup/readiness(_:checks:file:line:)``.
  ///
  /// ```swift
  /// router.readiness("/readyz", checks: [
  ///   .awaiting("database") { try await database.ping() },
  ///   .init("search", timeout: .seconds(1)) { fetch(url).addCallback { try $0.raiseForStatus() } },
  /// ])
  /// ```
  public struct HealthCheck {
    /// Its name in the answer.
    public let name: String
    /// How long it may take; it is cancelled then, and counts as failed.
    public let timeout: Duration
    let run: () -> Deferred<Void>

    /// A check that is met when the Deferred succeeds.
    ///
    /// - Parameters:
    ///   - name: its name in the answer.
    ///   - timeout: how long it may take.
    ///   - check: called on the reactor's thread, once at a time.
    public init<Value>(
      _ name: String, timeout: Duration = .seconds(2), _ check: @escaping () throws -> Deferred<Value>
    ) {
      self.name = name
      self.timeout = timeout
      run = { maybeDeferred(check).addCallback { _ in } }
    }

    /// A check that is met when the function returns. Under a name of its own, so that `fetch` in the other one is the
    /// one that gives a Deferred.
    ///
    /// - Parameters:
    ///   - name: its name in the answer.
    ///   - timeout: how long it may take.
    ///   - check: called on the reactor's thread, once at a time.
    public static func awaiting(
      _ name: String, timeout: Duration = .seconds(2), _ check: @escaping () async throws -> Void
    ) -> HealthCheck {
      HealthCheck(name, timeout: timeout) { Deferred { try await check() } }
    }
  }
}

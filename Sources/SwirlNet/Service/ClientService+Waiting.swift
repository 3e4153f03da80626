public import SwirlDeferred

extension ClientService {
  /// Fires with the protocol of the connection: at once if there is one, otherwise when there is one.
  ///
  /// Fails with the last error after `failures` attempts that failed from now on, and when the service gives up; with a
  /// `CancelledError` if it is stopped. It may be called before ``start()``. Twisted:
  /// `whenConnected(failAfterFailures)`.
  public func whenConnected(failAfter failures: Int = .max) -> Deferred<Client> {
    if let client { return .succeed(client) }
    if case .failed(let error) = state { return .fail(error) }
    let connection = Deferred<Client>(canceller: { [weak self] connection in
      self?.waiters.removeAll { $0.connection === connection }
    })
    waiters.append(ClientWaiter(connection, limit: failures))
    return connection
  }

  func takeWaiters(where isTaken: (ClientWaiter<Client>) -> Bool) -> [Deferred<Client>] {
    let taken = waiters.filter(isTaken)
    waiters.removeAll(where: isTaken)
    return taken.map(\.connection)
  }
}

/// Someone waits for a connection, for some attempts.
final class ClientWaiter<Client> {
  let connection: Deferred<Client>
  let limit: Int
  var failures = 0

  init(_ connection: Deferred<Client>, limit: Int) {
    self.connection = connection
    self.limit = limit
  }
}

/// A connection that is being closed. The reactor retains it, and it the service.
struct ClosingTransport {
  weak var transport: (any ConnectedTransport)?
}

extension Backoff {
  /// For what is tried until it succeeds: pauses of up to a minute.
  public static let endless = Backoff(attempts: .max, firstDelay: .seconds(1), maximumDelay: .seconds(60))
}

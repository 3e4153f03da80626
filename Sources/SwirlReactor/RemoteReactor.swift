import Synchronization

/// The face of a reactor that other threads may use: the only part of it that is `Sendable`.
///
/// ```swift
/// let remote = reactor.remote
/// startThread { remote.callFromThread { reactor in reactor.stop() } }
/// ```
public final class RemoteReactor: Sendable {
  private struct Inbox {
    var calls: [@Sendable (Reactor) -> Void] = []
    /// Whether the reactor waits, or is about to, and has to be woken.
    var isAsleep = true
    var isClosed = false
  }
  private let inbox = Mutex(Inbox())
  let wakeUp = WakeUp()

  init() {}

  deinit { wakeUp.close() }

  /// Calls `body` on the reactor's thread, in the order of the calls; when it does not run, once it runs.
  ///
  /// May be called from any thread, the reactor's own included: there it runs after the present callback. The reactor is
  /// woken once for all the calls that come together. When the reactor has gone away nothing is called.
  /// Twisted: `callFromThread`; asyncio: `call_soon_threadsafe`.
  public func callFromThread(_ body: @escaping @Sendable (_ reactor: Reactor) -> Void) {
    let mustWake = inbox.withLock { inbox in
      if inbox.isClosed { return false }
      inbox.calls.append(body)
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake { wakeUp.signal() }
  }

  /// Calls `body` on the reactor's thread.
  public func callFromThread(_ body: @escaping @Sendable () -> Void) {
    callFromThread { _ in body() }
  }

  /// Stops the reactor, as its own `stop()` does.
  public func stop() {
    callFromThread { $0.stop() }
  }

  // MARK: - The reactor's side

  /// Takes the calls that have come. When there are none, the next one wakes the reactor.
  func takeCalls(reusing empty: inout [@Sendable (Reactor) -> Void]) -> Bool {
    inbox.withLock { inbox in
      inbox.isAsleep = inbox.calls.isEmpty
      if inbox.isAsleep { return false }
      swap(&inbox.calls, &empty)
      return true
    }
  }

  /// Whether the reactor has gone away.
  package var isClosed: Bool { inbox.withLock { $0.isClosed } }

  /// Drops the calls that have come and those that will.
  func close() {
    let dropped = inbox.withLock { inbox in
      inbox.isClosed = true
      defer { inbox.calls = [] }
      return inbox.calls
    }
    // What they capture is released here, not under the lock.
    withExtendedLifetime(dropped) {}
  }
}

import Synchronization

/// What requests know of their server, on any thread.
final class ServerState: Sendable {
  private let stopping = Atomic(false)

  /// Whether a stop of the server has begun, and no `listen` since.
  var isStopping: Bool {
    get { stopping.load(ordering: .relaxed) }
    set { stopping.store(newValue, ordering: .relaxed) }
  }
}

extension HTTPServer {
  /// Whether a stop has begun, also while it serves as before for ``Configuration/stopNotice``.
  public var isStopping: Bool { state.isStopping }
}

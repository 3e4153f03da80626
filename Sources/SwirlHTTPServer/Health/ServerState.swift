import Synchronization

/// What requests know of their server, on any thread.
final class ServerState: Sendable {
  private let stopping = Atomic(false)
  /// The files that are being sent, and how many a server may have open: see `CountedFile`.
  let openFiles = Atomic(0)
  let maximumOpenFiles: Int
  let json = JSONCoding()

  init(maximumOpenFiles: Int) { self.maximumOpenFiles = maximumOpenFiles }

  /// Whether a stop of the server has begun, and no `listen` since.
  var isStopping: Bool {
    get { stopping.load(ordering: .relaxed) }
    set { stopping.store(newValue, ordering: .relaxed) }
  }
}

extension HTTPServer {
  /// Whether a stop has begun, also while it serves as before for ``Configuration/stopNotice``.
  public var isStopping: Bool { state.isStopping }

  /// The number of files that are being sent. See ``Configuration/maximumOpenFiles``.
  public var openFiles: Int { state.openFiles.load(ordering: .relaxed) }
}

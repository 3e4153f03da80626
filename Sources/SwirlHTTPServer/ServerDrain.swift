import SwirlDeferred
import SwirlReactor

/// One `stop()` of a server: the connections that were open then, until the last of them has ended.
final class ServerDrain {
  private(set) var connections: [Int: ServerConnection]
  /// Fires when no connection is left; cancelling it aborts them.
  private(set) var isOver: Deferred<Void>!
  private var deadline: DelayedCall?

  init(
    _ connections: [Int: ServerConnection], within gracePeriod: Duration, on reactor: Reactor
  ) {
    self.connections = connections
    isOver = Deferred<Void>(canceller: { [weak self] _ in self?.abort() })
    deadline = reactor.callLater(gracePeriod) { [weak self] in self?.abort() }
  }

  deinit { deadline?.cancel() }

  func remove(_ connection: ServerConnection) { connections[connection.number] = nil }

  /// The connections in the order they were accepted.
  var inOrder: [ServerConnection] { connections.sorted { $0.key < $1.key }.map(\.value) }

  func end() {
    deadline.take()?.cancel()
    if !isOver.isFired { isOver.callback() }
  }

  private func abort() {
    for connection in inOrder { connection.abort() }
  }
}

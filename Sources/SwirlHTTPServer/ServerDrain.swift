import SwirlDeferred
import SwirlReactor

/// One `stop()` of a server: the connections that were open then, until the last of them has ended.
final class ServerDrain {
  private(set) var connections: [Int: any ServedConnection]
  /// Fires when no connection is left; cancelling it aborts them.
  private(set) var isOver: Deferred<Void>!
  private var deadline: DelayedCall?

  init(
    _ connections: [Int: any ServedConnection], within gracePeriod: Duration, on reactor: Reactor
  ) {
    self.connections = connections
    isOver = Deferred<Void>(canceller: { [weak self] _ in self?.abort() })
    deadline = reactor.callLater(gracePeriod) { [weak self] in self?.abort() }
  }

  deinit { deadline?.cancel() }

  func remove(_ connection: any ServedConnection) { connections[connection.number] = nil }

  /// A connection continues as another one.
  func replace(_ old: any ServedConnection, by new: any ServedConnection) {
    if connections[old.number] != nil { connections[old.number] = new }
  }

  /// The connections in the order they were accepted.
  var inOrder: [any ServedConnection] { connections.sorted { $0.key < $1.key }.map(\.value) }

  func end() {
    deadline.take()?.cancel()
    if !isOver.isFired { isOver.callback() }
  }

  private func abort() {
    for connection in inOrder { connection.abort() }
  }
}

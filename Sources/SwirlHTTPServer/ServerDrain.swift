import SwirlDeferred
import SwirlNet
import SwirlReactor

/// One `stop()` of a server: the connections that were open then, until the last of them has ended.
final class ServerDrain {
  private(set) var connections: [Int: any ServedConnection]
  /// The listeners, while their handshakes may become connections.
  private var listeners: [Listener]
  /// Fires when no connection is left; cancelling it aborts them.
  private(set) var isOver: Deferred<Void>!
  private var deadline: DelayedCall?
  private var idleDeadline: DelayedCall?

  /// - Parameter listeners: those whose handshakes continue.
  init(
    _ connections: [Int: any ServedConnection], _ listeners: [Listener], within gracePeriod: Duration,
    on reactor: Reactor
  ) {
    self.connections = connections
    self.listeners = listeners.filter { $0.handshakeCount > 0 }
    isOver = Deferred<Void>(canceller: { [weak self] _ in self?.abort() })
    deadline = reactor.callLater(gracePeriod) { [weak self] in self?.abort() }
  }

  deinit {
    deadline?.cancel()
    idleDeadline?.cancel()
  }

  /// Whether nothing is left to wait for.
  var isEmpty: Bool { connections.isEmpty && !listeners.contains { $0.handshakeCount > 0 } }
  /// Whether handshakes may still become connections.
  var takesConnections: Bool { !listeners.isEmpty }

  /// A handshake has become a connection.
  func add(_ connection: any ServedConnection) { connections[connection.number] = connection }

  func remove(_ connection: any ServedConnection) { connections[connection.number] = nil }

  /// A connection continues as another one.
  func replace(_ old: any ServedConnection, by new: any ServedConnection) {
    if connections[old.number] != nil { connections[old.number] = new }
  }

  /// The connections in the order they were accepted.
  var inOrder: [any ServedConnection] { connections.sorted { $0.key < $1.key }.map(\.value) }

  /// Closes the idle connections after a while, and then calls `body`.
  func endIdle(after delay: Duration, on reactor: Reactor, _ body: @escaping () -> Void) {
    idleDeadline = reactor.callLater(delay) { [weak self] in
      guard let self else { return }
      cancelHandshakes()
      for connection in inOrder { connection.drain() }
      body()
    }
  }

  func end() {
    deadline.take()?.cancel()
    idleDeadline.take()?.cancel()
    if !isOver.isFired { isOver.callback() }
  }

  private func abort() {
    cancelHandshakes()
    for connection in inOrder { connection.abort() }
  }

  private func cancelHandshakes() {
    for listener in listeners { listener.cancelHandshakes() }
    listeners = []
  }
}

import SwirlDeferred
import SwirlNet
import SwirlReactor

/// The server of one reactor of a group.
///
/// Unchecked: only the reactor's thread accesses what is not constant. It releases the server there, too: a handler's
/// state must not be released on another thread.
final class ServerGroupMember: @unchecked Sendable {
  let thread: ReactorThread
  let localAddress: SocketAddress
  private(set) var server: HTTPServer?
  /// All of its listeners.
  private let listeners: [Listener]
  /// Those that accept: not the ones whose connections another member accepts.
  let accepting: [Listener]
  private var isHandingOn = false
  /// The number of the server's last connection before those that were in the queue at its stop.
  private var lastBeforeStop: Int?

  /// On the reactor's thread. The listeners are paused until `begin`.
  init(_ server: HTTPServer, _ listeners: [Listener], accepts: Bool, on thread: ReactorThread) {
    self.thread = thread
    self.server = server
    self.listeners = listeners
    accepting = accepts ? listeners : []
    localAddress = listeners[0].localAddress
    for listener in listeners { listener.pauseAccepting() }
  }

  /// Begins to accept.
  func begin() {
    for listener in accepting { listener.resumeAccepting() }
  }

  /// Accepts for all `members`, one connection for each in turn.
  func beginHandingOn(to members: [ServerGroupMember]) {
    isHandingOn = true
    let turn = Turn(members)
    for listener in accepting {
      // The cycle ends with the listener.
      listener.handOn = { [self] accepted in
        let member = turn.next()
        if member === self {
          take(accepted)
        } else {
          // If its reactor ends before, the call is dropped, and the connection closed.
          member.thread.remote.callFromThread { [self] in
            // It may have stopped alone.
            if !member.take(accepted) { thread.remote.callFromThread { [self] in take(accepted) } }
          }
        }
      }
    }
  }

  /// Starts a connection that another member has accepted; false if this one has stopped.
  @discardableResult
  private func take(_ accepted: AcceptedSocket) -> Bool {
    listeners.contains { $0.take(accepted) }
  }

  /// Connections from here on were in a queue when the group was stopped: they get the time for a request.
  func willStop() { lastBeforeStop = server?.lastNumber }

  /// Accepts no more for others. What is in the queue is still handed on.
  func stopHandingOn() {
    guard isHandingOn else { return }
    for listener in accepting { listener.stopAfterQueue(keepsHandshakes: true) }
  }

  /// Stops the server, whether the task is cancelled or not, and waits for it.
  func stop(within gracePeriod: Duration?, idleFor idlePeriod: Duration) async {
    do {
      try await thread.run { [self] _ in
        guard let server else { return Deferred.succeed() }
        return server.stop(within: gracePeriod, idleFor: idlePeriod, after: lastBeforeStop ?? server.lastNumber)
      }
    } catch is CancelledError {
      await abort()
    } catch {
      // The reactor is released, and with it the server.
    }
  }

  /// Stops the server, and breaks its connections.
  func abort() async {
    // A task of its own, which is not cancelled.
    await Task { [self] in
      try? await thread.run { [self] _ in server?.stop(within: .zero) ?? Deferred.succeed() }
    }.value
  }

  /// Releases the server on its thread; it continues while its listeners do, which retain it.
  func leave() {
    thread.remote.callFromThread { [self] in server = nil }
  }
}

/// Whose turn it is. Used by the acceptor's thread alone.
private final class Turn {
  private let members: [ServerGroupMember]
  private var last = -1

  init(_ members: [ServerGroupMember]) { self.members = members }

  /// The next member whose reactor is not released.
  func next() -> ServerGroupMember {
    for _ in members {
      last = (last + 1) % members.count
      if !members[last].thread.remote.isClosed { return members[last] }
    }
    return members[0]
  }
}

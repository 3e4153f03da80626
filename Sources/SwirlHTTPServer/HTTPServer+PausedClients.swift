import SwirlReactor

extension HTTPServer {
  /// Periodically checks clients for which reading is paused: otherwise a disconnect would be noticed only when reading
  /// resumes, and their handlers would work in vain. epoll could report it at once, but reports a reset repeatedly, and
  /// libevent drops that event.
  func watchPausedClients(on reactor: Reactor) {
    if let pausedClientsTimer, pausedClientsTimer.isActive { return }
    pausedClientsTimer = reactor.callLater(pausedClientsInterval) { [weak self, unowned reactor] in
      self?.checkPausedClients(on: reactor)
    }
  }

  private func checkPausedClients(on reactor: Reactor) {
    pausedClientsTimer = nil
    for connection in pausedConnections { connection.checkPausedClient() }
    if !pausedConnections.isEmpty { watchPausedClients(on: reactor) }
  }
}

import SwirlReactor

extension HTTPServer {
  /// Looks at times for clients of which nothing is read, because enough of what they sent waits: else one that has gone would be noticed only
  /// when reading resumes, and its handlers would work for nothing. The kernel could tell at once, but tells of a reset again and again, and
  /// libevent drops what it tells.
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

package import SwirlDeferred
import SwirlReactor

extension SocketTransport: SecurableTransport {
  /// Secures the connection after it started (STARTTLS): see `Transport.startTLS`.
  package func startSecurity(
    _ context: any SecurityContext, host: String?, timeout: Duration, at site: CallSite
  ) -> Deferred<Void> {
    guard state == .open, !isEndReceived, security == nil else {
      let reason =
        security != nil
        ? "the connection is secured already"
        : securing != nil ? "TLS has been started: wait for it" : "the connection is closed, or about to be"
      return .fail(NetError(.handshake, peerName, reason: reason))
    }
    // Who can insert plain text before the handshake would speak in the name of the secured peer (CVE-2011-0411).
    guard unread.isEmpty, (streamProtocol as? any InputHolder)?.heldBytes ?? 0 == 0 else {
      let error = NetError(
        .handshake, peerName, reason: "the peer sent more in plain text before TLS began: that may be someone else's")
      failSecurity(error)
      return .fail(error)
    }
    let start = SecurityStart(self, context, host: host, timeout: timeout, at: site)
    state = .securing
    securing = start
    updateReading()
    if bufferedBytes == 0 { start.plainBytesSent() }
    return start.done
  }

  /// The handshake is done, or has failed.
  func securityStarted(_ result: Result<Void, NetError>) {
    guard state == .securing, let start = securing else { return }
    switch result {
    case .failure(let error): failSecurity(error)
    case .success:
      securing = nil
      state = .open
      write(start.held)
      if start.endsWriting { closeWrite() }
      updateReading()
      start.done.callback(())
    }
  }

  /// What is left to read is in plain text: the protocol does not get it.
  private func failSecurity(_ error: NetError) {
    isReadingPaused = true
    endSoon(.failed, error)
  }
}

import COpenSSL

/// Sessions by the name of the peer, a few for each. Frees its sessions in `deinit`.
struct TLSSessionStore: ~Copyable {
  private var sessions: [String: [OpaquePointer]] = [:]

  mutating func take(for peer: String) -> OpaquePointer? {
    while let session = sessions[peer]?.popLast() {
      guard SSL_SESSION_is_resumable(session) == 1 else {
        SSL_SESSION_free(session)
        continue
      }
      if SSL_SESSION_get_protocol_version(session) == TLS1_2_VERSION {
        SSL_SESSION_up_ref(session)
        sessions[peer]!.append(session)
      }
      return session
    }
    sessions[peer] = nil
    return nil
  }

  mutating func insert(_ session: OpaquePointer, for peer: String) {
    if sessions.count >= 1024, sessions[peer] == nil, let some = sessions.keys.first {
      for old in sessions.removeValue(forKey: some) ?? [] { SSL_SESSION_free(old) }
    }
    sessions[peer, default: []].append(session)
    // Keep the newest ones.
    if sessions[peer]!.count > 8 { SSL_SESSION_free(sessions[peer]!.removeFirst()) }
  }

  deinit {
    for session in sessions.values.joined() { SSL_SESSION_free(session) }
  }
}

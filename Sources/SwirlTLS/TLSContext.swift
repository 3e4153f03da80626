import COpenSSL
package import SwirlNet
package import SwirlReactor

/// The shared state of all TLS connections with one configuration: certificates, keys, and resumable sessions.
///
/// Only this module adapts OpenSSL to connections.
package final class TLSContext: SecurityContext {
  package enum Role: Hashable {
    case client, server
  }

  package let configuration: TLSConfiguration
  package let role: Role
  /// Freed in `deinit`.
  let pointer: OpaquePointer
  private let pins: Set<String>
  private var sessions = TLSSessionStore()
  private(set) var keyLog: KeyLog?
  /// A server's contexts for other host names.
  private(set) var hosts: TLSHosts?
  /// The host names in the certificate of its identity, in lower case; known of a server.
  private(set) var names: [String] = []

  /// Loads the certificates. Takes milliseconds: see `of`.
  /// - Parameter parent: the server's context that chooses this one by the name that a client asks for.
  init(_ configuration: TLSConfiguration, _ role: Role, of parent: TLSContext? = nil) throws(NetError) {
    OpenSSL.isReady
    if let path = OpenSSL.refusedConfiguration {
      throw NetError(
        .configureTLS, path, reason: "OPENSSL_CONF names it, and it is no regular file: name another, or unset it")
    }
    guard let pointer = SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
      throw NetError(.configureTLS, "OpenSSL", reason: OpenSSLError.take())
    }
    self.pointer = pointer
    self.configuration = configuration
    self.role = role
    pins = try Self.pins(configuration.pinnedPublicKeys)
    // From here `deinit` frees it, also if this throws.
    swirl_set_modes(pointer)
    // One read takes all available bytes, instead of two reads per record (header and body).
    SSL_CTX_set_default_read_buffer_len(pointer, 64 * 1024)
    guard
      configuration.minimumVersion <= configuration.maximumVersion,
      swirl_set_protocol_range(pointer, configuration.minimumVersion.number, configuration.maximumVersion.number) == 1
    else {
      throw NetError(
        .configureTLS, "\(configuration.minimumVersion) to \(configuration.maximumVersion)",
        reason: "the oldest version must not be newer than the newest, and OpenSSL must allow both")
    }
    if let identity = configuration.identity { try load(identity) }
    if let parent {
      SSL_CTX_set1_cert_store(pointer, SSL_CTX_get_cert_store(parent.pointer))
      SSL_CTX_set_client_CA_list(pointer, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(parent.pointer)))
    } else {
      try setRoots()
    }
    try setApplicationProtocols()
    swirl_trust_any_anchor(pointer)
    if configuration.allowsKeyLogFile, let log = parent == nil ? try KeyLog.ofEnvironment() : parent?.keyLog {
      keyLog = log
      SSL_CTX_set_keylog_callback(pointer) { ssl, line in
        if let line { TLSSession.of(ssl).context.keyLog?.append(line) }
      }
    }
    switch role {
    case .client:
      if configuration.allowsRenegotiation { swirl_allow_renegotiation(pointer) }
      SSL_CTX_set_info_callback(pointer) { ssl, place, value in
        guard let ssl else { return }
        TLSSession.of(ssl).note(alert: value, at: place)
      }
      swirl_keep_client_sessions(pointer)
      SSL_CTX_sess_set_new_cb(pointer) { ssl, session in TLSSession.of(ssl).keep(session) }
      if configuration.verification.isOn {
        swirl_set_status_callback(pointer) { ssl, _ in TLSSession.of(ssl).checkStapledStatus() }
      }
    case .server:
      guard configuration.identity != nil else {
        throw NetError(.configureTLS, "a server", reason: "it needs an identity: TLSConfiguration.server(_:)")
      }
      if parent == nil { try setHosts() }
      setTickets()
      if configuration.identity?.stapledResponse != nil {
        swirl_set_status_callback(pointer) { ssl, _ in TLSSession.of(ssl).stapleStatus() }
      }
    }
    try setVerification()
  }

  deinit { SSL_CTX_free(pointer) }

  /// The cached context of `reactor` for `configuration`; made on first use.
  package static func of(
    _ reactor: Reactor, _ configuration: TLSConfiguration, _ role: Role
  ) throws(NetError) -> TLSContext {
    try reactor.attached(TLSContexts.self) { TLSContexts() }.context(configuration, role)
  }

  /// The context of a server's connection that becomes secure.
  static func ofConnection(_ reactor: Reactor, _ configuration: TLSConfiguration) throws(NetError) -> TLSContext {
    try reactor.attached(TLSContexts.self) { TLSContexts() }.contextOfConnection(configuration) {
      reactor.warn("\($0); the certificates that were read before stay")
    }
  }

  package var handshakeTimeout: Duration { configuration.handshakeTimeout }

  package var applicationProtocols: [String] { configuration.applicationProtocols }

  package func security(
    of socket: StreamSocket, host: String?, peer: String, offering protocols: [String]?
  ) throws(NetError) -> any ConnectionSecurity {
    try TLSSession(socket, self, host: host, peer: peer, offering: protocols)
  }

  // MARK: - Certificates

  private func setVerification() throws(NetError) {
    let isVerified = configuration.verification.isOn
    guard role == .server else {
      return SSL_CTX_set_verify(
        pointer, isVerified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, isVerified ? TLSSession.verificationCallback : nil)
    }
    guard configuration.asksForClientCertificates else { return }
    if isVerified, configuration.roots?.isEmpty ?? true {
      throw NetError(
        .configureTLS, "a server that asks for certificates",
        reason:
          "name who signs those of its clients, in TLSConfiguration.roots: anyone gets one from a public authority")
    }
    let mode = SSL_VERIFY_PEER | (configuration.requiresClientCertificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
    // Without verification any certificate is accepted, but one is requested: the pins or the program check it.
    SSL_CTX_set_verify(pointer, mode, isVerified ? nil : { _, _ in 1 })
  }

  private func load(_ identity: TLSConfiguration.Identity) throws(NetError) {
    let certificates = try PEMReader(identity.chain)
    guard let own = try certificates.nextCertificate() else {
      throw certificates.error("there is no certificate in it")
    }
    defer { X509_free(own) }
    if role == .server { names = TLSCertificate.hostNames(of: own) }
    guard SSL_CTX_use_certificate(pointer, own) == 1 else { throw certificates.error(OpenSSLError.take()) }
    while let next = try certificates.nextCertificate() {
      // OpenSSL takes ownership, unless it refuses.
      guard swirl_add_chain_certificate(pointer, next) == 1 else {
        X509_free(next)
        throw certificates.error(OpenSSLError.take())
      }
    }
    let keys = try PEMReader(identity.privateKey)
    let key = try keys.privateKey(password: identity.password)
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
      OpenSSLError.clear()
      throw keys.error("the key is not that of the certificate")
    }
  }

  private func setRoots() throws(NetError) {
    // A server verifies only certificates that it asks for.
    guard role == .client || configuration.asksForClientCertificates else { return }
    guard let roots = configuration.roots else {
      try SystemRoots.check()
      SSL_CTX_set_default_verify_paths(pointer)
      return
    }
    let store = SSL_CTX_get_cert_store(pointer)
    for root in roots {
      let certificates = try PEMReader(root)
      var count = 0
      while let certificate = try certificates.nextCertificate() {
        defer { X509_free(certificate) }
        guard X509_STORE_add_cert(store, certificate) == 1 else { throw certificates.error(OpenSSLError.take()) }
        if role == .server { SSL_CTX_add_client_CA(pointer, certificate) }
        count += 1
      }
      guard count > 0 else { throw certificates.error("there is no certificate in it") }
    }
  }

  /// Hashes without their prefix.
  private static func pins(_ pins: Set<String>) throws(NetError) -> Set<String> {
    var plain: Set<String> = []
    for pin in pins {
      let hash = pin.hasPrefix("sha256//") ? String(pin.dropFirst(8)) : pin
      // 32 bytes are 43 characters and one of padding.
      guard hash.utf8.count == 44, hash.hasSuffix("=") else {
        throw NetError(
          .configureTLS, "the pin \(pin)", reason: "a pin is a SHA-256 hash in base64, 44 characters that end in =")
      }
      plain.insert(hash)
    }
    return plain
  }

  /// Whether the peer's key is one of the pinned keys, or no keys are pinned.
  func accepts(publicKeyOf certificate: OpaquePointer?) -> Bool {
    guard !pins.isEmpty else { return true }
    return certificate.map { pins.contains(Self.pin(of: $0)) } ?? false
  }

  /// The SHA-256 hash of the SubjectPublicKeyInfo of `certificate`, in base64.
  package static func pin(of certificate: OpaquePointer) -> String {
    var encoded: UnsafeMutablePointer<UInt8>?
    let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded)
    precondition(length > 0, "OpenSSL cannot encode a public key that it has read")
    defer { CRYPTO_free(encoded, nil, 0) }
    var digest = [UInt8](repeating: 0, count: 32)
    SHA256(encoded, Int(length), &digest)
    var text = [UInt8](repeating: 0, count: 45)
    EVP_EncodeBlock(&text, digest, 32)
    return String(decoding: text.dropLast(), as: UTF8.self)
  }

  // MARK: - Hosts and tickets

  private func setHosts() throws(NetError) {
    guard !configuration.hostIdentities.isEmpty || configuration.refusesUnknownHosts else { return }
    hosts = try TLSHosts(of: self)
    swirl_set_server_name_callback(pointer) { ssl, alert, _ in TLSSession.of(ssl).chooseHost(alert) }
  }

  private func setTickets() {
    let scope = configuration.sessionScope(names: hosts?.names ?? names)
    SSL_CTX_set_session_id_context(pointer, scope, UInt32(scope.count))
    SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer) { ssl, name, vector, cipher, code, isSealing in
      TLSSession.of(ssl).context.configuration.ticketKeys.use(name, vector, cipher, code, isSealing: isSealing == 1)
    }
  }

  // MARK: - Application protocols

  private func setApplicationProtocols() throws(NetError) {
    guard !configuration.applicationProtocols.isEmpty else { return }
    for name in configuration.applicationProtocols where !(1...255).contains(name.utf8.count) {
      throw NetError(
        .configureTLS, "the application protocol \(name.debugDescription)", reason: "a name has 1 to 255 bytes")
    }
    let list = Self.list(configuration.applicationProtocols)
    switch role {
    case .client: SSL_CTX_set_alpn_protos(pointer, list, UInt32(list.count))
    case .server:
      SSL_CTX_set_alpn_select_cb(
        pointer,
        { ssl, chosen, length, offered, count, _ in
          TLSSession.of(ssl).choose(of: UnsafeBufferPointer(start: offered, count: Int(count)), chosen, length)
        }, nil)
    }
  }

  /// Names that were checked, in the form of the extension (RFC 7301 §3.1).
  static func list(_ protocols: [String]) -> [UInt8] {
    protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + $0.utf8 }
  }

  // MARK: - Sessions

  /// A session for resumption with `peer`, which the caller frees. A TLS 1.3 session is used for one connection only,
  /// so that observers cannot link two connections to the same client (RFC 8446 appendix C.4). A TLS 1.2 session is
  /// used for many, because its server need not issue a new one each time.
  func takeSession(for peer: String) -> OpaquePointer? { sessions.take(for: peer) }

  func keep(session: OpaquePointer, for peer: String) { sessions.insert(session, for: peer) }
}

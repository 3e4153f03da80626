import COpenSSL
import SwirlNet
import SwirlPlatform

/// One side of a TLS connection, on the descriptor of its socket.
///
/// It reads and writes like the socket itself, with counts and `errno`, so that its user need not distinguish the two.
final class TLSSession: ConnectionSecurity {
  let context: TLSContext
  /// A server's context for the name that the client asks for.
  private var hostContext: TLSContext?
  let ssl: OpaquePointer
  /// OpenSSL's BIO for a socket without a descriptor.
  private var bio: SocketBIO?
  private let peer: String
  /// Why reading or writing failed, if the cause was not the network.
  private(set) var failure: NetError?
  /// Whether a pending read needs the socket to be writable: TLS itself has to respond first.
  private(set) var needsToWriteToRead = false
  /// Whether a pending write needs a read first: the peer renegotiates.
  private(set) var needsToReadToWrite = false
  /// Whether the peer's first bytes were not TLS, and it got no response.
  private(set) var isPeerPlain = false
  private var isRevoked = false
  private var isEstablished = false
  /// The number of bytes read from the socket when it was last known to be empty.
  private var countWhenEmpty: UInt64 = 0
  private var hasDeclinedRenegotiation = false
  private var behind = Behind.unknown

  /// What is behind the bytes of the last read.
  private enum Behind {
    case unknown
    /// At most a part of a record.
    case incomplete
    /// The end, or an error: what the next read returns.
    case ended(Int, errno: Int32)
  }

  /// Without the final dot of a name, which certificates omit.
  private var host: String?

  /// - Parameters:
  ///   - host: for a client, the requested name or address, which the certificate must name.
  ///   - peer: the peer for display; also the key of a client's session cache.
  ///   - protocols: for a client, those of the context's application protocols that it offers; nil for all.
  init(
    _ socket: StreamSocket, _ context: TLSContext, host: String?, peer: String, offering protocols: [String]? = nil
  ) throws(NetError) {
    guard let ssl = SSL_new(context.pointer) else {
      throw NetError(.handshake, peer, reason: OpenSSLError.take())
    }
    self.ssl = ssl
    self.context = context
    self.peer = peer
    // Unretained: the callbacks that use it run only during this object's calls.
    swirl_set_owner(ssl, Unmanaged.passUnretained(self).toOpaque())
    if let simulated = socket.simulated {
      bio = SocketBIO(simulated, of: ssl)
    } else {
      SSL_set_fd(ssl, socket.descriptor)
    }
    switch context.role {
    case .client:
      if let host { setHost(host) }
      if let protocols {
        let list = TLSContext.list(protocols)
        SSL_set_alpn_protos(ssl, list, UInt32(list.count))
      }
      if let session = context.takeSession(for: peer) {
        SSL_set_session(ssl, session)
        SSL_SESSION_free(session)
      }
      SSL_set_connect_state(ssl)
    case .server: SSL_set_accept_state(ssl)
    }
  }

  // Without this, a connection without an orderly shutdown would invalidate its session for later connections.
  deinit {
    if isEstablished { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
    SSL_free(ssl)
  }

  static func of(_ ssl: OpaquePointer?) -> TLSSession {
    Unmanaged<TLSSession>.fromOpaque(swirl_owner(ssl)!).takeUnretainedValue()
  }

  private func setHost(_ host: String) {
    // A name may end in a dot, which certificates omit.
    var host = host.hasSuffix(".") ? String(host.dropLast()) : host
    // The zone of a link-local address is local to this machine, and not in certificates.
    if let zone = host.firstIndex(of: "%") { host = String(host[..<zone]) }
    self.host = host
    let isAddress = SocketAddress(ip: host, port: 0) != nil
    // RFC 6066 §3: no addresses.
    if !isAddress { swirl_set_server_name(ssl, host) }
    guard context.configuration.verification.isOn else { return }
    if isAddress {
      swirl_set_address_to_verify(ssl, host)
    } else {
      SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      SSL_set1_host(ssl, host)
    }
  }

  // MARK: - Handshake

  /// Continues the handshake as far as possible without blocking.
  func handshake() -> SecurityProgress {
    OpenSSLError.clear()
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      isEstablished = true
      return checkPins()
    }
    let systemError = errno
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .needsToRead
    case SSL_ERROR_WANT_WRITE: return .needsToWrite
    case SSL_ERROR_SYSCALL where systemError != 0:
      return .failed(NetError(.handshake, peer, errno: systemError))
    default: return .failed(handshakeError())
    }
  }

  private func checkPins() -> SecurityProgress {
    let certificate = SSL_get1_peer_certificate(ssl)
    defer { X509_free(certificate) }
    guard context.accepts(publicKeyOf: certificate) else {
      return .failed(NetError(.handshake, peer, certificate: .notPinned))
    }
    return .done
  }

  private func handshakeError() -> NetError {
    if isRevoked {
      OpenSSLError.clear()
      return NetError(.handshake, peer, certificate: .revoked)
    }
    let reason = OpenSSLError.tlsReason
    let words = OpenSSLError.take()
    switch reason {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      let result = SSL_get_verify_result(ssl)
      let problem = CertificateProblem(verifyResult: Int32(truncatingIfNeeded: result))
      let detail = String(cString: X509_verify_cert_error_string(result))
      return NetError(.handshake, peer, reason: "\(problem) (\(detail))", certificate: problem)
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return NetError(.handshake, peer, errno: ECONNRESET, reason: "the peer closed the connection")
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNEXPECTED_MESSAGE:
      isPeerPlain = reason != SSL_R_UNEXPECTED_MESSAGE && swirl_has_written(ssl) == 0
      return NetError(.handshake, peer, errno: EPROTO, reason: "the peer does not speak TLS there (\(words))")
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      let configuration = context.configuration
      return NetError(
        .handshake, peer, errno: EPROTO,
        reason: "the peer speaks no version of TLS that is allowed here, \(configuration.minimumVersion) to "
          + "\(configuration.maximumVersion): it needs a newer one (\(words))")
    case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return NetError(
        .handshake, peer, errno: EPROTO,
        reason: "the two ends have no application protocol in common: here it is "
          + "\(context.configuration.applicationProtocols.joined(separator: ", ")) (\(words))")
    default: return NetError(.handshake, peer, errno: EPROTO, reason: words)
    }
  }

  var info: TLSInfo {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &length)
    let applicationProtocol = name.map {
      String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
    }
    let certificate = SSL_get1_peer_certificate(ssl)
    defer { X509_free(certificate) }
    let serverName = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    return TLSInfo(
      version: TLSVersion(number: SSL_version(ssl)),
      cipherSuite: String(cString: SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl))),
      applicationProtocol: applicationProtocol, isResumed: SSL_session_reused(ssl) == 1,
      serverName: serverName, peerCertificate: TLSCertificate(certificate))
  }

  // MARK: - Bytes

  /// Like `recv`: -1 and `errno`, EAGAIN without data, EPROTO if `failure` has the reason; 0 at the peer's
  /// close_notify. EOF without that is an error, so that truncated data is not mistaken for the whole.
  ///
  /// It reads all records that OpenSSL has: a peer that sends many small ones is answered once, not once for each.
  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    if case .ended(let result, let error) = behind {
      behind = .unknown
      errno = error
      return result
    }
    behind = .unknown
    var total = 0
    while total < room, total == 0 || SSL_has_pending(ssl) == 1 {
      OpenSSLError.clear()
      needsToWriteToRead = false
      let count = SSL_read(ssl, base + total, Int32(clamping: room - total))
      guard count > 0 else {
        let result = failed(count, "the peer cut the connection without TLS's own end of it")
        if total == 0 { return result }
        behind = result < 0 && errno == EAGAIN && !needsToWriteToRead ? .incomplete : .ended(result, errno: errno)
        break
      }
      total += Int(count)
    }
    return total
  }

  /// Whether there is input that was taken from the socket, which the kernel does not report any more.
  var hasPending: Bool {
    switch behind {
    case .unknown: SSL_has_pending(ssl) == 1
    case .incomplete: false
    case .ended: true
    }
  }

  /// OpenSSL reads at least this much at once. A read that got less has emptied the socket.
  private static let readAheadLength = 16 * 1024

  /// Whether the peer has sent unread input: content, close_notify, or an error. TLS's own messages are processed and
  /// do not count.
  ///
  /// - Parameter hasJustRead: whether no input can have arrived since the last read. Then it peeks at the socket only
  ///   if that read may have left bytes there.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool {
    let count = BIO_number_read(SSL_get_rbio(ssl))
    // If all reads since then together took less than one full read, the last one was short too.
    if case .ended = behind { return true }
    if hasJustRead, SSL_has_pending(ssl) == 0, count - countWhenEmpty < Self.readAheadLength {
      countWhenEmpty = count
      return false
    }
    OpenSSLError.clear()
    needsToWriteToRead = false
    var byte: UInt8 = 0
    let peeked = SSL_peek(ssl, &byte, 1)
    if peeked > 0 { return true }
    // A part of a record may be a part of any message.
    guard failed(peeked, "the peer cut the connection without TLS's own end of it") < 0, errno == EAGAIN,
      !needsToWriteToRead, SSL_has_pending(ssl) == 0
    else { return true }
    countWhenEmpty = BIO_number_read(SSL_get_rbio(ssl))
    return false
  }

  /// Like `send`: the caller must retry with the bytes that were not taken.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var sent = 0
    needsToReadToWrite = false
    while sent < bytes.count {
      OpenSSLError.clear()
      // One record per call.
      let count = SSL_write(ssl, bytes.baseAddress! + sent, Int32(clamping: bytes.count - sent))
      guard count > 0 else {
        let systemError = errno
        needsToReadToWrite = SSL_get_error(ssl, count) == SSL_ERROR_WANT_READ
        errno = systemError
        return sent > 0 ? sent : failed(count, "the peer cut the connection")
      }
      sent += Int(count)
    }
    return sent
  }

  private func failed(_ result: Int32, _ cut: String) -> Int {
    let systemError = errno
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_ZERO_RETURN: return 0
    case SSL_ERROR_WANT_READ: errno = EAGAIN
    case SSL_ERROR_WANT_WRITE:
      needsToWriteToRead = true
      errno = EAGAIN
    case SSL_ERROR_SYSCALL where systemError != 0: errno = systemError
    default:
      let isCut = OpenSSLError.tlsReason == SSL_R_UNEXPECTED_EOF_WHILE_READING
      let words = OpenSSLError.take()
      let reason =
        hasDeclinedRenegotiation
        ? "the server asked to begin the TLS handshake anew (renegotiation), as IIS does to ask for a certificate; it was "
          + "declined, and the server ended the connection: set TLSConfiguration.allowsRenegotiation to allow it (\(words))"
        : isCut ? cut : "TLS: \(words)"
      failure = NetError(.read, peer, errno: isCut ? ECONNRESET : EPROTO, reason: reason)
      errno = EPROTO
    }
    return -1
  }

  /// Sends `close_notify` (RFC 8446 §6.1). Ignores it if the kernel does not take it.
  func sendEnd() {
    guard isEstablished, failure == nil else { return }
    OpenSSLError.clear()
    SSL_shutdown(ssl)
    OpenSSLError.clear()
  }

  // MARK: - OpenSSL's callbacks

  /// Called for each step. It looks for the alert by which OpenSSL declines a renegotiation.
  func note(alert: Int32, at place: Int32) {
    if place & SSL_CB_WRITE_ALERT == SSL_CB_WRITE_ALERT, alert & 0xff == SSL_AD_NO_RENEGOTIATION {
      hasDeclinedRenegotiation = true
    }
  }

  /// Called for each certificate that OpenSSL accepts or refuses; may accept a refused one.
  static let verificationCallback: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isAccepted, verification in
    guard isAccepted == 0, X509_STORE_CTX_get_error(verification) == X509_V_ERR_HOSTNAME_MISMATCH,
      let certificate = X509_STORE_CTX_get_current_cert(verification),
      TLSSession.of(swirl_session_of(verification)).hasWildcard(certificate)
    else { return isAccepted }
    X509_STORE_CTX_set_error(verification, X509_V_OK)
    return 1
  }

  /// Whether a wildcard of `certificate` matches a label with an underscore. OpenSSL does not match those, but browsers
  /// and curl do: S3 buckets have such names.
  private func hasWildcard(_ certificate: OpaquePointer) -> Bool {
    guard let host else { return false }
    return TLSCertificate.alternativeNames(of: certificate).contains { kind, name in
      kind == GEN_DNS && WildcardName(name)?.matches(host) == true
    }
  }

  /// Stores a session for later connections. Returns 1, which transfers ownership to us.
  func keep(_ session: OpaquePointer?) -> Int32 {
    guard let session else { return 0 }
    context.keep(session: session, for: peer)
    return 1
  }

  /// Refuses a certificate that the stapled response reports as revoked. Returns 1 to continue.
  func checkStapledStatus() -> Int32 {
    isRevoked = StapledStatus.isRevoked(ssl, in: context.pointer)
    return isRevoked ? 0 : 1
  }

  /// Staples the OCSP response for our certificate.
  func stapleStatus() -> Int32 {
    let identity = (hostContext ?? context).configuration.identity
    guard let response = identity?.stapledResponse else { return SSL_TLSEXT_ERR_NOACK }
    // OpenSSL frees this copy.
    let copy = CRYPTO_memdup(response, response.count, nil, 0)
    swirl_staple(ssl, copy, response.count)
    return SSL_TLSEXT_ERR_OK
  }

  /// Selects a server's identity by the name that the client asks for.
  func chooseHost(_ alert: UnsafeMutablePointer<Int32>?) -> Int32 {
    guard let hosts = context.hosts else { return SSL_TLSEXT_ERR_NOACK }
    let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    switch hosts.choice(for: name) {
    case .own: return SSL_TLSEXT_ERR_OK
    case .other(let chosen):
      hostContext = chosen
      SSL_set_SSL_CTX(ssl, chosen.pointer)
      return SSL_TLSEXT_ERR_OK
    case .unknown:
      guard context.configuration.refusesUnknownHosts else { return SSL_TLSEXT_ERR_NOACK }
      alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }
  }

  /// Selects a server's application protocol: the first of its own that the client offers.
  func choose(
    of offered: UnsafeBufferPointer<UInt8>, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ length: UnsafeMutablePointer<UInt8>?
  ) -> Int32 {
    for name in context.configuration.applicationProtocols {
      var index = 0
      while index < offered.count {
        let range = index + 1..<min(index + 1 + Int(offered[index]), offered.count)
        if offered[range].elementsEqual(name.utf8) {
          chosen?.pointee = offered.baseAddress! + range.lowerBound
          length?.pointee = UInt8(range.count)
          return SSL_TLSEXT_ERR_OK
        }
        index = range.upperBound
      }
    }
    // RFC 7301 §3.2.
    return SSL_TLSEXT_ERR_ALERT_FATAL
  }
}

extension CertificateProblem {
  /// The result of OpenSSL's verification.
  fileprivate init(verifyResult: Int32) {
    switch verifyResult {
    case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
    case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongHost
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: self = .selfSigned
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      self = .unknownAuthority
    case X509_V_ERR_CERT_REVOKED: self = .revoked
    default: self = .invalid
    }
  }
}

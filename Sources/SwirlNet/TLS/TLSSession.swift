import COpenSSL
import SwirlPlatform

/// One end of a secured connection, on the descriptor of its socket.
///
/// It reads and writes as the socket itself would, with counts and `errno`, so that whoever uses it need not know which of the
/// two it has.
final class TLSSession {
  enum Progress {
    case done, needsToRead, needsToWrite
    case failed(NetError)
  }

  let context: TLSContext
  let ssl: OpaquePointer
  /// What OpenSSL reads from and writes to, where that is no descriptor.
  private var bio: SocketBIO?
  private let peer: String
  /// Why reading or writing failed, where that was not the network's doing.
  private(set) var failure: NetError?
  /// Whether what was to be read waits until something can be written: an answer of the protocol itself.
  private(set) var needsToWriteToRead = false
  /// Whether what was to be written waits until something was read: a handshake that the other end began anew.
  private(set) var needsToReadToWrite = false
  /// Whether the other end has sent something other than TLS as its first bytes, and was not answered.
  private(set) var isPeerPlain = false
  private var isRevoked = false
  private var isEstablished = false
  /// How much of the socket's bytes had been read when the socket was last known to be empty.
  private var countWhenEmpty: UInt64 = 0
  private var hasDeclinedRenegotiation = false
  /// Without the dot that a name may end in, which no certificate has.
  private var host: String?

  /// - Parameters:
  ///   - host: for a client, the name or address it asked for; the certificate must be for it.
  ///   - peer: the other end in words; the sessions of a client are kept by it.
  init(_ socket: StreamSocket, _ context: TLSContext, host: String?, peer: String) throws(NetError) {
    guard let ssl = SSL_new(context.pointer) else {
      throw NetError(.handshake, peer, reason: OpenSSLError.take())
    }
    self.ssl = ssl
    self.context = context
    self.peer = peer
    // Unretained: the callbacks that ask for it are only called from calls that this object makes.
    swirl_set_owner(ssl, Unmanaged.passUnretained(self).toOpaque())
    if let simulated = socket.simulated {
      bio = SocketBIO(simulated, of: ssl)
    } else {
      SSL_set_fd(ssl, socket.descriptor)
    }
    switch context.role {
    case .client:
      if let host { setHost(host) }
      if let session = context.takeSession(for: peer) {
        SSL_set_session(ssl, session)
        SSL_SESSION_free(session)
      }
      SSL_set_connect_state(ssl)
    case .server: SSL_set_accept_state(ssl)
    }
  }

  // Without it, a connection that was not shut down in order would take its session out of use, for the next as well.
  deinit {
    if isEstablished { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
    SSL_free(ssl)
  }

  static func of(_ ssl: OpaquePointer?) -> TLSSession {
    Unmanaged<TLSSession>.fromOpaque(swirl_owner(ssl)!).takeUnretainedValue()
  }

  private func setHost(_ host: String) {
    // A name may end in a dot; no certificate has it.
    var host = host.hasSuffix(".") ? String(host.dropLast()) : host
    // The zone of a link-local address is this machine's own word, and in no certificate.
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

  /// Takes the handshake as far as it goes without waiting.
  func handshake() -> Progress {
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

  private func checkPins() -> Progress {
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
      return NetError(.handshake, peer, errno: ECONNRESET, reason: "the other end closed the connection")
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNEXPECTED_MESSAGE:
      isPeerPlain = reason != SSL_R_UNEXPECTED_MESSAGE && swirl_has_written(ssl) == 0
      return NetError(.handshake, peer, errno: EPROTO, reason: "the other end does not speak TLS there (\(words))")
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      let configuration = context.configuration
      return NetError(
        .handshake, peer, errno: EPROTO,
        reason: "the other end speaks no version of TLS that is allowed here, \(configuration.minimumVersion) to "
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
    return TLSInfo(
      version: TLSConfiguration.Version(number: SSL_version(ssl)),
      cipherSuite: String(cString: SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl))),
      applicationProtocol: applicationProtocol, isResumed: SSL_session_reused(ssl) == 1,
      peerCertificate: TLSCertificate(certificate))
  }

  // MARK: - Bytes

  /// As `recv`: -1 and `errno`, EAGAIN when nothing is there, EPROTO when `failure` says what happened; 0 at the other end's
  /// own end. A connection that is cut without that is an error, so that no part is taken for the whole.
  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    OpenSSLError.clear()
    needsToWriteToRead = false
    let count = SSL_read(ssl, base, Int32(clamping: room))
    if count > 0 { return Int(count) }
    return failed(count, "the other end cut the connection without TLS's own end of it")
  }

  /// Whether more was taken from the socket than was read here: the socket will not tell of it.
  var hasPending: Bool { SSL_has_pending(ssl) == 1 }

  /// OpenSSL reads this much at once, or a little more. A read that got less has emptied the socket.
  private static let readAheadLength = 16 * 1024

  /// Whether the peer has sent anything that was not read: content, the end of its direction, or what breaks the connection. Messages of
  /// TLS itself are processed and do not count.
  ///
  /// - Parameter hasJustRead: whether nothing can have arrived since the last read. Then it looks into the socket only if that read may
  ///   have left something there.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool {
    let count = BIO_number_read(SSL_get_rbio(ssl))
    // If all reads since it was empty took less than fits into one, then so did the last of them.
    if hasJustRead, !hasPending, count - countWhenEmpty < Self.readAheadLength {
      countWhenEmpty = count
      return false
    }
    OpenSSLError.clear()
    needsToWriteToRead = false
    var byte: UInt8 = 0
    let peeked = SSL_peek(ssl, &byte, 1)
    if peeked > 0 { return true }
    // Part of a record may be a part of anything.
    guard failed(peeked, "the peer cut the connection without TLS's own end of it") < 0, errno == EAGAIN,
      !needsToWriteToRead, !hasPending
    else { return true }
    countWhenEmpty = BIO_number_read(SSL_get_rbio(ssl))
    return false
  }

  /// As `send`: what was not taken must be written again, from there on.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var sent = 0
    needsToReadToWrite = false
    while sent < bytes.count {
      OpenSSLError.clear()
      // A record at a time.
      let count = SSL_write(ssl, bytes.baseAddress! + sent, Int32(clamping: bytes.count - sent))
      guard count > 0 else {
        let systemError = errno
        needsToReadToWrite = SSL_get_error(ssl, count) == SSL_ERROR_WANT_READ
        errno = systemError
        return sent > 0 ? sent : failed(count, "the other end cut the connection")
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

  /// Says that no more will be sent (`close_notify`, RFC 8446 §6.1). If the kernel does not take it, so be it.
  func sendEnd() {
    guard isEstablished, failure == nil else { return }
    OpenSSLError.clear()
    SSL_shutdown(ssl)
    OpenSSLError.clear()
  }

  // MARK: - What OpenSSL asks

  /// Told of each step; what counts is the alert by which OpenSSL declines a renegotiation.
  func note(alert: Int32, at place: Int32) {
    if place & SSL_CB_WRITE_ALERT == SSL_CB_WRITE_ALERT, alert & 0xff == SSL_AD_NO_RENEGOTIATION {
      hasDeclinedRenegotiation = true
    }
  }

  /// Told of each certificate that OpenSSL accepts or refuses; may accept what it refuses.
  static let verificationCallback: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isAccepted, verification in
    guard isAccepted == 0, X509_STORE_CTX_get_error(verification) == X509_V_ERR_HOSTNAME_MISMATCH,
      let certificate = X509_STORE_CTX_get_current_cert(verification),
      TLSSession.of(swirl_session_of(verification)).hasWildcard(certificate)
    else { return isAccepted }
    X509_STORE_CTX_set_error(verification, X509_V_OK)
    return 1
  }

  /// Whether a wildcard of `certificate` stands for a label with an underscore, to which OpenSSL applies none. Browsers and curl do:
  /// buckets of S3 have such names.
  private func hasWildcard(_ certificate: OpaquePointer) -> Bool {
    guard let host else { return false }
    return TLSCertificate.alternativeNames(of: certificate).contains { kind, name in
      kind == GEN_DNS && WildcardName(name)?.matches(host) == true
    }
  }

  /// A session that a later connection may go on with. Returns 1, and then it is ours.
  func keep(_ session: OpaquePointer?) -> Int32 {
    guard let session else { return 0 }
    context.keep(session: session, for: peer)
    return 1
  }

  /// Refuses a certificate that its authority has taken back, by the answer that came with it. Returns 1 when it may go on.
  func checkStapledStatus() -> Int32 {
    isRevoked = StapledStatus.isRevoked(ssl, in: context.pointer)
    return isRevoked ? 0 : 1
  }

  /// Sends along what the authority says of our certificate.
  func stapleStatus() -> Int32 {
    guard let response = context.configuration.identity?.stapledResponse else { return SSL_TLSEXT_ERR_NOACK }
    // A copy that OpenSSL frees.
    let copy = CRYPTO_memdup(response, response.count, nil, 0)
    swirl_staple(ssl, copy, response.count)
    return SSL_TLSEXT_ERR_OK
  }

  /// A server's choice of an application protocol: the first of its own that the client offers.
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
  /// What OpenSSL found.
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

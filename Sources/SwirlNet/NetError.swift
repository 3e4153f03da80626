import SwirlPlatform

/// A network error: the operation, the peer, the reason, and what to do.
public struct NetError: Error, Sendable, CustomStringConvertible {
  /// The operation.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The verb that begins the message.
    public let description: String

    /// Looking up a name.
    public static let resolve = Code(description: "resolve")
    /// Connecting.
    public static let connect = Code(description: "connect to")
    /// Listening on a port or path.
    public static let listen = Code(description: "listen on")
    /// Accepting a connection.
    public static let accept = Code(description: "accept on")
    /// Reading.
    public static let read = Code(description: "read from")
    /// Writing.
    public static let write = Code(description: "write to")
    /// A TLS handshake.
    public static let handshake = Code(description: "TLS handshake with")
    /// Connecting through a proxy.
    public static let proxy = Code(description: "use the proxy")
    /// Loading certificates and keys for TLS.
    public static let configureTLS = Code(description: "set up TLS with")
  }

  /// The operation.
  public let code: Code
  /// The peer: an address, a host name with its port, or a path.
  public let peer: String
  /// The kernel's error number; zero if the cause is not a system call.
  public let errno: Int32
  /// The reason in words.
  public let reason: String
  /// The problem of the peer's certificate, if that was the cause.
  public let certificate: CertificateProblem?

  /// - Parameters:
  ///   - code: the operation.
  ///   - peer: the peer.
  ///   - errno: the kernel's error number.
  ///   - reason: the reason; nil uses the message for `certificate` or `errno`.
  ///   - certificate: the problem of the peer's certificate.
  public init(
    _ code: Code, _ peer: some CustomStringConvertible, errno: Int32 = 0, reason: String? = nil,
    certificate: CertificateProblem? = nil
  ) {
    self.code = code
    self.peer = peer.description
    self.errno = errno
    self.reason = reason ?? certificate?.description ?? Self.words(for: errno, in: code)
    self.certificate = certificate
  }

  /// The message for an error number; for common ones with what to do.
  private static func words(for errno: Int32, in code: Code) -> String {
    let words = String(cString: strerror(errno)).lowercased()
    return switch errno {
    case ECONNREFUSED: "\(words): nothing listens there"
    case EMFILE, ENFILE: "\(words): raise the limit (ulimit -n) or open fewer connections at once"
    case EADDRINUSE: "\(words): stop what listens there, or use port 0 for a free one"
    case EACCES where code == .listen: "\(words): a port below 1024, or another's directory, is for root"
    case EBADF where code == .write: "it is open for reading alone"
    case EAGAIN where code == .connect: "\(words): too many connections wait there to be accepted"
    case EADDRNOTAVAIL: "\(words): no such address here, or no local port is left"
    default: words
    }
  }

  /// `connect to 127.0.0.1:8080: connection refused: nothing listens there`
  public var description: String { "\(code) \(peer): \(reason)" }
}

import SwirlPlatform

/// What went wrong on the network: what was attempted, with whom, why it failed, and what to do.
public struct NetError: Error, Sendable, CustomStringConvertible {
  /// What was attempted.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The verb, as the message begins with it.
    public let description: String

    /// A name was looked up.
    public static let resolve = Code(description: "resolve")
    /// A connection was made.
    public static let connect = Code(description: "connect to")
    /// A port or path was listened on.
    public static let listen = Code(description: "listen on")
    /// A connection was accepted.
    public static let accept = Code(description: "accept on")
    /// Bytes were read.
    public static let read = Code(description: "read from")
    /// Bytes were written.
    public static let write = Code(description: "write to")
    /// A connection was secured.
    public static let handshake = Code(description: "TLS handshake with")
    /// A proxy was asked for a connection.
    public static let proxy = Code(description: "use the proxy")
    /// Certificates and keys were loaded, for connections that are to be secured.
    public static let configureTLS = Code(description: "set up TLS with")
  }

  /// What was attempted.
  public let code: Code
  /// With whom: an address, a host name with its port, or a path.
  public let peer: String
  /// The kernel's error number, or zero where the cause is another.
  public let errno: Int32
  /// Why it failed, in words.
  public let reason: String
  /// What was wrong with the other end's certificate, where that was the cause.
  public let certificate: CertificateProblem?

  /// - Parameters:
  ///   - code: what was attempted.
  ///   - peer: with whom.
  ///   - errno: the kernel's error number.
  ///   - reason: why it failed; the words for `certificate` or `errno` when nil.
  ///   - certificate: what was wrong with the other end's certificate.
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

  /// The words for an error number, and for the common ones what to do.
  private static func words(for errno: Int32, in code: Code) -> String {
    let words = String(cString: strerror(errno)).lowercased()
    return switch errno {
    case ECONNREFUSED: "\(words): nothing listens there"
    case EMFILE, ENFILE: "\(words): raise the limit (ulimit -n) or open fewer connections at once"
    case EADDRINUSE: "\(words): stop what listens there, or use port 0 for a free one"
    case EACCES where code == .listen: "\(words): a port below 1024, or another's directory, is for root"
    case EAGAIN where code == .connect: "\(words): too many connections wait there to be accepted"
    case EADDRNOTAVAIL: "\(words): no such address here, or no local port is left"
    default: words
    }
  }

  /// `connect to 127.0.0.1:8080: connection refused: nothing listens there`
  public var description: String { "\(code) \(peer): \(reason)" }
}

/// Why a lookup has no answer: the name, the type, the server, the reason, and what to do.
public struct NameError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// The name does not exist: NXDOMAIN (RFC 2308 §2.1).
    public static let noSuchName = Code(rawValue: 0)
    /// The name exists, and has no records of this type: NODATA (RFC 2308 §2.2).
    public static let noData = Code(rawValue: 1)
    /// No server could answer: SERVFAIL, and all codes without a name here.
    public static let serverFailure = Code(rawValue: 2)
    /// The servers refuse to answer.
    public static let refused = Code(rawValue: 3)
    /// No server has answered in time.
    public static let timedOut = Code(rawValue: 4)
    /// No server could be reached, or the connection to it has ended.
    public static let unreachable = Code(rawValue: 5)
    /// The answer is no message of DNS.
    public static let badAnswer = Code(rawValue: 6)
    /// The aliases of the name lead back to themselves, or are more than 16.
    public static let aliasLoop = Code(rawValue: 7)
    /// The text is no name.
    public static let badName = Code(rawValue: 8)
    /// The domain says that it does not have this service (RFC 2782, RFC 9460 §2.5.1).
    public static let noService = Code(rawValue: 9)
    /// The client was closed.
    public static let closed = Code(rawValue: 10)
  }

  /// The kind of failure.
  public let code: Code
  /// The name that was asked for.
  public let name: String
  /// The name of the type that was asked for, such as `MX`; nil if several were.
  public let typeName: String?
  /// The address of the server that has answered, or failed last; nil if no server was asked.
  public let server: String?
  /// The reason, and what to do.
  public let reason: String

  /// - Parameters:
  ///   - code: the kind of failure.
  ///   - name: the name that was asked for.
  ///   - typeName: the name of the type that was asked for.
  ///   - server: the address of the server.
  ///   - reason: the reason, and what to do.
  public init(
    _ code: Code, _ name: some CustomStringConvertible, _ typeName: String? = nil, server: String? = nil, reason: String
  ) {
    self.code = code
    self.name = name.description
    self.typeName = typeName
    self.server = server
    self.reason = reason
  }

  /// Whether a later lookup may succeed: the servers have failed, not the name.
  public var isTemporary: Bool { [.serverFailure, .refused, .timedOut, .unreachable, .badAnswer].contains(code) }

  /// `look up example.test MX: the name does not exist, says 127.0.0.1:53: check the spelling`
  public var description: String { "look up \(name)\(typeName.map { " \($0)" } ?? ""): \(reason)" }
}

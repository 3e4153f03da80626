/// A place to listen at or to connect to, as a string: of a configuration file, or a command line.
///
/// ```swift
/// try reactor.listen(at: "tcp:8080") { _ in Echo() }
/// try server.listen(at: "tls:443:interface=0.0.0.0:certificate=/etc/site.pem:key=/etc/site.key")
/// reactor.connect(to: "tls:example.com:443") { Client() }
/// ```
///
/// It is a kind, arguments and options, with colons between them: `kind:argument:option=value`. A backslash takes the
/// meaning from a colon, an equals sign or a backslash, and brackets that of the colons of an IPv6 address,
/// `tcp:[::1]:80`.
///
/// | To listen | Options |
/// |---|---|
/// | `tcp:PORT`, `tcp:HOST:PORT` | `interface`, `backlog`, `reusePort`, `keepAlive`, `userTimeout` |
/// | `tls:PORT`, `tls:HOST:PORT` | those, `certificate`, `key`, `clientRoots`, `minimum`, `alpn` |
/// | `unix:PATH` | `backlog` |
/// | `fd:NUMBER`: a socket that is open and listens | those of TLS |
/// | `systemd:NAME`, or its number from 0 | those of TLS |
/// | `udp:PORT`, `udp:HOST:PORT` | `interface`, `broadcast`, `reusePort`, `reuseAddress`, `group` |
///
/// | To connect | Options |
/// |---|---|
/// | `tcp:HOST:PORT` | `timeout`, `from`, `keepAlive`, `userTimeout` |
/// | `tls:HOST:PORT` | those, `roots`, `certificate`, `key`, `minimum`, `alpn` |
/// | `unix:PATH` | `timeout` |
/// | `udp:HOST:PORT` | `from`, `broadcast` |
///
/// A `group` may be there more than once, and `certificate` with `key`, for further hosts.
///
/// Durations are seconds, such as `30` or `0.5`. What is `yes` or `no` is written so. A program adds kinds of its own
/// by ``register(_:_:)``. Twisted: `serverFromString`, `clientFromString`.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A piece of the string, and where it is.
  public struct Part: Sendable, Hashable {
    /// The text, without the backslashes and brackets.
    public let text: String
    /// Its place in the string, in characters.
    public let range: Range<Int>
  }

  /// An option, `name=value`.
  public struct Option: Sendable, Hashable {
    /// What is before the equals sign.
    public let name: Part
    /// What is behind it.
    public let value: Part
  }

  /// The string.
  public let text: String
  /// What is before the first colon.
  public let kind: Part
  /// The pieces without an equals sign, in order.
  public let arguments: [Part]
  /// The pieces with one, in order.
  public let options: [Option]

  /// - Throws: ``EndpointError`` for a string that is not an endpoint, or of a kind that is not known. What the
  ///   arguments and options mean is looked at when it is used.
  public init(_ text: String) throws(EndpointError) {
    var parser = EndpointParser(text)
    let parts = try parser.parts()
    self.text = text
    kind = parts.kind
    arguments = parts.arguments
    options = parts.options
    guard EndpointKinds.isKnown(kind.text) else {
      throw EndpointError(
        text, at: kind.range,
        kind.text.isEmpty ? "the kind is missing" : "the kind \"\(kind.text)\" is not known",
        advice: "there are \(EndpointKinds.names.joined(separator: ", "))")
    }
  }

  /// Adds a kind: its endpoints stand for those that `resolve` returns.
  ///
  /// ```swift
  /// Endpoint.register("redis") { endpoint in try Endpoint("tcp:127.0.0.1:6379:keepAlive=60") }
  /// try reactor.connect(to: "redis:") { RedisProtocol() }
  /// ```
  ///
  /// It is called on the thread that uses the endpoint, each time. Errors that it throws are those of the use. Call
  /// this early; the last one for a name counts, and those of the table above can't be replaced.
  public static func register(_ kind: String, _ resolve: @escaping @Sendable (Endpoint) throws -> Endpoint) {
    EndpointKinds.register(kind, resolve)
  }

  /// The string.
  public var description: String { text }
}

/// What is wrong with an endpoint's string, and where.
public struct EndpointError: Error, Sendable, CustomStringConvertible {
  /// The string.
  public let endpoint: String
  /// The place of the fault, in characters; empty at a place where something is missing.
  public let range: Range<Int>
  /// What is wrong there.
  public let reason: String
  /// What to write instead; nil if the reason says it.
  public let advice: String?

  /// For a kind of the program's own: a fault at a part of its endpoint.
  public init(_ endpoint: Endpoint, at part: Endpoint.Part, _ reason: String, advice: String? = nil) {
    self.init(endpoint.text, at: part.range, reason, advice: advice)
  }

  init(_ endpoint: String, at range: Range<Int>, _ reason: String, advice: String? = nil) {
    self.endpoint = endpoint
    self.range = range
    self.reason = reason
    self.advice = advice
  }

  /// The reason, and below it the string with the place underlined:
  ///
  /// ```
  /// the port "http" is not a number from 1 to 65535
  ///   tcp:localhost:http
  ///                 ^^^^
  /// ```
  public var description: String {
    let words = advice.map { "\(reason): \($0)" } ?? reason
    // A line break or a tab would move the marks.
    let line = String(endpoint.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    let marks = String(repeating: "^", count: max(1, range.count))
    return "\(words)\n  \(line)\n  \(String(repeating: " ", count: range.lowerBound))\(marks)"
  }
}

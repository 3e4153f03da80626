extension HTTPServer {
  /// A log with a line for each request, written in batches by a thread of its own: a slow disk or a full pipe does not
  /// hold up the reactor.
  ///
  /// ```swift
  /// server.accessLog = .combined(to: .standardOutput)
  /// server.accessLog = try .json(to: .file("/var/log/shop/access.log"))
  /// ```
  ///
  /// A line is made when the kernel has taken the whole response, or its client has disconnected, and written at most a
  /// tenth of a second later; ``HTTPServer/stop(within:idleFor:)`` waits for it. While the file takes nothing, four MiB
  /// of lines wait; beyond that they are dropped and counted. What a client sends cannot add a line or end a value:
  /// quotes, backslashes, control characters and bytes beyond ASCII are escaped. Values in the query that look like
  /// keys or tokens are `REDACTED`.
  ///
  /// It may be used from any thread, and many servers may share it, such as those of an ``HTTPServerGroup``.
  ///
  /// Apache: `CustomLog`; nginx: `access_log`; aiohttp: `access_log_format`.
  public final class AccessLog: Sendable {
    enum Format: Sendable {
      case common
      case combined
      case json
      case custom(@Sendable (AccessRecord) -> String?)
    }

    /// Where the lines go.
    public struct Destination: Sendable {
      enum Kind: Sendable {
        case writer(LogWriter)
        case function(@Sendable (String) -> Void)
      }

      let kind: Kind

      /// The standard output of the process.
      public static var standardOutput: Destination { Destination(kind: .writer(.standardOutput)) }

      /// The standard error of the process.
      public static var standardError: Destination { Destination(kind: .writer(.standardError)) }

      /// Appends to the file at `path`, which is created if it does not exist: see ``AccessLog/reopen()``.
      /// - Throws: `FileError` if it cannot be opened.
      public static func file(_ path: String) throws -> Destination {
        Destination(kind: .writer(LogWriter(try LogFile(path))))
      }

      /// Calls `body` with each line, without a line break at its end, on the reactor's thread: for a logger.
      ///
      /// ```swift
      /// server.accessLog = .json(to: .lines { line in log.info("\(line)") })
      /// ```
      public static func lines(_ body: @escaping @Sendable (String) -> Void) -> Destination {
        Destination(kind: .function(body))
      }
    }

    let format: Format
    let destination: Destination.Kind
    /// Whether times are those of UTC instead of the machine's time zone.
    let isUTC: Bool

    init(_ format: Format, to destination: Destination, isUTC: Bool = false) {
      self.format = format
      self.destination = destination.kind
      self.isUTC = isUTC
    }

    // MARK: - Formats

    /// The Common Log Format: `192.0.2.1 - - [30/Nov/2026:03:22:04 +0000] "GET / HTTP/1.1" 200 6`.
    ///
    /// The address is ``Request/clientAddress``, the time that of the request. `-` stands for what is not known.
    public static func common(to destination: Destination) -> AccessLog { AccessLog(.common, to: destination) }

    /// The Combined Log Format: the common one, with the fields Referer and User-Agent behind it.
    public static func combined(to destination: Destination) -> AccessLog { AccessLog(.combined, to: destination) }

    /// A JSON object a line, with `time` (RFC 3339), `client`, `method`, `target`, `version`, `status`, `bytes`,
    /// `duration` in seconds and `complete`; and, where they are known, `host`, `referer`, `user_agent`, `tls` and
    /// `request_id` (the field X-Request-ID).
    public static func json(to destination: Destination) -> AccessLog { AccessLog(.json, to: destination) }

    /// A line that `format` makes, on the reactor's thread; nil omits the request. Control characters are escaped.
    ///
    /// ```swift
    /// server.accessLog = .custom(to: .standardError) { record in
    ///   record.request?.path == "/healthz" ? nil : "\(record)"
    /// }
    /// ```
    public static func custom(
      to destination: Destination, _ format: @escaping @Sendable (AccessRecord) -> String?
    ) -> AccessLog { AccessLog(.custom(format), to: destination) }

    // MARK: - While it is used

    /// Opens the file again by its path, before the next lines: after a rotation has renamed it. If that fails, the
    /// open file stays in use, and the error is logged. ``HTTPServer/reload()`` does this, too. Does nothing without a
    /// file.
    /// nginx: SIGUSR1.
    public func reopen() { if case .writer(let writer) = destination { writer.reopen() } }

    /// How many lines were dropped because the file did not take them.
    public var droppedLines: Int { if case .writer(let writer) = destination { writer.droppedLines } else { 0 } }
  }
}

/// The limits at which a parser refuses a peer's message. Each one stops a peer from using all memory or time; each can
/// be changed.
public struct HTTPLimits: Sendable, Hashable {
  /// The start line and all fields together, in bytes. Beyond it: 431.
  public var headBytes = 64 * 1024

  /// The request line with its CRLF, in bytes. Beyond it: 414 (RFC 9112 §3 asks for at least 8,000).
  public var requestLineBytes = 8 * 1024

  /// How many fields a head or a trailer section may have, at most 65,000. Beyond it: 431.
  public var fieldCount = 128

  /// The content of one message, in bytes, after the chunked coding is removed; nil for no limit. Beyond it: 413.
  ///
  /// The parser checks it when it reads the content, not the head: a server may choose the limit by the route of the
  /// head.
  public var bodyBytes: Int?

  /// One line with a chunk's size and extensions, in bytes.
  public var chunkLineBytes = 4 * 1024

  /// The extensions of all chunks of one message together, in bytes: without it a peer could send kilobytes of
  /// extensions with each byte of content.
  public var chunkExtensionBytes = 16 * 1024

  /// The trailer section after the last chunk, in bytes. Beyond it: 431.
  public var trailerBytes = 16 * 1024

  /// The maximum number of 1xx responses before the final response.
  public var informationalResponses = 16

  /// The defaults.
  public init() {}

  /// The client's limits: as `init()`, but 5,000 fields and 300 KiB of head, as in curl. Servers send policies, cookies
  /// and timings, so their heads are larger than those of clients.
  public static let responses: HTTPLimits = {
    var limits = HTTPLimits()
    limits.fieldCount = 5_000
    limits.headBytes = 300 * 1024
    return limits
  }()
}

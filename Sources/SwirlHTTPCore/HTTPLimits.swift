/// How much a parser takes from a peer before it refuses. Every limit is there because without it one peer could use all
/// memory or time; every one can be changed.
public struct HTTPLimits: Sendable, Hashable {
  /// The start line and all fields together, in bytes. Beyond it: 431.
  public var headBytes = 64 * 1024

  /// The request line with its CRLF, in bytes. Beyond it: 414 (RFC 9112 §3 asks for at least 8,000).
  public var requestLineBytes = 8 * 1024

  /// How many fields a head or a trailer section may have, at most 65,000. Beyond it: 431.
  public var fieldCount = 128

  /// The content of one message, in bytes, after the chunked coding is removed; nil for no limit. Beyond it: 413.
  ///
  /// It is checked when the content is asked for, not with the head: a server may look at the head first and choose the
  /// limit by its route.
  public var bodyBytes: Int?

  /// One line with a chunk's size and extensions, in bytes.
  public var chunkLineBytes = 4 * 1024

  /// The extensions of all chunks of one message together, in bytes: without it a peer sends a page of extensions with each byte
  /// of content.
  public var chunkExtensionBytes = 16 * 1024

  /// The trailer section after the last chunk, in bytes. Beyond it: 431.
  public var trailerBytes = 16 * 1024

  /// How many 1xx responses may come before the answer.
  public var informationalResponses = 16

  /// The defaults.
  public init() {}

  /// What a client takes: as `init()`, but 5,000 fields and 300 KiB of head, as curl does. Servers send policies, cookies and
  /// timings that no client would.
  public static let responses: HTTPLimits = {
    var limits = HTTPLimits()
    limits.fieldCount = 5_000
    limits.headBytes = 300 * 1024
    return limits
  }()
}

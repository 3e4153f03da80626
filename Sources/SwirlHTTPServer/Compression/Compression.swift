extension HTTPServer {
  /// How answers are compressed: set ``Configuration/compression``.
  ///
  /// ```swift
  /// var configuration = HTTPServer.Configuration()
  /// configuration.compression = .init()
  /// ```
  ///
  /// An answer is compressed if the client's Accept-Encoding allows it and its type gains: texts, JSON, XML, SVG,
  /// WebAssembly, event streams. `Vary` says so, a strong ETag becomes a weak one (the bytes may differ with each
  /// version of a library), and a stream is flushed with each write. Never compressed is a part (206), what has a
  /// Content-Encoding, and what Cache-Control calls `no-transform`. A client that accepts neither a coding nor content
  /// as it is (`identity;q=0`) gets it as it is (RFC 9110 §12.5.3). Content beyond 64 KiB is compressed in pieces, one
  /// a turn of the loop.
  ///
  /// A secret and text of the client in one compressed page show through its length (BREACH): mark such pages
  /// `no-transform`, or mask the secret.
  ///
  /// nginx: `gzip on`; Tornado: `compress_response`; aiohttp: `enable_compression`; Hummingbird:
  /// `ResponseCompressionMiddleware`.
  public struct Compression: Sendable {
    /// A content coding (RFC 9110 §8.4.1).
    public struct Coding: Sendable, Hashable {
      let name: String
      /// RFC 1952.
      public static let gzip = Coding(name: "gzip")
      /// RFC 7932.
      public static let brotli = Coding(name: "br")
      /// Zstandard, RFC 8878.
      public static let zstd = Coding(name: "zstd")
    }

    /// The codings that clients are offered, in the order of preference among those that a client likes as much.
    public var codings: [Coding] = [.brotli, .zstd, .gzip]

    /// An answer of a known length is compressed from this number of bytes.
    public var minimumBytes = 1024

    /// The memory that encoders of streamed answers, and of those beyond 64 KiB, may take at a time, in bytes: while
    /// that is in use, further ones are sent as they are. By default 64 MiB. One takes about 0.9 MB with brotli or
    /// zstd, and 0.3 MB with gzip, as long as the answer is sent: an event stream for hours. In an ``HTTPServerGroup``
    /// each server has its own.
    public var maximumEncoderBytes = 64 * 1024 * 1024

    /// Media types that gain from compression, beside those that are known to: `application/x-protobuf`.
    public var mediaTypes: Set<String> = []

    /// The defaults.
    public init() {}

    /// Whether content of this type becomes smaller.
    func compresses(_ contentType: String) -> Bool {
      var type = contentType.prefix { $0 != ";" }.lowercased()
      while type.last == " " || type.last == "\t" { type.removeLast() }
      if mediaTypes.contains(type) || Self.known.contains(type) { return true }
      return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
    }

    private static let known: Set<String> = [
      "application/javascript", "application/json", "application/manifest+json", "application/rtf", "application/wasm",
      "application/x-javascript", "application/x-ndjson", "application/xml", "application/yaml", "font/otf", "font/ttf",
      "image/bmp", "image/vnd.microsoft.icon", "image/x-icon",
    ]
  }
}

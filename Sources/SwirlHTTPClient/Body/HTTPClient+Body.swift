import FoundationEssentials
public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore

extension HTTPClient {
  /// The content of a request: bytes in memory, or a stream.
  ///
  /// Its type becomes the Content-Type field, unless the request has its own. A stream of known length is sent with
  /// Content-Length, another one in chunks; the connection applies back-pressure to it.
  public struct Body: Sendable {
    enum Content: Sendable {
      case bytes([UInt8])
      case source(length: Int?, isReplayable: Bool, make: @Sendable () -> any BodySource)
    }
    private final class Storage: Sendable {
      let content: Content
      let contentType: String?
      let trailers: (@Sendable () -> HTTPFields)?
      init(_ content: Content, _ contentType: String?, _ trailers: (@Sendable () -> HTTPFields)?) {
        self.content = content
        self.contentType = contentType
        self.trailers = trailers
      }
    }
    private let storage: Storage

    init(_ content: Content, _ contentType: String?, trailers: (@Sendable () -> HTTPFields)? = nil) {
      storage = Storage(content, contentType, trailers)
    }

    var content: Content { storage.content }

    /// The fields behind the content.
    var trailers: (@Sendable () -> HTTPFields)? { storage.trailers }

    /// The type of the content, such as `application/json`.
    public var contentType: String? { storage.contentType }

    /// Its length in bytes, if known in advance.
    public var length: Int? {
      switch content {
      case .bytes(let bytes): bytes.count
      case .source(let length, _, _): length
      }
    }

    /// Whether it can be sent again, as some redirects require.
    var isReplayable: Bool {
      switch content {
      case .bytes: true
      case .source(_, let isReplayable, _): isReplayable
      }
    }

    /// The same content, with trailer fields behind it (RFC 9110 §6.5), whose values are known when it is sent: a
    /// checksum of a stream.
    ///
    /// `make` is called on the reactor's thread after the last byte, again for each repetition of the request. In
    /// HTTP/1.1 such content is sent in chunks, without Content-Length; many servers drop the trailers of those. A
    /// field that cannot be a trailer fails the request with ``HTTPError/Code/requestBody``. A part of a `multipart`
    /// has no trailers. Announce their names in a `Trailer` field if the server wants that.
    ///
    /// Node: `request.addTrailers`; Go: `Request.Trailer`.
    public func with(trailers make: @escaping @Sendable () -> HTTPFields) -> Body {
      switch content {
      case .bytes(let bytes):
        Body(.source(length: nil, isReplayable: true) { BytesSource(bytes) }, contentType, trailers: make)
      case .source(_, let isReplayable, let source):
        Body(.source(length: nil, isReplayable: isReplayable, make: source), contentType, trailers: make)
      }
    }

    // MARK: - In memory

    /// Bytes.
    public static func bytes(_ bytes: [UInt8], contentType: String? = nil) -> Body { Body(.bytes(bytes), contentType) }

    /// Text as UTF-8.
    public static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Body {
      Body(.bytes(Array(text.utf8)), contentType)
    }

    /// `value` as JSON.
    /// - Throws: `EncodingError`, if it cannot be encoded.
    public static func json(_ value: some Encodable) throws -> Body {
      Body(.bytes([UInt8](try JSONEncoder().encode(value))), "application/json")
    }

    /// Names and values as a form sends them, `application/x-www-form-urlencoded`; a name may come more than once.
    public static func form(_ fields: KeyValuePairs<String, String>) -> Body {
      let pairs = fields.map { "\($0.key.formEncoded)=\($0.value.formEncoded)" }
      return Body(.bytes(Array(pairs.joined(separator: "&").utf8)), "application/x-www-form-urlencoded")
    }

    // MARK: - Streams

    /// A file, read in pieces on threads while it is sent.
    /// - Throws: `FileError`, if it does not exist or is not a file.
    public static func file(_ path: String, contentType: String? = nil) throws -> Body {
      let length = try FileSource.length(of: path)
      return Body(
        .source(length: length, isReplayable: true) { FileSource(path) }, contentType ?? "application/octet-stream")
    }

    /// The pieces of `sequence`, which is read when the connection has room. For one request only, because it consumes
    /// the sequence.
    public static func stream<Pieces: AsyncSequence & Sendable>(
      _ pieces: Pieces, length: Int? = nil, contentType: String? = nil
    ) -> Body where Pieces.Element == [UInt8] {
      Body(.source(length: length, isReplayable: false) { SequenceSource(pieces) }, contentType)
    }

    /// The pieces of a callback: `begin` is called on the reactor's thread when sending starts, again for each redirect
    /// that repeats the body. Its result is called for piece after piece until it gives nil.
    ///
    /// ```swift
    /// .producer {
    ///   var left = 3
    ///   return {
    ///     left -= 1
    ///     return .succeed(left < 0 ? nil : Array("piece \(left)\n".utf8))
    ///   }
    /// }
    /// ```
    /// Twisted: `IBodyProducer`; Tornado: `body_producer`.
    public static func producer(
      length: Int? = nil, contentType: String? = nil,
      _ begin: @escaping @Sendable () -> () -> Deferred<[UInt8]?>
    ) -> Body {
      Body(.source(length: length, isReplayable: true) { ProducerSource(begin()) }, contentType)
    }
  }
}

import FoundationEssentials
public import SwirlDeferred
import SwirlHTTPCore

extension HTTPClient {
  /// The content of a request: bytes that are there, or pieces that come while it is sent.
  ///
  /// What it is goes into the Content-Type field, unless the request has one of its own. A stream whose length is known is sent with
  /// Content-Length, another one in chunks; no more of it is asked for than the connection takes.
  public struct Body: Sendable {
    enum Content: Sendable {
      case bytes([UInt8])
      case source(length: Int?, isReplayable: Bool, make: @Sendable () -> any BodySource)
    }
    private final class Storage: Sendable {
      let content: Content
      let contentType: String?
      init(_ content: Content, _ contentType: String?) {
        self.content = content
        self.contentType = contentType
      }
    }
    private let storage: Storage

    init(_ content: Content, _ contentType: String?) { storage = Storage(content, contentType) }

    var content: Content { storage.content }

    /// What the content is, such as `application/json`.
    public var contentType: String? { storage.contentType }

    /// How many bytes it has, where that is known before it is sent.
    public var length: Int? {
      switch content {
      case .bytes(let bytes): bytes.count
      case .source(let length, _, _): length
      }
    }

    /// Whether it can be sent again, as some redirects ask.
    var isReplayable: Bool {
      switch content {
      case .bytes: true
      case .source(_, let isReplayable, _): isReplayable
      }
    }

    // MARK: - What is there

    /// Bytes.
    public static func bytes(_ bytes: [UInt8], contentType: String? = nil) -> Body { Body(.bytes(bytes), contentType) }

    /// Text as UTF-8.
    public static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Body {
      Body(.bytes(Array(text.utf8)), contentType)
    }

    /// `value` as JSON.
    /// - Throws: `EncodingError`, when it cannot be JSON.
    public static func json(_ value: some Encodable) throws -> Body {
      Body(.bytes([UInt8](try JSONEncoder().encode(value))), "application/json")
    }

    /// Names and values as a form sends them, `application/x-www-form-urlencoded`; a name may come more than once.
    public static func form(_ fields: KeyValuePairs<String, String>) -> Body {
      let pairs = fields.map { "\($0.key.formEncoded)=\($0.value.formEncoded)" }
      return Body(.bytes(Array(pairs.joined(separator: "&").utf8)), "application/x-www-form-urlencoded")
    }

    // MARK: - What comes

    /// A file, read in pieces on threads while it is sent.
    /// - Throws: `FileError`, when it is not there or no file.
    public static func file(_ path: String, contentType: String? = nil) throws -> Body {
      let length = try FileSource.length(of: path)
      return Body(
        .source(length: length, isReplayable: true) { FileSource(path) }, contentType ?? "application/octet-stream")
    }

    /// The pieces of `sequence`, which is asked for the next one when the connection has room. For one request: the sequence is
    /// gone afterwards.
    public static func stream<Pieces: AsyncSequence & Sendable>(
      _ pieces: Pieces, length: Int? = nil, contentType: String? = nil
    ) -> Body where Pieces.Element == [UInt8] {
      Body(.source(length: length, isReplayable: false) { SequenceSource(pieces) }, contentType)
    }

    /// What a callback gives: `begin` is called on the reactor's thread when the sending begins, each time where a redirect asks for it
    /// again, and what it returns is asked for piece after piece until that is nil.
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

extension String {
  /// As the URL standard of the WHATWG says of forms: a space is a plus sign.
  var formEncoded: String {
    var bytes: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: " "): bytes.append(UInt8(ascii: "+"))
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        bytes.append(byte)
      default: bytes.append(percentEncoding: byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

extension HTTPServer {
  /// The response as the client gets it: compressed, if the configuration says so and the client accepts it.
  func compressed(_ response: Response, for request: Request?, on reactor: Reactor?) -> Response {
    guard let compression = configuration.compression, let request, let reactor else { return response }
    if response.status.code == 304 {
      // Its 200 might have been compressed, and then says so in Vary (RFC 9110 §15.4.5).
      let isCoded = compression.coding(AcceptEncoding(request.head)) != nil
      var response = isCoded ? response.answeringWeakly(request) : response
      response.vary(by: .acceptEncoding)
      return response
    }
    guard let type = response.headers[.contentType] else { return response }
    guard response.isCompressible else { return response.varying(compression, type) }
    let accept = AcceptEncoding(request.head)
    let gains = compression.compresses(type) && response.length ?? .max >= compression.minimumBytes
    guard gains || !accept.acceptsIdentity else { return response }
    var response = response
    response.vary(by: .acceptEncoding)
    // A client that accepts nothing gets what there is (RFC 9110 §12.5.3): an error stays one.
    guard let coding = compression.coding(accept) else { return response }
    var share: EncoderMemory.Share?
    if response.isStreamed {
      share = encoders?.share(for: coding)
      if share == nil { return response }
    }
    guard let encoder = ContentEncoder(coding) else { return response }
    let plain = response
    response.headers[.contentEncoding] = coding
    response.headers[.contentLength] = nil
    response.headers[.acceptRanges] = nil
    if let tag = response.headers[.eTag].flatMap({ EntityTag(parsing: $0) }) {
      response.headers[.eTag] = tag.weakened.description
    }
    switch plain.content {
    case .stream(let length, let write):
      guard let share else { return plain }
      response.content = .stream(length: nil) { writer in
        writer.encode(with: encoder, share, length: length)
        try write(writer)
      }
    // For a HEAD as well: whether it shrinks decides about the fields.
    case .text(let text): response.compress(Array(text.utf8), encoder, share, on: reactor)
    case .bytes(let bytes): response.compress(bytes, encoder, share, on: reactor)
    case .empty, .upgrade, .webSocket, .prepared: return plain
    }
    // Content that only grows is sent as it is.
    let grows = response.length ?? 0 >= plain.length ?? .max
    return grows && accept.acceptsIdentity ? plain : response
  }
}

extension HTTPServer.Compression {
  /// The coding that a client likes best; nil without one that it accepts.
  fileprivate func coding(_ accept: AcceptEncoding) -> String? { accept.best(of: codings.lazy.map(\.name)) }
}

extension HTTPServer.Response {
  fileprivate var length: Int? {
    switch content {
    case .stream(let length, _): length
    case .text, .bytes, .empty: content.count
    case .upgrade, .webSocket, .prepared: nil
    }
  }

  /// Whether it has content that may be changed on the way.
  fileprivate var isCompressible: Bool {
    switch content {
    case .empty, .upgrade, .webSocket, .prepared: return false
    case .text, .bytes, .stream: break
    }
    switch status.code {
    case ..<200, 204, 205, 206: return false
    default: break
    }
    guard length != 0, let fields else { return length != 0 }
    if fields.contains(.contentEncoding) || fields.contains(.contentRange) { return false }
    return !fields[values: .cacheControl].contains { $0.lowercased().contains("no-transform") }
  }

  /// Whether it is compressed while it is sent.
  fileprivate var isStreamed: Bool {
    if case .stream = content { true } else { content.count > PieceWriter.pieceBytes }
  }

  fileprivate mutating func compress(
    _ bytes: [UInt8], _ encoder: ContentEncoder, _ share: EncoderMemory.Share?, on reactor: Reactor
  ) {
    if let share {
      content = .stream(length: nil) { [unowned reactor] writer in
        writer.encode(with: encoder, share, length: bytes.count)
        PieceWriter(writer, bytes, on: reactor).write()
      }
    } else {
      var output: [UInt8] = []
      // Without memory for it, it is sent as it is.
      content = encoder.encode(bytes.span, .finish, into: &output) ? .bytes(output) : .bytes(bytes)
    }
  }

  /// This 304 with a weak tag, if the client has the compressed version, whose tag is weak: by a strong one its cache
  /// would not find the version to refresh (RFC 9111 §4.3.4).
  fileprivate func answeringWeakly(_ request: HTTPServer.Request) -> HTTPServer.Response {
    guard let tag = fields?[.eTag].flatMap({ EntityTag(parsing: $0) }), !tag.isWeak,
      let ifNoneMatch = Preconditions(request.head).ifNoneMatch,
      EntityTagList(ifNoneMatch).contains(where: { $0.isWeak && $0.matchesWeakly(tag) })
    else { return self }
    var response = self
    response.headers[.eTag] = tag.weakened.description
    return response
  }

  /// A part of content that as a whole would be compressed has its Vary (RFC 9110 §15.3.7).
  fileprivate func varying(_ compression: HTTPServer.Compression, _ type: String) -> HTTPServer.Response {
    guard status.code == 206, compression.compresses(type) else { return self }
    var response = self
    response.vary(by: .acceptEncoding)
    return response
  }
}

/// Writes content in pieces, so that compressing a large one does not hold others up.
private final class PieceWriter {
  static let pieceBytes = 64 * 1024

  private let writer: HTTPServer.BodyWriter
  private let bytes: [UInt8]
  private var offset = 0
  private unowned let reactor: Reactor

  init(_ writer: HTTPServer.BodyWriter, _ bytes: [UInt8], on reactor: Reactor) {
    self.writer = writer
    self.bytes = bytes
    self.reactor = reactor
  }

  func write() {
    guard writer.isOpen else { return }
    guard writer.canWrite else {
      writer.onDrain = { [self] in
        writer.onDrain = nil
        write()
      }
      return
    }
    let end = min(offset + Self.pieceBytes, bytes.count)
    writer.write(Array(bytes[offset..<end]))
    offset = end
    if offset < bytes.count { EncodingTurns.of(reactor).add { [self] in write() } } else { writer.end() }
  }
}

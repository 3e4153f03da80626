public import HTTPTypes
public import SwirlHTTPCore

extension HTTPServer.StreamedRequest {
  /// The parts of a form with files, `multipart/form-data`, as they arrive (RFC 7578).
  ///
  /// ```swift
  /// for try await part in try request.parts() {
  ///   guard part.fileName != nil else { continue }
  ///   let writer = reactor.files.writer(to: "/var/uploads/\(UUID())")
  ///   for try await bytes in part { try await writer.write(bytes).value }
  ///   try await writer.close().value
  /// }
  /// ```
  ///
  /// It is for one loop of one task, in place of ``body``. Only what arrives at the moment is in memory; a loop that
  /// takes its time holds the client back. What a part has that is not read is skipped when the next one is asked for.
  /// Werkzeug: `MultipartDecoder`; aiohttp: `request.multipart()`.
  ///
  /// - Parameter limits: how many parts there may be, and how long their heads.
  /// - Throws: `StatusError` with 415 if the content is not such a form; the loop throws one with 400 for a malformed
  ///   form and 413 for one beyond the limits, and what a loop over ``body`` throws.
  public func parts(limits: MultipartLimits = MultipartLimits()) throws -> FormParts {
    let boundary = try HTTPServer.boundary(of: self["content-type"])
    return FormParts(FormReader(body, MultipartParser(boundary: boundary, limits: limits)))
  }
}

/// The parts of a form, in order, for one loop: see `StreamedRequest.parts(limits:)`.
public struct FormParts: AsyncSequence {
  private let reader: FormReader

  init(_ reader: FormReader) { self.reader = reader }

  /// The iterator of the loop.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }

  /// The iterator of the loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let reader: FormReader

    /// The next part; nil behind the last one.
    public func next() async throws -> FormPart? { try await next(isolation: nil) }

    /// The next part, on the caller's actor; nil behind the last one.
    public func next(isolation: isolated (any Actor)?) async throws -> FormPart? {
      try await reader.nextPart(isolation: isolation)
    }
  }
}

/// A part of a form: its fields, and a sequence of its content as it arrives, which is there until the next part is
/// asked for.
public struct FormPart: AsyncSequence {
  private let reader: FormReader
  private let number: Int
  private let head: MultipartHead

  init(_ head: MultipartHead, _ number: Int, of reader: FormReader) {
    self.head = head
    self.number = number
    self.reader = reader
  }

  /// The name of the form's field.
  public var name: String { head.name }

  /// The name of the file as the client sent it; nil for a field that is no file. Never open a file by it: it may be a
  /// path to anywhere, or empty.
  public var fileName: String? { head.fileName }

  /// The media type that the client claims.
  public var contentType: String? { head.contentType }

  /// All its fields.
  public var headers: HTTPFields { head.fields }

  /// The content, if it has at most so many bytes.
  /// - Throws: `StatusError` with 413 for more, and what the loop over the parts throws.
  public func bytes(
    upTo limit: Int = 64 * 1024, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    var all: [UInt8] = []
    let iterator = makeAsyncIterator()
    while let more = try await iterator.next(isolation: isolation) {
      guard all.count + more.count <= limit else {
        throw HTTPServer.StatusError(.contentTooLarge, "the field \(name) of the form has more than \(limit) bytes")
      }
      all += more
    }
    return all
  }

  /// The content as UTF-8 text, if it has at most so many bytes; invalid bytes become U+FFFD.
  /// - Throws: what ``bytes(upTo:isolation:)`` throws.
  public func text(upTo limit: Int = 64 * 1024, isolation: isolated (any Actor)? = #isolation) async throws -> String {
    String(decoding: try await bytes(upTo: limit, isolation: isolation), as: UTF8.self)
  }

  /// The iterator of its content.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader, number: number) }

  /// The iterator of a part's content.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let reader: FormReader
    let number: Int

    /// The next piece; nil at the end of the part, and once another part was asked for.
    public func next() async throws -> [UInt8]? { try await next(isolation: nil) }

    /// The next piece, on the caller's actor.
    public func next(isolation: isolated (any Actor)?) async throws -> [UInt8]? {
      try await reader.nextPiece(of: number, isolation: isolation)
    }
  }
}

/// Removes the content codings of one message (RFC 9110 §8.4), piece by piece, within limits.
///
/// Memory stays bounded for any input: each coding has its window (at most 32 KiB for gzip and deflate, 16 MiB for
/// brotli, 8 MiB for zstd) and a buffer of 16 KiB. It checks the limits after every 16 KiB that a coding yields. Use it
/// on one thread at a time.
package final class ContentDecoder {
  /// The maximum number of bytes that one call of `decode(_:at:into:)` appends.
  package static let pieceBytes = 64 * 1024

  /// In the order of decoding: the coding that was applied last is the first.
  private var stages: [CodingStage] = []
  private let limits: ContentLimits
  /// The number of message bytes that the first coding has taken.
  private var received = 0
  private var failure: ContentError?
  /// Whether the last call left bytes that it could have decoded.
  private var isBehind = false

  /// The codings that a `Content-Encoding` field names, in lower case and in the order in which they were applied,
  /// without `identity`.
  package static func codings(in contentEncoding: String) -> [String] { Array(ContentCoding.names(contentEncoding)) }

  /// Whether this decoder knows all codings of a `Content-Encoding` field.
  package static func knowsCodings(in contentEncoding: String) -> Bool {
    ContentCoding.names(contentEncoding).allSatisfy { ContentCoding(name: $0) != nil }
  }

  /// Nil when there is nothing to decode: an empty field, or `identity`.
  ///
  /// - Parameters:
  ///   - contentEncoding: the value of the `Content-Encoding` field; the values of several, joined by commas.
  ///   - limits: when to refuse the content.
  /// - Throws: `unsupportedCoding`, and `tooManyCodings` for more than three.
  package init?(contentEncoding: String, limits: ContentLimits = ContentLimits()) throws(ContentError) {
    let codings = try ContentCoding.list(contentEncoding)
    if codings.isEmpty { return nil }
    self.limits = limits
    for coding in codings.reversed() {
      stages.append(CodingStage(try coding.makeLayer()))
    }
  }

  /// The number of content bytes decoded so far.
  package var decoded: Int { stages[stages.count - 1].total }

  /// Decodes all of `bytes`, and appends the content to `output`. The content may be two thousand times as large by the
  /// default limits: to process it in pieces, use `decode(_:at:into:)`.
  package func decode(_ bytes: Span<UInt8>, into output: inout [UInt8]) throws(ContentError) {
    var offset = 0
    while try !decode(bytes, at: &offset, into: &output) {}
  }

  /// Decodes from `offset`, advances `offset`, and appends at most `pieceBytes` to `output`.
  ///
  /// - Returns: whether all of `bytes` is decoded; if not, call again with the same bytes and offset before anything
  ///   else.
  /// - Throws: the error in the content; every later call throws it again.
  package func decode(
    _ bytes: Span<UInt8>, at offset: inout Int, into output: inout [UInt8]
  ) throws(ContentError) -> Bool {
    if let failure { throw failure }
    do {
      var room = Self.pieceBytes
      while room > 0 {
        guard try step(bytes, at: &offset) else {
          isBehind = false
          return true
        }
        room -= stages[stages.count - 1].move(into: &output, atMost: room)
      }
      isBehind = true
      return false
    } catch {
      failure = error
      throw error
    }
  }

  /// Marks the end of the message. An empty message is complete: a response to HEAD has no content, for example.
  package func finish() throws(ContentError) {
    if let failure { throw failure }
    precondition(!isBehind, "finish() comes after decode(_:at:into:) returned true")
    for stage in stages where !stage.layer.isComplete {
      failure = stage.layer.coding.incomplete
      throw stage.layer.coding.incomplete
    }
  }

  /// Steps the coding nearest to the content that can make progress.
  ///
  /// - Returns: false if no coding can: the input is used up, and no coding holds bytes back.
  private func step(_ bytes: Span<UInt8>, at offset: inout Int) throws(ContentError) -> Bool {
    let last = stages.count - 1
    if stages[last].hasOutput { return true }
    for index in stages.indices.reversed() {
      if index == 0 {
        let input = bytes.extracting(offset...)
        guard stages[0].canStep(input.count) else { continue }
        let taken = try stages[0].step(input, roomLeft(0))
        offset += taken
        received += taken
      } else {
        guard stages[index].canStep(stages[index - 1].output.count) else { continue }
        // Take the input out first: accessing two elements of the array at once violates exclusivity.
        let input = stages[index - 1].takeBuffer()
        defer { stages[index - 1].putBack(input) }
        let taken = try stages[index].step(input.span.extracting(stages[index - 1].output), roomLeft(index))
        stages[index - 1].drop(taken)
      }
      try check(index)
      return true
    }
    return false
  }

  /// One byte more than allowed, to distinguish content that fills the limit from content beyond it.
  private func roomLeft(_ index: Int) -> Int {
    guard index == stages.count - 1, let maximum = limits.maximumSize else { return .max }
    return min(max(maximum, 0), .max - 1) - stages[index].total + 1
  }

  private func check(_ index: Int) throws(ContentError) {
    let stage = stages[index]
    let coding = stage.layer.coding
    if index == stages.count - 1, let maximum = limits.maximumSize, stage.total > max(maximum, 0) {
      throw ContentError(
        .tooLarge, coding.rawValue,
        "the content is larger than \(maximum) bytes once \(coding) is decoded: raise the limit or refuse the sender")
    }
    // Checks each coding by itself: the content may be small, but an intermediate layer a bomb that costs time.
    if limits.isBomb(decoded: stage.total, received: received) {
      throw ContentError(
        .ratioTooHigh, coding.rawValue,
        "\(stage.total) bytes of \(coding) were decoded from \(received): more than \(limits.maximumRatio ?? 0) to 1 is taken for a "
          + "decompression bomb: raise `maximumDecodingRatio` if it is not")
    }
  }
}

/// Removes the content codings of one message (RFC 9110 §8.4), piece by piece, within limits.
///
/// Memory stays bounded whatever comes: each coding has its window (32 KiB for gzip and deflate, 16 MiB for brotli, 8 MiB for zstd, at
/// most) and a buffer of 16 KiB, and the limits are checked after every 16 KiB that a coding yields. Not for two threads at once.
package final class ContentDecoder {
  /// How much one call of `decode(_:at:into:)` appends at most.
  package static let pieceBytes = 64 * 1024

  /// In the order of decoding: the coding that was applied last is the first.
  private var stages: [CodingStage] = []
  private let limits: ContentLimits
  /// How many bytes of the message the first coding took.
  private var received = 0
  private var failure: ContentError?
  /// Whether the last call left something that it could have decoded.
  private var isBehind = false

  /// The codings that a `Content-Encoding` field names, in lower case and in the order in which they were applied, without `identity`.
  package static func codings(in contentEncoding: String) -> [String] { Array(ContentCoding.names(contentEncoding)) }

  /// Whether all codings that a `Content-Encoding` field names are known here.
  package static func knowsCodings(in contentEncoding: String) -> Bool {
    ContentCoding.names(contentEncoding).allSatisfy { ContentCoding(name: $0) != nil }
  }

  /// Nil when there is nothing to decode: an empty field, or `identity`.
  ///
  /// - Parameters:
  ///   - contentEncoding: the value of the `Content-Encoding` field; the values of several, joined by commas.
  ///   - limits: how much is taken.
  /// - Throws: `unsupportedCoding`, and `tooManyCodings` for more than three.
  package init?(contentEncoding: String, limits: ContentLimits = ContentLimits()) throws(ContentError) {
    let codings = try ContentCoding.list(contentEncoding)
    if codings.isEmpty { return nil }
    self.limits = limits
    for coding in codings.reversed() {
      stages.append(CodingStage(try coding.makeLayer()))
    }
  }

  /// How many bytes of content were decoded.
  package var decoded: Int { stages[stages.count - 1].total }

  /// Decodes all of `bytes`, and appends the content to `output`. That is a thousand times as much by the default limits: a caller who
  /// hands it on in pieces takes `decode(_:at:into:)`.
  package func decode(_ bytes: Span<UInt8>, into output: inout [UInt8]) throws(ContentError) {
    var offset = 0
    while try !decode(bytes, at: &offset, into: &output) {}
  }

  /// Decodes from `offset` on, moves that, and appends at most `pieceBytes` to `output`.
  ///
  /// - Returns: whether all of `bytes` is decoded; if not, call again with the same bytes and offset before anything else.
  /// - Throws: what is wrong with the content; the same again at every later call.
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

  /// Says that the message ended. Content that did not come at all is complete: there is none in an answer to HEAD, say.
  package func finish() throws(ContentError) {
    if let failure { throw failure }
    precondition(!isBehind, "finish() comes after decode(_:at:into:) returned true")
    for stage in stages where !stage.layer.isComplete {
      failure = stage.layer.coding.incomplete
      throw stage.layer.coding.incomplete
    }
  }

  /// One step of the coding nearest to the content that has something to do.
  ///
  /// - Returns: false if none has: the input is used up, and nothing is held back.
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
        // Two elements of the array at once: what is read is taken out of it first.
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

  /// One byte more than is allowed, so that content which fills the limit is told from content beyond it.
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
    // Each coding by itself: what lies between two may be a bomb of time, where the content is small again.
    if limits.isBomb(decoded: stage.total, received: received) {
      throw ContentError(
        .ratioTooHigh, coding.rawValue,
        "\(stage.total) bytes of \(coding) were decoded from \(received): more than \(limits.maximumRatio ?? 0) to 1 is taken for a "
          + "decompression bomb: raise `maximumDecodingRatio` if it is none")
    }
  }
}

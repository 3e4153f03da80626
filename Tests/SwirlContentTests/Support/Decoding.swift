import SwirlContent
import Testing

/// The outcome of decoding a message: its content so far, and the error.
struct Decoded: CustomStringConvertible {
  var content: [UInt8] = []
  var error: ContentError?

  /// Feeds the pieces one after the other, as from a connection.
  init(_ contentEncoding: String, _ pieces: [[UInt8]], limits: ContentLimits = ContentLimits(maximumSize: nil)) {
    do throws(ContentError) {
      guard let decoder = try ContentDecoder(contentEncoding: contentEncoding, limits: limits) else {
        Issue.record("nothing to decode in \(contentEncoding)")
        return
      }
      for piece in pieces { try decoder.decode(piece.span, into: &content) }
      try decoder.finish()
    } catch {
      self.error = error
    }
  }

  var description: String { "\(content.count) bytes, \(error.map(\.description) ?? "no error")" }
}

extension [UInt8] {
  var oneByOne: [[UInt8]] { map { [$0] } }

  /// Split at pseudo-random places by the seed; some pieces are empty.
  func cut(seed: UInt64) -> [[UInt8]] {
    var random = SplitMix(state: seed)
    var pieces: [[UInt8]] = []
    var rest = self[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 0...Swift.min(count, 40), using: &random))
      pieces.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}

/// Deterministic pseudo-random numbers: SplitMix64 of Steele, Lea and Flood.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Decodes whole, one byte at a time and in random pieces, and expects the same outcome.
func expectDecoded(
  _ contentEncoding: String, _ bytes: [UInt8], _ content: [UInt8]?, _ code: ContentError.Code? = nil,
  limits: ContentLimits = ContentLimits(maximumSize: nil), sourceLocation: SourceLocation = #_sourceLocation
) {
  for pieces in [[bytes], bytes.oneByOne] + (0..<5).map({ bytes.cut(seed: $0) }) {
    let decoded = Decoded(contentEncoding, pieces, limits: limits)
    #expect(decoded.error?.code == code, "\(decoded), \(pieces.count) pieces", sourceLocation: sourceLocation)
    if let content {
      // A separate variable: the test library would compare and print large arrays element by element.
      let isSame = decoded.content == content
      #expect(isSame, "\(decoded), \(pieces.count) pieces", sourceLocation: sourceLocation)
    }
  }
}

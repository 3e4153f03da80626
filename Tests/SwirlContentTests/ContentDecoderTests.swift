import SwirlContent
import Testing

@Suite struct ContentDecoderTests {
  @Test(arguments: Vector.all)
  func `What the real tools made is decoded, however it is cut`(vector: Vector) {
    expectDecoded(vector.contentEncoding, vector.bytes, vector.text)
    for seed in 5..<50 as Range<UInt64> {
      let decoded = Decoded(vector.contentEncoding, vector.bytes.cut(seed: seed))
      let isSame = decoded.error == nil && decoded.content == vector.text
      #expect(isSame, "seed \(seed): \(decoded)")
    }
  }

  @Test(arguments: Vector.all)
  func `Content that ends early is incomplete, at every byte`(vector: Vector) {
    for count in 1..<max(vector.bytes.count, 1) {
      let part = Array(vector.bytes[..<count])
      for pieces in [[part], part.oneByOne] {
        let decoded = Decoded(vector.contentEncoding, pieces)
        #expect(decoded.error?.code == .incomplete, "\(count) bytes: \(decoded)")
        #expect(decoded.error?.status == 400)
        let isBeginning = vector.text.starts(with: decoded.content)
        #expect(isBeginning)
      }
    }
  }

  @Test(arguments: Vector.all)
  func `What comes behind the end is an error`(vector: Vector) {
    let tolerated = vector.name.hasPrefix("raw") ? 5 : 1
    for garbage in ["garbage", "\r\n\r\n\r\n", "<!-- ok -->"] {
      expectDecoded(vector.contentEncoding, vector.bytes + Array(garbage.utf8), vector.text, .trailingData)
    }
    let decoded = Decoded(vector.contentEncoding, [vector.bytes + Array(repeating: 0x0A, count: tolerated)])
    let isWhole = decoded.content == vector.text
    #expect(decoded.error != nil && isWhole)
  }

  @Test(arguments: Vector.all)
  func `No byte can be changed unseen under a checksum, and nothing crashes without one`(
    vector: Vector
  ) {
    let isChecked = !["br", "raw", "Unchecked", "Sized"].contains {
      "\(vector.contentEncoding) \(vector.name)".contains($0)
    }
    for index in vector.bytes.indices {
      for change in [0x01, 0x10, 0x80, 0xFF] as [UInt8] {
        var bytes = vector.bytes
        bytes[index] ^= change
        let whole = Decoded(vector.contentEncoding, [bytes])
        let isSame = whole.content == vector.text
        #expect(!isChecked || whole.error != nil || isSame, "byte \(index)")
        let cut = Decoded(vector.contentEncoding, bytes.cut(seed: UInt64(index)))
        #expect((whole.error == nil) == (cut.error == nil), "byte \(index) ^ \(change): \(whole), \(cut)")
        let agrees = whole.content == cut.content
        #expect(whole.error != nil || agrees)
      }
    }
  }

  @Test(arguments: ["gzip", "deflate", "br", "zstd", "br, gzip", "zstd, br, deflate"])
  func `Any bytes at all are decoded or refused, the same however they are cut`(contentEncoding: String) {
    var random = SplitMix(state: 6)
    for seed in 0..<500 as Range<UInt64> {
      var bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      // After the magic bytes of each coding, so that more than the first byte is parsed.
      switch seed % 5 {
      case 0: bytes = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bytes
      case 1: bytes = [0x78, 0x9C] + bytes
      case 2: bytes = [0x28, 0xB5, 0x2F, 0xFD] + bytes
      default: break
      }
      let whole = Decoded(contentEncoding, [bytes])
      for pieces in [bytes.oneByOne, bytes.cut(seed: seed)] {
        let cut = Decoded(contentEncoding, pieces)
        #expect((whole.error == nil) == (cut.error == nil), "\(bytes): \(whole), \(cut)")
        let agrees = whole.content == cut.content
        #expect(whole.error != nil || agrees)
      }
    }
  }

  @Test(arguments: ["gzip", "deflate", "br", "zstd", "gzip, br, zstd"])
  func `No content at all is complete`(contentEncoding: String) throws {
    expectDecoded(contentEncoding, [], [])
    let decoder = try #require(try ContentDecoder(contentEncoding: contentEncoding))
    try decoder.finish()
    try decoder.finish()
    #expect(decoder.decoded == 0)
  }

  @Test(arguments: Vector.all)
  func `Empty pieces change nothing, however many`(vector: Vector) {
    let pieces = vector.bytes.flatMap { [[$0]] + Array(repeating: [], count: 40) }
    let decoded = Decoded(vector.contentEncoding, Array(repeating: [], count: 40) + pieces)
    let isSame = decoded.error == nil && decoded.content == vector.text
    #expect(isSame, "\(decoded)")
  }

  @Test func `The codings are removed in the opposite order to the field's (RFC 9110 8.4)`() {
    expectDecoded("gzip, br", Vector.gzipThenBrotli.bytes, Vector.lines)
    expectDecoded("br, gzip", Vector.gzipThenBrotli.bytes, [], .corrupt)
  }

  @Test func `A coding that got nothing from the one around it is complete`() {
    expectDecoded("br, gzip", Vector.gzipEmpty.bytes, [])
    expectDecoded("gzip, br", Vector.brotliEmpty.bytes, [])
  }

  @Test func `Content is there as soon as its bytes are, not only at the end`() throws {
    // A server of server-sent events flushes after each event.
    let decoder = try #require(try ContentDecoder(contentEncoding: "deflate"))
    var content: [UInt8] = []
    // `zlib.compressobj()`, flushed with Z_SYNC_FLUSH after "one\n".
    let bytes = [UInt8](hex: "789ccacf4be502000000ffff")
    try decoder.decode(bytes.span, into: &content)
    #expect(content == Array("one\n".utf8))
    #expect(throws: ContentError.self) { try decoder.finish() }
  }

  @Test func `One call appends a piece at most, and says whether there is more`() throws {
    let decoder = try #require(
      try ContentDecoder(contentEncoding: "br", limits: ContentLimits(maximumSize: nil, maximumRatio: nil)))
    let bytes = Vector.brotliBomb
    var offset = 0
    var total = 0
    var isDone = false
    while !isDone {
      var piece: [UInt8] = []
      isDone = try decoder.decode(bytes.span, at: &offset, into: &piece)
      total += piece.count
      guard piece.count <= ContentDecoder.pieceBytes else {
        Issue.record("a piece of \(piece.count) bytes")
        return
      }
    }
    try decoder.finish()
    #expect(total == 1 << 30 && decoder.decoded == total && offset == bytes.count)
  }

  @Test func `What was wrong is wrong at every later call`() throws {
    let decoder = try #require(try ContentDecoder(contentEncoding: "gzip"))
    let bytes = Vector.gzip.bytes
    var content: [UInt8] = []
    let garbage: [UInt8] = [1, 2, 3]
    let first = #expect(throws: ContentError.self) { try decoder.decode(garbage.span, into: &content) }
    let again = #expect(throws: ContentError.self) { try decoder.decode(bytes.span, into: &content) }
    let end = #expect(throws: ContentError.self) { try decoder.finish() }
    #expect(first?.code == .corrupt && again == first && end == first && content.isEmpty)
  }

  @Test func `Output is appended, nothing before it is touched`() throws {
    let decoder = try #require(try ContentDecoder(contentEncoding: "gzip"))
    let bytes = Vector.gzip.bytes
    var content = Array("before".utf8)
    try decoder.decode(bytes.span, into: &content)
    #expect(content == Array("before".utf8) + Vector.short)
  }
}

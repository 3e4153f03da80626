import SwirlContent
import Testing

@Suite struct ContentLimitsTests {
  @Test(arguments: Vector.all)
  func `Content may fill its limit and no more: 413 (RFC 9110 15.5.14)`(vector: Vector) throws {
    expectDecoded(
      vector.contentEncoding, vector.bytes, vector.text, limits: ContentLimits(maximumSize: vector.text.count))
    guard !vector.text.isEmpty else { return }
    for size in [vector.text.count - 1, vector.text.count / 2, 1, 0, -1] {
      expectDecoded(
        vector.contentEncoding, vector.bytes, nil, .tooLarge, limits: ContentLimits(maximumSize: size))
      let decoded = Decoded(vector.contentEncoding, [vector.bytes], limits: ContentLimits(maximumSize: size))
      let isBeginning = vector.text.starts(with: decoded.content)
      #expect(decoded.content.count <= max(size, 0) && isBeginning)
      #expect(decoded.error?.status == 413)
    }
  }

  /// Content that decodes to zeros, 1 GiB in all cases but one. The type hides its bytes, because the test library
  /// would print them one by one.
  struct Bomb: Sendable, CustomTestStringConvertible {
    let contentEncoding: String
    let bytes: [UInt8]
    var testDescription: String { contentEncoding }
  }

  private static let members = Array(repeatElement(Made.gzip(Made.zeros(1 << 20)), count: 1024).joined())

  static let bombs = [
    Bomb(contentEncoding: "br", bytes: Vector.brotliBomb),
    Bomb(contentEncoding: "zstd", bytes: Made.zstd(zeros: 1 << 30)),
    Bomb(contentEncoding: "gzip", bytes: members),
    Bomb(contentEncoding: "deflate", bytes: Made.zlib(Made.zeros(1 << 26))),
    Bomb(contentEncoding: "gzip, gzip", bytes: Made.gzip(members)),
    Bomb(contentEncoding: "br, gzip", bytes: Made.gzip(Vector.brotliBomb)),
  ]

  /// Less than gzip's maximum ratio, from a mebibyte.
  private static var narrow: ContentLimits {
    var limits = ContentLimits(maximumSize: nil, maximumRatio: 1_000)
    limits.ratioFloor = 1 << 20
    return limits
  }

  @Test(arguments: bombs.filter { $0.contentEncoding != "gzip" && $0.contentEncoding != "deflate" })
  func `A bomb of more than gzip can do is refused by default`(bomb: Bomb) {
    let decoded = Decoded(bomb.contentEncoding, [bomb.bytes])
    #expect(decoded.error?.code == .ratioTooHigh, "\(decoded)")
    #expect(decoded.content.count <= 17 << 20)
  }

  @Test(arguments: ["gzip", "deflate", "zstd"])
  func `Eight mebibytes of zeros are no bomb`(coding: String) {
    let zeros = Made.zeros(8 << 20)
    let bytes =
      switch coding {
      case "gzip": Made.gzip(zeros)
      case "deflate": Made.zlib(zeros)
      default: Made.zstd(zeros: zeros.count)
      }
    let decoded = Decoded(coding, [bytes])
    let isSame = decoded.error == nil && decoded.content == zeros
    #expect(isSame, "\(String(describing: decoded.error))")
  }

  @Test func `No gzip is refused by its ratio, however large`() {
    let decoded = Decoded("gzip", [Made.gzip(Made.zeros(40 << 20))])
    #expect(decoded.error == nil && decoded.content.count == 40 << 20)
  }

  @Test(arguments: bombs)
  func `A bomb is refused by its ratio before it has grown`(bomb: Bomb) {
    for pieces in [[bomb.bytes], Array(bomb.bytes.prefix(4_000)).oneByOne] {
      let decoded = Decoded(bomb.contentEncoding, pieces, limits: Self.narrow)
      #expect(decoded.error?.code == .ratioTooHigh, "\(decoded)")
      #expect(decoded.content.count <= 2 << 20)
    }
  }

  @Test(arguments: bombs)
  func `A bomb is refused by the size limit before it has grown`(bomb: Bomb) {
    let limits = ContentLimits(maximumSize: 100_000, maximumRatio: nil)
    let decoded = Decoded(bomb.contentEncoding, [bomb.bytes], limits: limits)
    #expect(decoded.error?.code == .tooLarge, "\(decoded)")
    #expect(decoded.content.count <= 100_000)
  }

  @Test func `A bomb between two codings is refused, though the content is small`() {
    // Empty frames, more than a mebibyte of them.
    let empty: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0]
    let frames = Array(repeatElement(empty, count: 150_000).joined())
    expectDecoded("zstd, deflate", Made.zlib(Array(frames.prefix(90_000))), [])
    let small = Made.zlib(Made.zlib(frames))
    let decoded = Decoded("zstd, deflate, deflate", [small], limits: Self.narrow)
    #expect(decoded.error?.code == .ratioTooHigh && decoded.content.isEmpty, "\(decoded)")
  }

  @Test func `The ratio counts once more than 16 mebibytes were decoded`() {
    let floor = ContentLimits().ratioFloor
    #expect(floor == 16 << 20)
    #expect(Decoded("zstd", [Made.zstd(zeros: floor)]).error == nil)
    #expect(Decoded("zstd", [Made.zstd(zeros: floor + 1)]).error?.code == .ratioTooHigh)
  }

  @Test func `A ratio is met exactly, and passed by one`() {
    // A frame of 10 bytes.
    for (size, code) in [(10_000, nil), (10_001, ContentError.Code.ratioTooHigh)] {
      var limits = ContentLimits(maximumSize: nil, maximumRatio: 1_000)
      limits.ratioFloor = 0
      expectDecoded("zstd", Made.zstd(zeros: size), nil, code, limits: limits)
    }
  }

  @Test(arguments: [Int.max, 1, 0, -1])
  func `No ratio overflows`(ratio: Int) {
    var limits = ContentLimits(maximumSize: .max, maximumRatio: ratio)
    limits.ratioFloor = -1
    expectDecoded("gzip", Vector.gzip.bytes, nil, ratio == .max ? nil : .ratioTooHigh, limits: limits)
  }

  @Test func `Text that repeats itself is no bomb`() {
    let text = Array(
      repeatElement(Array(#"{"id":1,"name":"","tags":[],"active":false},"#.utf8), count: 50_000).joined())
    let rows = (0..<60_000).flatMap { Array("{\"id\":\($0),\"active\":false},\n".utf8) }
    for content in [text, rows] {
      let decoded = Decoded("deflate", [Made.zlib(content)])
      let isSame = decoded.error == nil && decoded.content == content
      #expect(isSame)
    }
  }
}

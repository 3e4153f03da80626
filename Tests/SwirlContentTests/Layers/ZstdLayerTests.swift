import SwirlContent
import Testing

@Suite struct ZstdLayerTests {
  /// A skippable frame (RFC 8878 3.1.2).
  private let skippable: [UInt8] = [0x5E, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]

  @Test func `Frames follow each other (RFC 8878 3)`() {
    expectDecoded("zstd", Vector.zstd.bytes + Vector.zstdSized.bytes, Vector.short + Vector.short)
    expectDecoded(
      "zstd", Vector.zstdEmpty.bytes + Vector.zstdLines.bytes + Vector.zstdUnchecked.bytes, Vector.lines + Vector.short)
    let many = Array(repeatElement(Vector.zstd.bytes, count: 200).joined())
    expectDecoded("zstd", many, Array(repeatElement(Vector.short, count: 200).joined()))
  }

  @Test func `Skippable frames are skipped`() {
    expectDecoded("zstd", skippable + Vector.zstd.bytes + skippable, Vector.short)
    expectDecoded("zstd", skippable, [])
    expectDecoded("zstd", [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0] + Vector.zstd.bytes, Vector.short)
    for count in 1..<skippable.count {
      expectDecoded("zstd", Vector.zstd.bytes + skippable.prefix(count), Vector.short, .incomplete)
    }
  }

  @Test func `A frame that ends early is incomplete, also the second`() {
    for count in 1..<Vector.zstd.bytes.count {
      expectDecoded("zstd", Vector.zstd.bytes + Vector.zstd.bytes.prefix(count), nil, .incomplete)
    }
  }

  @Test func `A wrong checksum is seen`() {
    var bytes = Vector.zstd.bytes
    bytes[bytes.count - 1] ^= 1
    expectDecoded("zstd", bytes, nil, .corrupt)
  }

  @Test(arguments: [0, 1, 16_384, 131_072, 131_073, 1_000_000])
  func `Content of any size comes whole`(size: Int) {
    let bytes = Made.zstd(zeros: size)
    for pieces in [[bytes], bytes.oneByOne] {
      let isSame = Decoded("zstd", pieces).content == Made.zeros(size)
      #expect(isSame)
    }
  }
}

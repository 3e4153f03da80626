import SwirlContent
import Testing

@Suite struct InflateLayerTests {
  private let member = Vector.gzip.bytes

  @Test func `gzip members follow each other (RFC 1952 2.2)`() {
    expectDecoded("gzip", member + member, Vector.short + Vector.short)
    expectDecoded(
      "gzip", member + Vector.gzipEmpty.bytes + Vector.gzipNamed.bytes + Vector.gzipLines.bytes,
      Vector.short + Vector.short + Vector.lines)
  }

  @Test func `A member that ends early is incomplete, also the second`() {
    for count in 1..<member.count {
      expectDecoded("gzip", member + member.prefix(count), nil, .incomplete)
    }
  }

  @Test func `Zeros behind the last member are padding, and nothing follows them`() {
    expectDecoded("gzip", member + [0], Vector.short)
    expectDecoded("gzip", member + Made.zeros(1_000), Vector.short)
    expectDecoded("gzip", member + [0] + member, Vector.short, .trailingData)
    expectDecoded("gzip", member + [0, 1], Vector.short, .trailingData)
  }

  @Test func `Behind a member only another may come`() {
    expectDecoded("gzip", member + [0x1F, 0x8C], Vector.short, .corrupt)
    expectDecoded("gzip", member + [0x8B], Vector.short, .trailingData)
  }

  @Test func `gzip is gzip alone, deflate is not`() {
    expectDecoded("gzip", Vector.zlib.bytes, [], .corrupt)
    expectDecoded("gzip", Vector.rawDeflate.bytes, [], .corrupt)
    #expect(Decoded("deflate", [Vector.gzip.bytes]).error != nil)
  }

  @Test(arguments: [Vector.zlib, .rawDeflate, .rawDeflateStored, .zlibLines, .rawDeflateLines])
  func `deflate is taken with its zlib wrapper and without (RFC 9110 8.4.1.2)`(vector: Vector) {
    expectDecoded("deflate", vector.bytes, vector.text)
  }

  @Test(arguments: 0...9 as ClosedRange<Int32>)
  func `deflate without its wrapper is recognised by its first byte, at every level`(level: Int32) {
    let contents = [[], [0], Vector.short, Vector.lines, (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }]
    for content in contents {
      let wrapped = Made.zlib(content, level: level)
      #expect(Decoded("deflate", [wrapped]).content == content)
      let bare = Decoded("deflate", [Array(wrapped.dropFirst(2).dropLast(4))])
      #expect(bare.error == nil && bare.content == content)
    }
  }

  @Test func `Four bytes of checksum may follow deflate without its wrapper`() {
    let raw = Vector.rawDeflate.bytes
    expectDecoded("deflate", Array(Vector.zlib.bytes.dropFirst(2)), Vector.short)
    expectDecoded("deflate", raw + [1, 2, 3, 4], Vector.short)
    expectDecoded("deflate", raw + [1, 2, 3, 4, 5], Vector.short, .trailingData)
    expectDecoded("deflate", Vector.zlib.bytes + [0], Vector.short, .trailingData)
  }

  @Test func `A wrong checksum or length is seen`() {
    for offset in 1...8 {
      var bytes = member
      bytes[bytes.count - offset] ^= 1
      expectDecoded("gzip", bytes, nil, .corrupt)
    }
    var bytes = Vector.zlib.bytes
    bytes[bytes.count - 1] ^= 1
    expectDecoded("deflate", bytes, nil, .corrupt)
  }

  @Test func `A preset dictionary is refused`() {
    // The flag in the zlib header, and the dictionary's checksum.
    expectDecoded("deflate", [0x78, 0xBB, 1, 2, 3, 4, 5, 6], [], .corrupt)
  }
}

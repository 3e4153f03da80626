import SwirlContent
import Testing

@Suite struct ZstdFrameHeaderTests {
  private let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  /// The last block, raw and empty.
  private let end: [UInt8] = [1, 0, 0]

  @Test(
    arguments: [(0x00, nil), (0x68, nil), (0x69, .windowTooLarge), (0x70, .windowTooLarge), (0xFF, .windowTooLarge)]
      as [(UInt8, ContentError.Code?)])
  func `A window is 8 MiB at most (RFC 9659 3)`(descriptor: UInt8, code: ContentError.Code?) {
    expectDecoded("zstd", magic + [0, descriptor] + end, [], code)
  }

  @Test func `A size is a window where the frame is one segment (RFC 8878 3.1.1.1.2)`() {
    let size: [UInt8] = [0, 0, 0x80, 0, 0, 0, 0, 0]
    expectDecoded("zstd", magic + [0xE0] + size, [], .incomplete)
    expectDecoded("zstd", magic + [0xE0, 1] + size.dropFirst(), [], .windowTooLarge)
    expectDecoded("zstd", magic + [0xE0] + Array(repeating: 0xFF, count: 8), [], .windowTooLarge)
    expectDecoded("zstd", magic + [0xA0, 0, 0, 0x80, 0], [], .incomplete)
    expectDecoded("zstd", magic + [0xA0, 1, 0, 0x80, 0], [], .windowTooLarge)
  }

  @Test func `zstd --long is more than HTTP allows`() throws {
    // `printf 'hello, hello, hello' | zstd --ultra -22 --long=27`
    let bytes = [UInt8](hex: "28b52ffd04886d00003868656c6c6f2c200100e28a1175f3988e")
    expectDecoded("zstd", bytes, [], .windowTooLarge)
  }

  @Test func `A dictionary is refused, unless it is empty`() {
    expectDecoded("zstd", magic + [0x01, 0, 7] + end, [], .corrupt)
    expectDecoded("zstd", magic + [0x02, 0, 0, 7] + end, [], .corrupt)
    expectDecoded("zstd", magic + [0x03, 0, 0, 0, 0, 7] + end, [], .corrupt)
    expectDecoded("zstd", magic + [0x03, 0, 0, 0, 0, 0] + end, [])
  }

  @Test(arguments: [0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x1E, 0x29] as [UInt8])
  func `Formats older than the RFC are refused`(version: UInt8) {
    expectDecoded("zstd", [version, 0xB5, 0x2F, 0xFD, 0, 0] + end, [], .corrupt)
  }

  @Test func `A reserved bit is refused (RFC 8878 3.1.1.1.1)`() {
    expectDecoded("zstd", magic + [0x08, 0] + end, [], .corrupt)
  }
}

import SwirlContent
import Testing

@Suite struct BrotliLayerTests {
  @Test func `A large window is not HTTP's brotli (RFC 7932 9.1)`() {
    // `printf 'hello, hello, hello' | brotli --large_window=30`
    expectDecoded("br", [UInt8](hex: "115e4800e03752ba79132548195ab2b1bc453c91808e03"), [], .corrupt)
  }

  @Test func `Streams do not follow each other`() {
    expectDecoded("br", Vector.brotli.bytes + Vector.brotli.bytes, Vector.short, .trailingData)
    expectDecoded("br", Vector.brotliEmpty.bytes + [0], [], .trailingData)
  }
}

import SwirlContent
import Testing

@Suite struct ContentErrorTests {
  @Test(arguments: [
    ("gzip", [UInt8]("not gzip".utf8), "the content is not valid gzip: incorrect header check; ask for it again"),
    ("zstd", [UInt8]("not zstd".utf8), "the content is not valid zstd: a frame does not begin with"),
    ("br", [0x1F, 0x2A], "the br content ended before it was complete: ask for it again"),
    ("br", Vector.brotli.bytes + [1], "bytes follow the end of the br content: the sender's framing"),
  ])
  func `An error names the coding, what is wrong and what to do`(coding: String, bytes: [UInt8], words: String) {
    let error = Decoded(coding, [bytes]).error
    #expect(error?.coding == coding)
    #expect(error?.description.hasPrefix(words) == true, "\(error?.description ?? "none")")
    #expect(error?.description.hasSuffix("[\(error?.code.description ?? "")]") == true)
  }
}

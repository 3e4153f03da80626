import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct ChunkSerializerTests {
  @Test(
    "Chunks have their size in hexadecimal before them (RFC 9112 §7.1)",
    arguments: [1, 9, 10, 15, 16, 255, 256, 4_096, 65_537])
  func chunks(size: Int) {
    let content = [UInt8](repeating: 120, count: size)
    let chunk = serialized { ChunkSerializer.appendChunk(content.span, to: &$0) }
    let digits = String(size, radix: 16, uppercase: true)
    #expect(chunk == digits + "\r\n" + String(repeating: "x", count: size) + "\r\n")
    #expect(serialized { ChunkSerializer.appendSize(size, to: &$0) } == digits + "\r\n")
  }

  @Test("No content is no chunk: an empty one would end it")
  func empty() {
    let nothing: [UInt8] = []
    #expect(serialized { ChunkSerializer.appendChunk(nothing.span, to: &$0) } == "")
  }

  @Test("The end is an empty chunk, the trailers and an empty line (RFC 9112 §7.1.2)")
  func end() throws {
    #expect(try serialized { try ChunkSerializer.appendEnd(to: &$0) } == "0\r\n\r\n")
    let trailers: HTTPFields = [HTTPField.Name("X-Sum")!: "1"]
    #expect(try serialized { try ChunkSerializer.appendEnd(trailers: trailers, to: &$0) } == "0\r\nX-Sum: 1\r\n\r\n")
  }

  @Test("What can't be a trailer field is refused (RFC 9110 §6.5.1)", arguments: ["Content-Length", "HOST", "Trailer"])
  func badTrailers(name: String) {
    let trailers: HTTPFields = [HTTPField.Name("A")!: "b", HTTPField.Name(name)!: "1"]
    expectRefused(.invalidOutput) { try ChunkSerializer.appendEnd(trailers: trailers, to: &$0) }
  }

  @Test("What the serializers write, the parsers read")
  func roundTrip() throws {
    var output: [UInt8] = []
    try RequestSerializer().appendHead(.post, target: "/x", host: "h", framing: .chunked, to: &output)
    for part in ["Hello, ", "world"] {
      let content = Array(part.utf8)
      ChunkSerializer.appendChunk(content.span, to: &output)
    }
    try ChunkSerializer.appendEnd(trailers: [HTTPField.Name("T")!: "v"], to: &output)
    expectRequests(
      String(decoding: output, as: UTF8.self), ["head POST /x chunked", "data Hello, world", "end T=v"])
    output = []
    try ResponseSerializer().appendHead(200, framing: .contentLength(2), to: &output)
    output += Array("hi".utf8)
    expectResponses(String(decoding: output, as: UTF8.self), ["head 200 contentLength(2)", "data hi", "end"])
  }
}

import SwirlHTTPCore
import Testing

@Suite struct ChunkReaderTests {
  private let head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

  @Test(
    "A chunk's size is 1 to 16 hexadecimal digits, then perhaps extensions (RFC 9112 §7.1)",
    arguments: [
      ("3", true), ("0003", true), ("0000000000000003", true), ("3;a", true), ("3;a=b", true), ("3;a=\"b c\";d", true),
      ("3 ; a = b", true), ("3\t;a", true), ("3;a=\"\\\"\"", true), ("3;a=\"\u{e9}\"", true),
      ("", false), ("+3", false), ("-3", false), (" 3", false), ("3 ", false), ("0x3", false), ("3g", false),
      ("g", false),
      ("00000000000000003", false), ("8000000000000003", false), ("ffffffffffffffff", false),
      ("10000000000000003", false),
      ("3;", false), ("3; ", false), ("3;=b", false), ("3;a=", false), ("3;a=\"b", false), ("3;a=\"b\\", false),
      ("3;a b", false),
      ("3;a=\"b\"c", false), ("3,a", false), ("3\n", false), ("3\r", false), ("3;a\0", false), ("3.", false),
    ])
  func size(line: String, isValid: Bool) {
    expectRequests(
      head + line + "\r\nabc\r\n0\r\n\r\n",
      ["head PUT / chunked"] + (isValid ? ["data abc", "end"] : ["error badChunk 400"]))
  }

  @Test("Sizes are hexadecimal, in either case")
  func hexadecimal() {
    for size in ["1a", "1A"] {
      let content = String(repeating: "x", count: 26)
      expectRequests(
        head + size + "\r\n\(content)\r\n0\r\n\r\n", ["head PUT / chunked", "data \(content)", "end"])
    }
  }

  @Test("A size line ends with CRLF, not with a line feed (RFC 9112 §2.2)")
  func bareLineFeed() {
    expectRequests(head + "3\nabc\r\n0\r\n\r\n", ["head PUT / chunked", "error badChunk 400"])
    expectRequests(head + "3\r\nabc\r\n0\n\r\n", ["head PUT / chunked", "data abc", "error badChunk 400"])
  }

  @Test(
    "CRLF follows a chunk's data (RFC 9112 §7.1)", arguments: ["abc\n", "abcd\r\n", "abc\rx", "abc0\r\n", "abc\r\r\n"])
  func afterData(data: String) {
    expectRequests(head + "3\r\n" + data + "0\r\n\r\n", ["head PUT / chunked", "data abc", "error badChunk 400"])
  }

  @Test("The last chunk's size may be written with more zeros")
  func zeros() {
    expectRequests(head + "000\r\n\r\n", ["head PUT / chunked", "end"])
    expectRequests(head + "0;a=b\r\n\r\n", ["head PUT / chunked", "end"])
  }

  @Test("Trailers come with the end (RFC 9112 §7.1.2)")
  func trailers() {
    expectRequests(head + "0\r\nA: b\r\nC:  d \r\n\r\n", ["head PUT / chunked", "end A=b C=d"])
  }

  @Test(
    "Framing and routing fields in trailers are refused (RFC 9110 §6.5.1)",
    arguments: [
      "Content-Length: 3", "TRANSFER-ENCODING: chunked", "Host: y",
    ])
  func refusedTrailers(field: String) {
    expectRequests(head + "0\r\n\(field)\r\n\r\n", ["head PUT / chunked", "error badFraming 400"])
  }

  @Test(
    "Fields that must be known before the content are dropped from trailers (RFC 9110 §6.5.1)",
    arguments: [
      "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Range", "Content-Type", "Cookie",
      "Expect",
      "Keep-Alive", "Max-Forwards", "Proxy-Authenticate", "Proxy-Authorization", "Range", "Set-Cookie", "TE", "Trailer",
      "Upgrade", "WWW-Authenticate",
    ])
  func droppedTrailers(name: String) {
    expectRequests(head + "0\r\n\(name): x\r\nA: b\r\n\r\n", ["head PUT / chunked", "end A=b"])
    expectRequests(head + "0\r\n\(name): x\r\n\r\n", ["head PUT / chunked", "end"])
  }
}

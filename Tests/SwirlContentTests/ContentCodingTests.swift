import SwirlContent
import Testing

@Suite struct ContentCodingTests {
  @Test(
    arguments: ["gzip", "GZip", "x-gzip", " gzip\t", "identity, gzip", "gzip,identity", ",gzip,,", "gzip ,", "X-GZIP"])
  func `Content-Encoding is a list without regard to case, and x-gzip is gzip (RFC 9110 8.4.1)`(field: String) {
    expectDecoded(field, Vector.gzip.bytes, Vector.short)
  }

  @Test(arguments: ["", " ", "identity", "Identity , identity", ",", ", ,"])
  func `Nothing to decode is no decoder`(field: String) throws {
    #expect(try ContentDecoder(contentEncoding: field) == nil)
  }

  @Test(arguments: [
    "compress", "x-compress", "gzip, lzma", "gz", "gzip;q=1", "aes128gcm", "gzip deflate", "br\0", "x-br",
  ])
  func `An unknown coding is refused by name: 415 (RFC 9110 8.4)`(field: String) throws {
    let error = try #require(throws: ContentError.self) { try ContentDecoder(contentEncoding: field) }
    #expect(error.code == .unsupportedCoding && error.status == 415)
    #expect(error.description.contains("is not known"))
  }

  @Test(arguments: [
    ("gzip", ["gzip"], true), ("X-GZip,\tidentity,, BR", ["x-gzip", "br"], true), ("", [], true),
    ("utf-8", ["utf-8"], false),
    ("aws-chunked, gzip", ["aws-chunked", "gzip"], false), ("gzip,none", ["gzip", "none"], false),
  ])
  func `The codings of a field are named in order, and asked whether all are known`(
    field: String, names: [String], isKnown: Bool
  ) {
    #expect(ContentDecoder.codings(in: field) == names)
    #expect(ContentDecoder.knowsCodings(in: field) == isKnown)
  }

  @Test func `A coding's name is cut and escaped in the message, since a peer chose it`() throws {
    let name = "\u{1B}[2J" + String(repeating: "x", count: 1_000_000)
    let error = try #require(throws: ContentError.self) { try ContentDecoder(contentEncoding: name) }
    #expect(!error.description.contains("\u{1B}"))
    #expect(error.description.count < 200)
  }

  @Test func `Three codings may be one in the other, and no more`() throws {
    let twice = Made.gzip(Made.gzip(Vector.gzip.bytes))
    expectDecoded("gzip, gzip, gzip", twice, Vector.short)
    let error = try #require(throws: ContentError.self) {
      try ContentDecoder(contentEncoding: "gzip, identity, gzip, gzip, gzip")
    }
    #expect(error.code == .tooManyCodings)
    #expect(throws: ContentError.self) {
      try ContentDecoder(contentEncoding: String(repeating: "gzip,", count: 100_000))
    }
  }
}

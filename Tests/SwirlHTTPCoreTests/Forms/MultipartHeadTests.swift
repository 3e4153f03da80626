import Testing

@testable import SwirlHTTPCore

/// Fields are octets (RFC 9110 §5.5): what a reader of bytes sees, and nothing that only characters of Unicode make.
@Suite struct MultipartHeadTests {
  private func head(_ disposition: String) throws -> MultipartHead {
    try MultipartHead("Content-Disposition: form-data; \(disposition)")
  }

  @Test(
    arguments: [
      // A mark behind a quote (U+0600, U+0308) makes one character of both.
      ("name=\"a\u{600}\"; filename=\"x\u{600}\"", "a\u{600}", "x\u{600}"),
      ("name=a; filename=\"x\u{6DD}\"", "a", "x\u{6DD}"),
      ("name=a; filename=\"\u{308}x.txt\"", "a", "\u{308}x.txt"),
      // A Greek question mark equals a semicolon.
      ("name=a\u{37E}filename=evil.php", "a\u{37E}filename=evil.php", nil),
      ("name=\"a\u{600}\"; x=\";filename=evil.php;y=z\u{600}\"", "a\u{600}", nil),
      ("name=\"%22a%0d%0A%\"; filename=\"100%22%2\"", "\"a\r\n%", "100\"%2"),
      ("NAME=\"a\\\"b\\\\c\"; FileName=\"C:\\dir\\f\"", "a\"b\\c", "C:\\dir\\f"),
    ] as [(String, String, String?)])
  func `Names are compared by scalars`(disposition: String, name: String, fileName: String?) throws {
    let head = try head(disposition)
    #expect(Array(head.name.utf8) == Array(name.utf8))
    #expect(head.fileName.map { Array($0.utf8) } == fileName.map { Array($0.utf8) })
  }

  @Test(arguments: ["name", "name=a; filename=\"x", "na\u{308}me=a", "name=\"a\"b", "name=a; name=b", "na me=a"])
  func `What is malformed is refused`(disposition: String) {
    #expect(throws: MultipartError.self) { try head(disposition) }
  }

  @Test(arguments: [
    "multipart/form-data\u{37E} boundary=B", "multipart/form-data;boundary=\"B\u{600}\"", "multipart/form-data",
  ])
  func `A boundary is named by bytes`(type: String) {
    #expect(throws: MultipartError.self) { try MultipartHead.boundary(of: type) }
  }

  @Test func `A name of many bytes is read in one pass`() throws {
    let name = String(repeating: "a%22", count: 2000)
    #expect(try head("name=\"\(name)\"").name.utf8.count == 4000)
  }
}

import SwirlHTTPCore
import Testing

@Suite struct FormTests {
  private let form = MultipartForm(token: "1f")

  private func head(_ name: String, fileName: String? = nil, contentType: String? = nil) -> String {
    String(decoding: form.head(name: name, fileName: fileName, contentType: contentType), as: UTF8.self)
  }

  @Test func `a part begins with its name, its file name and its type`() {
    #expect(
      head("photo", fileName: "a b.png", contentType: "image/png")
        == "--swirl-1f\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a b.png\"\r\n"
        + "Content-Type: image/png\r\n\r\n")
    #expect(head("a") == "--swirl-1f\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n")
    #expect(form.contentType == "multipart/form-data; boundary=swirl-1f")
    #expect(String(decoding: form.end, as: UTF8.self) == "--swirl-1f--\r\n")
  }

  // HTML standard, "multipart/form-data encoding algorithm": these three characters and no others.
  @Test(arguments: [
    ("\"", "%22"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%"), ("é", "é"), ("\\", "\\"), ("\r\n", "%0D%0A"),
  ])
  func `a name cannot end its quotes or its line`(text: String, encoded: String) {
    #expect(head("a\(text)b") == "--swirl-1f\r\nContent-Disposition: form-data; name=\"a\(encoded)b\"\r\n\r\n")
    #expect(head("f", fileName: text).contains("; filename=\"\(encoded)\"\r\n"))
  }

  @Test(arguments: ["text/plain\r\nX-Injected: 1", "text/\nplain", "a\u{0}b"])
  func `a type that is no valid field value is left out`(type: String) {
    #expect(head("a", contentType: type) == head("a"))
  }

  // WHATWG URL standard, "application/x-www-form-urlencoded serializing".
  @Test(arguments: [("a b", "a+b"), ("a+b", "a%2Bb"), ("*-._~", "*-._%7E"), ("é&=", "%C3%A9%26%3D"), ("", "")])
  func `a form's text is encoded byte by byte`(text: String, encoded: String) {
    #expect(text.formEncoded == encoded)
  }
}

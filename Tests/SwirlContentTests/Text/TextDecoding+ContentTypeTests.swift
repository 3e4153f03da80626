import SwirlContent
import Testing

@Suite struct TextDecodingContentTypeTests {
  @Test(arguments: [
    ("text/html; charset=utf-8", "utf-8"), ("text/html;charset=UTF-8", "UTF-8"),
    ("text/html; Charset=\"utf-8\"", "utf-8"),
    ("text/html;\tcharset=utf-8 ", "utf-8"), ("text/html; a=b; charset=x", "x"), ("text/html; a; charset=x", "x"),
    ("text/html;;; charset=x;", "x"), ("text/html; charset=x; charset=y", "x"), ("text/html; charset=; charset=y", "y"),
    ("text/html; a=\"; charset=wrong\"; charset=right", "right"),
    ("text/html; a=\"\\\"; charset=wrong\"; charset=right", "right"),
    ("text/html; charset=\"a\\b\\\"c\"", "ab\"c"), ("text/html; charset=\"open", "open"),
    ("text/html; charset=\"x\"junk; charset=y", "x"), ("text/html; charset='x'", "'x'"), ("; charset=x", "x"),
    ("charset=x", nil), ("text/html", nil), ("", nil), ("text/html; charset", nil), ("text/html; charset=", nil),
    ("text/html; charset=\"\"", nil), ("text/html; charset =x", nil), ("text/html; xcharset=y", nil),
    ("text/html; charsets=y", nil), ("text/html; a=\"charset=x", nil), ("text/html; charset=\"\\", "\\"),
    ("text/html; charset= utf-8", "utf-8"), ("text/html, charset=x", nil),
  ])
  func `The charset parameter is found as RFC 9110 8.3.1 has it`(field: String, charset: String?) {
    #expect(TextDecoding.charset(ofContentType: field) == charset)
  }

  @Test func `A long field is read once`() {
    let field = "text/html" + String(repeating: ";a=\"\\\"\"", count: 100_000) + ";charset=x"
    #expect(TextDecoding.charset(ofContentType: field) == "x")
  }
}

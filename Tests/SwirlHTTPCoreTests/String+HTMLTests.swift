import SwirlHTTPCore
import Testing

@Suite struct StringHTMLTests {
  @Test(arguments: [
    ("", ""), ("plain ä \u{1F600}", "plain ä \u{1F600}"), ("&amp;", "&amp;amp;"), ("a\0b", "a\0b"),
    ("<img src=x onerror=\"a('b')\">", "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;"),
    // A combining mark behind it makes another character of a quotation mark, and no other byte.
    ("\"\u{301}>\u{338}", "&quot;\u{301}&gt;\u{338}"),
  ])
  func `text becomes markup that shows it`(_ text: String, _ markup: String) {
    #expect(text.htmlEscaped.utf8.elementsEqual(markup.utf8))
    #expect(("x" + text).dropFirst().htmlEscaped.utf8.elementsEqual(markup.utf8))
  }
}

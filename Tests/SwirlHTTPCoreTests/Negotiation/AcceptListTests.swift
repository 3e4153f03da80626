import Testing

@testable import SwirlHTTPCore

@Suite struct AcceptListTests {
  private static let offers = ["text/html", "application/json", "image/webp"]

  @Test(arguments: [
    ("", "text/html"), ("*/*", "text/html"), ("application/json", "application/json"),
    ("application/json, text/html", "text/html"), ("application/json, text/html;q=0.9", "application/json"),
    ("text/*;q=0.5, application/json;q=0.4", "text/html"), ("TEXT/HTML", "text/html"),
    ("text/html;q=0, */*", "application/json"), ("text/html; q=0.0, */*;q=0.1", "application/json"),
    ("image/png", nil), ("*/*;q=0", nil), ("text/html;q=0", nil), ("text/*;q=0, text/html", "text/html"),
    ("image/*, */*;q=0.1", "image/webp"), ("text/html;level=1, application/json;q=0.3", "application/json"),
    // A browser's, and jQuery's.
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "text/html"),
    ("application/json, text/javascript, */*; q=0.01", "application/json"),
    // What is malformed is ignored.
    ("text, application/json", "application/json"), ("*/html, application/json", "application/json"),
    ("text/html;q=2, application/json;q=0.1", "application/json"),
    ("text/html;q=, application/json", "application/json"),
    ("text/html;q=0.1234, application/json;q=0.1", "application/json"), (", ,", "text/html"), ("junk", "text/html"),
    ("text/html;x=\"a,b;q=0\", application/json;q=0.5", "application/json"),
    ("application/json;q=1.000, text/html;q=0.999", "application/json"), ("text/html;q=1.001", "text/html"),
    ("text/html;q=0.5;ext=1, application/json;q=0.4", "text/html"), ("text/html;q=-1, */*;q=0.1", "text/html"),
  ])
  func `the client's preference comes first, then the server's_RFC9110_12_5_1`(
    _ field: String, _ best: String?
  ) {
    #expect(AcceptList(field).best(of: Self.offers) == best)
  }

  @Test func `a more exact range comes before others, whatever its weight`() {
    // The example of RFC 9110 §12.5.1.
    let list = AcceptList(
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5")
    let expected = [
      ("text/plain;format=flowed", 1000), ("text/plain", 700), ("text/html", 300), ("image/jpeg", 500),
      ("text/plain;format=fixed", 400), ("text/html;level=3", 300), ("text/plain; Format=\"FLOWED\"", 1000),
    ]
    for (type, weight) in expected { #expect(list.weight(of: type) == weight, "\(type)") }
  }

  @Test func `without offers there is no best`() {
    #expect(AcceptList("*/*").best(of: []) == nil)
    #expect(AcceptList("").best(of: ["junk"]) == "junk")
  }
}

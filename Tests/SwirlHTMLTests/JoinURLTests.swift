import SwirlHTML
import Testing

@Suite struct JoinURLTests {
  /// A few examples of RFC 3986 §5.4 through the public API; URLReferenceTests has all of them.
  @Test(arguments: [
    ("g:h", "g:h"), ("../g", "http://a/b/g"), ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"),
    ("", "http://a/b/c/d;p?q"),
    ("g#s", "http://a/b/c/g#s"),
  ])
  func `references are joined as the URL standard joins them`(reference: String, url: String) {
    #expect(joinURL("http://a/b/c/d;p?q", reference) == url)
    // Unlike a redirect's target, the result does not inherit the fragment of the base.
    #expect(joinURL("http://a/b/c/d;p?q#here", reference) == url)
  }

  @Test(arguments: [
    ("http://a/b#c", "http://a/b"), ("http://a/b#", "http://a/b"), ("http://a/b?c#d#e", "http://a/b?c"), ("#x", ""),
    ("", ""), ("http://a", "http://a"),
  ])
  func `the fragment is all from the first hash`(url: String, rest: String) { #expect(defragmentURL(url) == rest) }

  @Test(arguments: [
    ("HTTP://Example.ORG:80/A?b#c", "http://example.org/A?b"), ("https://a:443", "https://a/"),
    ("http://a:8080?q", "http://a:8080/?q"),
    ("http://[::1]:80/", "http://[::1]/"), ("http://a/\u{E4}", "http://a/%C3%A4"),
  ])
  func `URLs that mean the same are one`(url: String, normal: String) { #expect(normalizeURL(url) == normal) }

  @Test(arguments: [
    "", "a", "/a", "ftp://a/", "http:", "http://", "http://a b/", "http://[x/", "http://a:99999/", "http+unix://a/",
    "http://u:p@a/",
  ])
  func `what is no URL of the web has no normal form`(url: String) {
    #expect(normalizeURL(url) == nil)
    #expect(originOfURL(url) == nil)
  }

  @Test func `an origin is scheme, host and port`() {
    #expect(originOfURL("https://Example.org/a/b") == "https://example.org")
    #expect(originOfURL("http://example.org:81") == "http://example.org:81")
  }
}

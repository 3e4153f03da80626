import Testing

@testable import SwirlHTTPCore

@Suite struct URLReferenceTests {
  /// The examples of RFC 3986 §5.4, against `http://a/b/c/d;p?q`.
  @Test(arguments: [
    ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"),
    ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"),
    ("g;x", "http://a/b/c/g;x"),
    ("g;x?y#s", "http://a/b/c/g;x?y#s"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"),
    ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
    ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
    ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
    ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
    ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
    ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"),
    ("g#s/./x", "http://a/b/c/g#s/./x"), ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http://a/b/c/g"),
  ])
  func `references are resolved as RFC 3986 shows, and the last one as browsers do`(reference: String, url: String) {
    #expect(URLReference.resolve(reference, against: "http://a/b/c/d;p?q") == url)
  }

  @Test func `what servers send all the same is percent-encoded`() {
    #expect(URLReference.resolve("/a b/ä", against: "http://h/x") == "http://h/a%20b/%C3%A4")
    #expect(URLReference.resolve("/a%20b", against: "http://h/x") == "http://h/a%20b")
  }

  @Test func `a base without a path, and the fragment of a base`() {
    #expect(URLReference.resolve("g", against: "http://h") == "http://h/g")
    #expect(URLReference.resolve("/new", against: "http://h/old#here") == "http://h/new#here")
    #expect(URLReference.resolve("/new#there", against: "http://h/old#here") == "http://h/new#there")
  }
}

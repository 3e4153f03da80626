import HTTPTypes
import SwirlHTML
import SwirlTesting
import Testing

@Suite struct HTMLPageTests {
  private func page(_ html: String, charset: String? = "utf-8", limits: HTMLPage.Limits = .init()) -> HTMLPage {
    HTMLPage(Array(html.utf8), url: "http://h/dir/page?q#f", charset: charset, limits: limits)
  }

  @Test func `links are absolute, without fragments, in order, each once`() {
    let page = page(
      """
      <!DOCTYPE html><html><head><title> One\n  page &amp; more</title></head><body>
      <a href="a">1</a><A HREF='../b#part'>2</A><area href=/c><a href="a#other">again</a><a href="#top">top</a>
      <iframe src="http://Other:80/x"></iframe><a>none</a><a href=" d\n e ">3</a><a href="x?a=1&amp;b=2">4</a>
      <a href="mailto:a@b">5</a><a href="javascript:void(0)">6</a><a href="ftp://h/">7</a>
      """)
    #expect(
      page.links == [
        "http://h/dir/a", "http://h/b", "http://h/c", "http://other/x", "http://h/dir/d%20e", "http://h/dir/x?a=1&b=2",
      ])
    #expect(page.title == "One page & more")
    #expect(page.base == "http://h/dir/page?q")
    #expect(page.malformedLinks == 0)
    #expect(page.isComplete)
  }

  @Test func `the first base counts, for the whole document (HTML §4.2.3)`() {
    let page = page(
      "<a href=early><base target=x><base href='/other/#f'><base href=/third/><a href=late><a href=?q>")
    #expect(page.links == ["http://h/other/early", "http://h/other/late", "http://h/other/?q"])
    #expect(page.base == "http://h/other/")
  }

  @Test func `a base that is no URL is ignored`() {
    #expect(page("<base href='http://['><a href=x>").links == ["http://h/dir/x"])
    #expect(page("<base href='mailto:x'><a href=x>").links == ["http://h/dir/x"])
  }

  @Test func `nofollow is visible, of a link and of a page`() {
    let some = page("<a href=a rel='noopener NOFOLLOW'><a href=b><a href=c rel=nofollow><a href=c>")
    #expect(some.followableLinks == ["http://h/dir/b", "http://h/dir/c"])
    #expect(some.links.count == 3)
    let none = page("<META NAME=Robots CONTENT='NoIndex,nofollow'><a href=b>")
    #expect(none.robots == ["noindex", "nofollow"])
    #expect(none.isNoindex && none.isNofollow && none.followableLinks.isEmpty && none.links.count == 1)
    #expect(page("<meta name=robots content=none>").isNofollow)
    #expect(!page("<meta name=description content=nofollow>").isNofollow)
  }

  @Test func `malformed links are counted, and not links`() {
    let page = page("<a href='http://'><a href='http://[x'><a href='http://a:999999/'><a href=ok>")
    #expect(page.malformedLinks == 3)
    #expect(page.links == ["http://h/dir/ok"])
  }

  @Test func `what stands in comments and scripts is no link, nor in a title's picture`() {
    let page = page(
      "<!-- <a href=a> --><script>'<a href=b>'</script><style><a href=c></style><svg><title>No</title></svg><title>Yes</title><a href=d>"
    )
    #expect(page.links == ["http://h/dir/d"])
    #expect(page.title == "Yes")
  }

  @Test(
    arguments: [
      ([0xC3, 0xA9], nil), ([0xE9], nil), ([0xE9], "iso-8859-1"), ([0xE9], "no-such-charset"), ([0xC3, 0xA9], "utf-8"),
      ([0xE9], "cp1250"),
    ] as [([UInt8], String?)])
  func `a page is read in its character set`(letter: [UInt8], charset: String?) {
    let page = HTMLPage(Array("<title>".utf8) + letter, url: "http://h/", charset: charset)
    #expect(page.title == "\u{E9}")
  }

  @Test func `a page tells its character set`() {
    for meta in [
      "<meta charset='cp1251'>", "<META http-equiv=Content-Type content=\"text/html; charset = cp1251 \">",
      "<meta name=viewport><script charset=utf-8></script><meta charset=cp1251>",
      "<meta name=keywords content='charset, page'><meta charset=cp1251>",
    ] {
      #expect(HTMLPage(Array("\(meta)<title>".utf8) + [0xC6], url: "http://h/").title == "\u{416}")
      // The charset of the server overrides the page's.
      #expect(HTMLPage(Array("\(meta)<title>".utf8) + [0xC6], url: "http://h/", charset: "latin1").title == "\u{C6}")
    }
    for other in [
      "<!-- <meta charset=utf-8> -->", "<meta name=description content='text; charset=koi8-r'>",
      "<meta http-equiv=x content='text; charset=koi8-r'>", "<a title='<meta charset=koi8-r>'>",
      "<meta charset=nonsense>", "<meta http-equiv=content-type content='charset'>",
    ] {
      #expect(
        HTMLPage(Array("\(other)<meta charset=cp1251><title>".utf8) + [0xC6], url: "http://h/").title == "\u{416}",
        "\(other)")
    }
    // A declaration of UTF-16 that is readable as ASCII is wrong.
    #expect(HTMLPage(Array("<meta charset=utf-16><title>\u{416}".utf8), url: "http://h/").title == "\u{416}")
    let wide = Array("\u{FEFF}<title>\u{416}</title><a href=x>".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    #expect(HTMLPage(wide, url: "http://h/").title == "\u{416}")
    #expect(HTMLPage(wide, url: "http://h/", charset: "utf-8").links == ["http://h/x"])
  }

  @Test(arguments: [
    "</html>", "</body></html>", "</p>", "</x>", "<html></html>", "<head></head></head>",
    "<frameset></frameset></html>",
  ])
  func `an end in the middle ends nothing`(html: String) {
    let page = page(html + "<html><title>t</title><a href=a>" + html + "<a href=b>")
    #expect(page.links == ["http://h/dir/a", "http://h/dir/b"])
    #expect(page.title == "t")
  }

  @Test func `NUL bytes end nothing`() {
    let page = page("<a href=\"a\0b\">\0\0<title>a\0b</title>\0<a href=c>\0")
    #expect(page.title == "a\u{FFFD}b")
    #expect(page.links.last == "http://h/dir/c")
  }

  @Test func `entities and files are not loaded`() {
    let page = page(
      """
      <?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&x;&x;">]>
      <title>&x;&y;</title><a href="&x;">
      """)
    #expect(page.title?.contains("root") != true)
  }

  @Test(arguments: ["", " ", "\0", "<", "<a", "<!--", "<!DOCTYPE", "<title>", "&", "&#", "&#x110000;", "</", "<?"])
  func `what breaks off is no error`(html: String) { #expect(page(html).links.isEmpty) }

  @Test func `bytes that are no HTML have no links`() {
    let image: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + (0..<4096).map { UInt8($0 & 255) }
    #expect(HTMLPage(image, url: "http://h/").links.isEmpty)
  }

  /// Hostile pages of a megabyte, each with a link at its end: the parser searches its open elements at each end tag.
  @Test(
    arguments: [
      ["<div>"], ["<b>", "</i>"], ["<table><tr><td>"], ["<a>"], ["<!---->"], ["&amp;"], ["&"], ["<p x=y>"], ["</p>"],
      ["<form><select><option>", "</select>"], ["<svg><g>"], ["x"], ["<svg>", "<desc>"], ["<math><mi>"],
      ["<script><!--", "</script>", "-->", "</script>"], ["<title>", "</title>"], ["<"], ["&#x"], ["<b></i>"],
      ["<div>", "</span>"],
    ])
  func `deep and long pages take no time to speak of`(pieces: [String]) {
    let html = pieces.map { String(repeating: $0, count: 1_000_000 / pieces.count / $0.utf8.count) }.joined()
    hasLink(html + "<a href=end>")
  }

  @Test func `attributes may be many and long`() {
    hasLink("<p " + String(repeating: "a=b ", count: 200_000) + "><a href=end>")
    hasLink("<p x='" + String(repeating: "y", count: 1_000_000) + "'><a href=end>")
  }

  private func hasLink(_ html: String) {
    var links: [String] = []
    let time = ContinuousClock().measure { links = page(html).links }
    #expect(links == ["http://h/dir/end"])
    // A hundred times the usual time; quadratic time would take hours.
    #expect(time < .seconds(20))
  }

  @Test func `a page beyond the limits says so`() {
    var limits = HTMLPage.Limits()
    limits.bytes = 100
    limits.links = 3
    limits.titleLength = 5
    limits.linkLength = 30
    let many = page("<title>abcdefgh</title><a href=1><a href=2><a href=3><a href=4>", limits: limits)
    #expect(many.links.count == 3 && !many.isComplete && many.title == "abcde")
    #expect(!page(String(repeating: " ", count: 101), limits: limits).isComplete)
    #expect(page(String(repeating: " ", count: 100), limits: limits).isComplete)
    #expect(page("<a href=\(String(repeating: "x", count: 20))>", limits: limits).malformedLinks == 1)
  }

  @Test func `ten megabytes of links are bounded`() {
    let page = page(String((0..<700_000).map { "<a href=\($0)>" }.joined()))
    #expect(page.links.count == 10_000 && !page.isComplete)
    let same = self.page(String(repeating: "<a href=x>", count: 200_000) + "<a href=y>")
    #expect(same.links == ["http://h/dir/x"] && !same.isComplete)
  }

  /// Fragments of HTML in random order, cut anywhere: the parser never reads out of bounds, and every link is a URL.
  @Test(arguments: 0..<40)
  func `pages of chance break nothing`(seed: Int) {
    var draw = SeededGenerator(seed: UInt64(seed))
    let pieces = [
      "<a href=\"", "x", "\">", "<", ">", "'", "\"", "<base href=", "http://h2/", "<title>", "</title>", "&", "#x41;",
      "\0",
      "<!--", "-->", "<script>", "</script>", "<![CDATA[", "]]>", "<?", "=", " ", "\u{FF}", "../", "?", "#", "<svg>",
      "</svg>",
      "<meta charset=", "utf-16", "<meta name=robots content=", "</p>", "<table>", "<frameset>", "<plaintext>", "\r\n",
    ]
    for _ in 0..<50 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0...300, using: &draw) {
        bytes += Array(pieces.randomElement(using: &draw)!.utf8)
        if Int.random(in: 0..<20, using: &draw) == 0 { bytes.append(UInt8.random(in: 0...255, using: &draw)) }
      }
      let charset = [nil, "utf-8", "latin1", "utf-16", "nonsense"].randomElement(using: &draw)!
      let page = HTMLPage(bytes, url: "http://h/a/b", charset: charset)
      for link in page.links { #expect(normalizeURL(link) == link) }
    }
  }

  // MARK: - As the HTML standard's tokenizer reads (§13.2.5)

  @Test(arguments: [
    // Comments and declarations.
    ("<!--><a href=1>-->", ["1"]), ("<!---><a href=1>", ["1"]), ("<!-- <a href=1> --><a href=2>", ["2"]),
    ("<!-- --!><a href=1>", ["1"]), ("<!-- -- ><a href=1>--><a href=2>", ["2"]), ("<!----><a href=1>", ["1"]),
    ("<!DOCTYPE html PUBLIC \"><a href=1>", ["1"]), ("<!DOCTYPE x '><a href=1>'", ["1"]),
    ("<?php \"?><a href=1>", ["1"]),
    ("</ x><a href=1>", ["1"]), ("</><a href=1>", ["1"]), ("<!x<a href=0><a href=1>", ["1"]),
    ("<![CDATA[<a href=0>]]><a href=1>", ["1"]),
    ("<svg><![CDATA[<a href=0>]]><a href=1>", ["1"]),
    // Elements with raw text content.
    ("<textarea><a href=0></textarea><a href=1>", ["1"]), ("<title><a href=0></title><a href=1>", ["1"]),
    ("<iframe src=1><a href=0></iframe><a href=2>", ["1", "2"]), ("<xmp><a href=0></XMP ><a href=1>", ["1"]),
    ("<style><a href=0></styles></style><a href=1>", ["1"]), ("<noembed><a href=0></noembed><a href=1>", ["1"]),
    ("<noscript><a href=1></noscript>", ["1"]), ("<plaintext><a href=0>", []), ("<title><a href=0>", []),
    ("<script><!--<script></script><a href=0>--></script><a href=1>", ["1"]),
    ("<script><!-- </script><a href=1>", ["1"]),
    ("<script><!--><script></script><a href=1>", ["1"]), ("<script>'</script '><a href=1>", ["1"]),
    // SVG and MathML.
    ("<svg><title><a href=1></title></svg><a href=2>", ["1", "2"]), ("<svg><style><a href=1></style>", ["1"]),
    ("<svg><a xlink:href=1></svg>", ["1"]), ("<svg/><title><a href=0></title>", []),
    ("<svg><p><title><a href=0></title><a href=1>", ["1"]),
    ("<math><a href=0><mi><a href=1></mi><a href=0></math><a href=2>", ["1", "2"]), ("<svg><iframe src=0></svg>", []),
    ("<svg><desc><title><a href=0></title></desc></svg><a href=1>", ["1"]),
    // Attributes.
    ("<a href=1 href=2>", ["1"]), ("<a href='1'href=2>", ["1"]), ("<a/href=1/>", ["1/"]),
    ("<a title='>' href=1>", ["1"]),
    ("<a title=\"href=0 \" HREF = \n'1'>", ["1"]), ("<a =href=0 href=1>", ["1"]), ("<a href=1", []),
    ("<a href='1>", []),
    ("<a href=?a=1&copy=2&amp;b=3&copy;&notit;>", ["?a=1&copy=2&b=3%C2%A9&notit;"]),
    ("<a href='&#x31;&#50&#x;'>", ["12&"]),
    ("<a href='&#0;&#x80;&#xD800;'>", ["%EF%BF%BD%E2%82%AC%EF%BF%BD"]),
    ("<a href=a&ThickSpace;b&fjlig;>", ["a%E2%81%9F%E2%80%8Abfj"]),
  ])
  func `links are found where the standard sees tags`(html: String, links: [String]) {
    #expect(page(html).links == links.map { "http://h/dir/\($0.hasPrefix("?") ? "page" : "")\($0)" })
  }

  @Test func `references in a title are decoded`() {
    #expect(page("<title>a&eacute;&notit;&amp&#x1F600;&nbsp;b</title>").title == "a\u{E9}\u{AC}it;&\u{1F600} b")
  }

  // MARK: - Queries

  /// WHATWG URL §4.4, query state: the path is in UTF-8, the query in the page's character set.
  @Test(arguments: [
    ("windows-1251", "привет", "%EF%F0%E8%E2%E5%F2"), ("windows-1251", "é日", "%26%23233%3B%26%2326085%3B"),
    ("iso-8859-1", "é€", "%E9%80"), ("iso-8859-1", "я", "%26%231103%3B"), ("shift_jis", "日本ソ表", "%93%FA%96{%83\\%95\\"),
    ("euc-jp", "日", "%C6%FC"), ("gbk", "中€", "%D6%D0%80"), ("gbk", "\u{1F600}", "%26%23128512%3B"),
    ("gb18030", "\u{1F600}", "%949%FC6"),
    ("euc-kr", "한", "%C7%D1"), ("big5", "中", "%A4%A4"), ("koi8-r", "я", "%D1"), ("utf-8", "é", "%C3%A9"),
    ("utf-16", "é", "%C3%A9"),
    ("nonsense", "é", "%C3%A9"),
  ])
  func `a query is in the character set of the page`(charset: String, text: String, query: String) {
    // The page has only numeric references, so that its bytes are the same in each charset except UTF-16.
    let numbers = text.unicodeScalars.map { "&#\($0.value);" }.joined()
    let html = "<a href='/p/&#233;?q=\(numbers)&amp;x#&#233;'>"
    let bytes = charset == "utf-16" ? html.utf8.flatMap { [$0, 0] } : Array(html.utf8)
    #expect(HTMLPage(bytes, url: "http://h/", charset: charset).links == ["http://h/p/%C3%A9?q=\(query)&x"])
  }

  // MARK: - Refresh and robots

  @Test(arguments: [
    ("0;url=/x", "http://h/x"), ("5; URL = '/x'y", "http://h/x"), ("0.5,/x", "http://h/x"), (" 3 /x", "http://h/x"),
    ("0;url=\"/x", "http://h/x"),
    ("0", nil), ("", nil), ("x;url=/x", nil), ("0;", nil), ("0;url=", nil), ("1x;url=/x", nil),
    ("0;urls", "http://h/dir/urls"),
    (".5;url=/x", "http://h/x"), ("0;url=mailto:x", nil),
  ])
  func `a refresh is a link, of the page and of its fields`(value: String, link: String?) {
    #expect(
      page("<meta http-equiv=Refresh content='\(value.replacing("'", with: "&#39;"))'>").links
        == [link].compactMap { $0 })
    let fields: HTTPFields = [HTTPField.Name("Refresh")!: value]
    #expect(HTMLPage([], url: "http://h/dir/page", headers: fields).links == [link].compactMap { $0 })
  }

  @Test(arguments: [
    (["nofollow"], true), (["noindex", "none"], true), (["noindex, NoFollow"], true), (["other: nofollow"], false),
    (["swirl-crawler: nofollow"], true), (["other: noindex, nofollow", "noarchive"], false),
    (["other: noindex", "nofollow"], true),
    (["unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow"], true), (["max-snippet: 5, nofollow"], true),
    ([], false), (["all"], false),
    (["*: nofollow"], true),
  ])
  func `X-Robots-Tag says what a page says to robots`(values: [String], isNofollow: Bool) {
    var fields: HTTPFields = [.contentType: "text/html; charset=latin1"]
    for value in values { fields.append(HTTPField(name: HTTPField.Name("X-Robots-Tag")!, value: value)) }
    let page = HTMLPage(
      Array("<title>".utf8) + [0xE9] + Array("</title><a href=/x>".utf8), url: "http://h/", headers: fields,
      for: "Swirl-Crawler")
    #expect(page.isNofollow == isNofollow)
    #expect(page.links == ["http://h/x"] && page.followableLinks == (isNofollow ? [] : ["http://h/x"]))
    #expect(page.title == "\u{E9}")
  }

  @Test func `a meta that names the crawler counts, one that names another does not`() {
    let html = Array("<meta name=Swirl content=nofollow><meta name=other content=noindex>".utf8)
    let page = HTMLPage(html, url: "http://h/", headers: [:], for: "swirl")
    #expect(page.isNofollow && !page.isNoindex)
    #expect(!HTMLPage(html, url: "http://h/").isNofollow)
  }

  @Test(arguments: [
    ("\\a\\b", "http://h/a/b"), ("%2e%2E/x", "http://h/x"), ("http:/z", "http://h/z"), ("https:/x/z", "https://x/z"),
    ("///x/z", "http://x/z"),
    ("http:\\\\x\\y", "http://x/y"), ("ht\ntp://x", "http://x/"), ("http:z", "http://h/dir/z"),
    ("//b\u{FC}cher.example", "http://xn--bcher-kva.example/"),
    ("http://0x7f.1/", "http://127.0.0.1/"), (":80", "http://h/dir/:80"),
  ])
  func `links are joined as the URL standard joins them`(reference: String, url: String) {
    #expect(page("<a href=\"\(reference)\">").links == [url])
  }
}

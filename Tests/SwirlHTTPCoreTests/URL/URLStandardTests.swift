import SwirlTesting
import Testing

@testable import SwirlHTTPCore

/// WHATWG URL §4.4.
@Suite struct URLStandardTests {
  @Test func `URLs and references are read as the URL standard reads them`() throws {
    for (base, rows) in URLStandardTable.byBase {
      let base = try base.map { try HTTPURL.parse($0.utf8.span) }
      for row in rows {
        let url = try? HTTPURL.parse(row.input.utf8.span, at: base)
        #expect(url?.textWithFragment == row.url, "\(row.input.debugDescription) at \(base?.text ?? "nothing")")
      }
    }
  }

  /// Unicode TR46, nontransitional; cases like those of Unicode's IdnaTestV2.txt.
  @Test(arguments: [
    ("bücher.example", "xn--bcher-kva.example"), ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u{308}cher.example", "xn--bcher-kva.example"), ("faß.de", "xn--fa-hia.de"), ("例え.jp", "xn--r8jz45g.jp"),
    ("пример。рф", "xn--e1afmkfd.xn--p1ai"), ("ＧＯ.com", "go.com"), ("a\u{AD}b.com", "ab.com"),
    ("βόλος.com", "xn--nxasmm1c.com"), ("r3---sn-x.bücher.example", "r3---sn-x.xn--bcher-kva.example"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("ü.de.", "xn--tda.de."),
    ("نامه\u{200C}ای.com", "xn--mgba3gch31f060k.com"),
  ])
  func `names beyond ASCII are asked for in Punycode`(name: String, ascii: String) throws {
    #expect(try HTTPURL("http://\(name)/").origin.host == ascii)
    let encoded = name.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(try HTTPURL("http://\(encoded)/").origin.host == ascii)
  }

  @Test(arguments: [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7F.0x0.0.0x1", "0177.1", "017700000001", "2130706433", "0x7f000001",
    "127.0.0.1.",
    "%31%32%37.0.0.1", "１２７.0.0.1", "127。0．0｡1", "①②⑦.0.0.1", "%EF%BC%91%EF%BC%92%EF%BC%97.1",
  ])
  func `an address is one host, however it is written`(host: String) throws {
    let url = try HTTPURL("http://\(host)/")
    #expect(url.origin.host == "127.0.0.1")
    #expect(url.text == "http://127.0.0.1/")
    #expect(url.isTrusted)
  }

  @Test func `the host ends where the URL standard ends it`() throws {
    for url in [
      "http://good\\@127.0.0.1/", "http://good/@127.0.0.1/", "http://good?@127.0.0.1/", "http://good#@127.0.0.1/",
      "http:\\\\good\\@127.0.0.1", "http:/\\good/@127.0.0.1", "http://\tgo\nod\r/@127.0.0.1",
    ] {
      #expect(try HTTPURL(url).origin.host == "good", "\(url)")
    }
    // The last @ ends a user and a password.
    #expect(try HTTPURL.parse("http://good@evil@127.0.0.1/".utf8.span).origin.host == "127.0.0.1")
    #expect(try HTTPURL.parse("http://good:80#@127.0.0.1/".utf8.span).origin.host == "good")
  }

  @Test func `bytes of a reference that are no UTF-8 are kept`() throws {
    let base = try HTTPURL("http://h/a")
    #expect(try base.resolving(Array("/caf".utf8) + [0xE9]).text == "http://h/caf%E9")
    #expect(try base.resolving(Array("?q=".utf8) + [0xE9, 0x20]).text == "http://h/a?q=%E9")
    #expect(throws: HTTPURL.Malformed.self) { try base.resolving(Array("//h".utf8) + [0xE9]) }
  }

  @Test func `a user and a password are read, and are in no text`() throws {
    let base = try HTTPURL("https://h/")
    let url = try base.resolving("https://us%3Aer:p%40ss:x@other:81/x#y")
    #expect(url.credentials == .init(user: "us:er", password: "p@ss:x"))
    #expect(
      "\(url) \(url.text) \(url.textWithFragment)" == "https://other:81/x#y https://other:81/x https://other:81/x#y")
    #expect(try base.resolving("https://:@h/").credentials == nil)
    #expect(try base.resolving("https://u@h/").credentials == .init(user: "u", password: ""))
    // A reference without a host keeps the credentials; a reference to another host does not.
    #expect(try url.resolving("/z").credentials == url.credentials)
    #expect(try url.resolving("//h/z").credentials == nil)
  }

  /// Pieces with a meaning in URLs, in any order.
  private static let pieces = [
    "http:", "https:", "http+unix:", "/", "//", "\\", "?", "#", "@", ":", "[", "]", ".", "..", "%2e", "%2E", "%", "%41",
    "%00", "a", "b.c",
    "127.0.0.1", "0x7f", "1", "08", "::", "::1", "fe80::1%25lo", "80", "00080", "65536", " ", "\t", "\n", "\u{1}", "é",
    "ü.de", "。", "１",
    "'", "\"", "<", "^", "`", "{", "|", "x y", "\u{7F}", "xn--a", "%ef%bc%91", "-", "_",
  ]

  @Test(arguments: 0..<8)
  func `what was read is written, and read again the same`(seed: Int) throws {
    var draw = SeededGenerator(seed: UInt64(seed))
    let bases = try ["http://h/a/b?c", "https://u:p@h:81/x/", "http+unix://%2Frun%2Fx/y"].map {
      try HTTPURL.parse($0.utf8.span)
    }
    var read = 0
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...9, using: &draw)).map { _ in Self.pieces.randomElement(using: &draw)! }
        .joined()
      let base = bases.randomElement(using: &draw)!
      guard let url = try? HTTPURL.parse(text.utf8.span, at: Bool.random(using: &draw) ? base : nil) else { continue }
      read += 1
      let again = try HTTPURL.parse(url.textWithFragment.utf8.span)
      #expect(
        again.origin == url.origin && again.target == url.target && again.fragment == url.fragment,
        "\(text.debugDescription)")
      #expect(again.textWithFragment == url.textWithFragment)
      if let target = HTTPURL.target(of: url.text, after: Array(url.origin.prefix.utf8)) {
        #expect(target == url.target)
      }
      let host = url.origin.host.utf8
      let isAddress = host.first == UInt8(ascii: "[")
      #expect(!host.isEmpty && host.allSatisfy { $0 < 0x80 && (isAddress || !ASCIISet.notInDomains.contains($0)) })
      #expect(host.allSatisfy { !(0x41...0x5A).contains($0) })
      #expect(url.textWithFragment.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(text.debugDescription)")
      #expect(url.target.utf8.first == UInt8(ascii: "/") && !url.target.contains("#"))
    }
    #expect(read > 500)
  }
}

import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

extension CookieTests {
  /// RFC 6265bis §5.1.3 and §5.1.4.
  @Suite struct MatchingTests {
    @Test(arguments: [
      ("example.com", "example.com", true), ("www.example.com", "example.com", true),
      ("a.b.example.com", "example.com", true), ("example.com", "www.example.com", false),
      ("badexample.com", "example.com", false), ("example.com.evil.org", "example.com", false),
      ("example.com.", "example.com", false), ("www.example.com.", "example.com.", true), ("example.com", "", false),
      ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "2.1", false), ("192.0.2.1", "1", false),
      ("[::1]", "[::1]", true), ("[::1]", "1]", false), ("x.192.0.2.1", "192.0.2.1", false),
      ("xn--bcher-kva.example", "example", true),
    ])
    func `a host matches its own domain and those above it, an address only itself`(
      host: String, domain: String, matches: Bool
    ) {
      #expect(host.domainMatches(domain) == matches)
    }

    @Test(arguments: [
      ("127.0.0.1", true), ("[::1]", true), ("127.1", true), ("2130706433", true), ("0x7f.1", true),
      ("0x7f000001", true),
      ("1.2.3.4.", true), ("x.0x", true), ("example.com", false), ("1.2.3.4.com", false), ("0xg.com", false),
      ("1a", false), ("localhost", false), ("", false), (".", false), ("x.0x1g", false),
    ])
    func `what ends in a number is an address`(host: String, isAddress: Bool) {
      #expect(host.isAddress == isAddress)
    }

    @Test(arguments: [
      ("/", "/", true), ("/a", "/", true), ("/a", "/a", true), ("/a/", "/a", true), ("/a/b", "/a", true),
      ("/a/b", "/a/", true), ("/ab", "/a", false), ("/a", "/a/", false), ("/", "/a", false), ("/A", "/a", false),
      ("/a%2Fb", "/a", false), ("/a//b", "/a/", true), ("/%61", "/a", false), ("/a\u{301}", "/a", false),
    ])
    func `a path matches itself and what begins with it up to a slash`(path: String, cookie: String, matches: Bool) {
      #expect(path.pathMatches(cookie) == matches)
    }

    @Test(arguments: [
      ("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b/", "/a/b"), ("//", "/"),
      ("?a/b", "/"), ("/a/b?c/d", "/a"), ("/a?/", "/"), ("/a/b#c/d", "/a"),
    ])
    func `the default path goes up to the last slash of the path`(target: String, path: String) throws {
      #expect(try HTTPURL("http://example.com\(target)").defaultPath == path)
    }

    @Test func `the domains above a host are its ends after each dot`() {
      #expect("a.b.c".domains == ["a.b.c", "b.c", "c"])
      #expect("a".domains == ["a"])
      #expect("a.b.".domains == ["a.b.", "b."])
      #expect("192.0.2.1".domains == ["192.0.2.1"])
      #expect("a..b".domains == ["a..b", ".b", "b"])
    }

    @Test(arguments: [
      ("https://example.com/", true), ("http://example.com/", false), ("http://localhost:8080/", true),
      ("http://127.0.0.1/", true), ("http://[::1]:1/", true), ("http://localhost.example.com/", false),
      ("http://x.localhost/", false), ("http://127.0.0.2/", false), ("http://127.0.0.1.example.com/", false),
    ])
    func `a connection that does not leave the machine is as good as a secure one`(url: String, isTrusted: Bool) throws
    {
      #expect(try HTTPURL(url).isTrusted == isTrusted)
    }
  }

  @Suite struct PublicSuffixesTests {
    @Test(arguments: [
      "com", "co.uk", "uk", "github.io", "blogspot.com", "com.", "co.uk.", "co.uk..", "localhost", "", ".", "nosuchtld",
      "xn--p1ai", "kawasaki.jp", "any.kawasaki.jp", "ck", "any.ck", "xn--55qx5d.cn",
    ])
    func `a name under which anybody can register is a public suffix`(domain: String) {
      #expect(PublicSuffixes.contains(domain))
    }

    @Test(arguments: [
      "example.com", "bbc.co.uk", "someone.github.io", "www.ck", "city.kawasaki.jp", "example.com.", "a.b.nosuchtld",
      "xn--bcher-kva.example.org",
    ])
    func `a name that is registered is no public suffix`(domain: String) {
      #expect(!PublicSuffixes.contains(domain))
    }
  }
}

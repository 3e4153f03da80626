import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

extension HTTPClientTests {
  /// RFC 9110 §4.2, RFC 3986 §3.
  @Suite struct HTTPURLTests {
    struct Good: Sendable, CustomTestStringConvertible {
      let url: String
      let host: String
      let port: Int
      let target: String
      let isSecure: Bool
      var testDescription: String { url.debugDescription }

      init(_ url: String, _ host: String, _ port: Int, _ target: String, isSecure: Bool = false) {
        self.isSecure = isSecure
        self.url = url
        self.host = host
        self.port = port
        self.target = target
      }
    }

    @Test(arguments: [
      Good("http://example.com", "example.com", 80, "/"),
      Good("http://example.com/", "example.com", 80, "/"),
      Good("http://example.com/a/b.html", "example.com", 80, "/a/b.html"),
      Good("http://example.com/a?b=c&d=e", "example.com", 80, "/a?b=c&d=e"),
      Good("HTTP://EXAMPLE.com/Path", "example.com", 80, "/Path"),
      Good("http://example.com:8080/x", "example.com", 8080, "/x"),
      Good("http://example.com:80/x", "example.com", 80, "/x"),
      Good("http://example.com:/x", "example.com", 80, "/x"),
      Good("http://example.com:00080/", "example.com", 80, "/"),
      Good("http://example.com:1", "example.com", 1, "/"),
      Good("http://example.com:65535", "example.com", 65535, "/"),
      Good("http://127.0.0.1:8080", "127.0.0.1", 8080, "/"),
      Good("http://my_host-1", "my_host-1", 80, "/"),
      Good("http://[::1]", "[::1]", 80, "/"),
      Good("http://[::1]:8080/x", "[::1]", 8080, "/x"),
      Good("http://[2001:DB8::1]/x?y", "[2001:db8::1]", 80, "/x?y"),
      Good("http://[::ffff:192.0.2.1]:1", "[::ffff:c000:201]", 1, "/"),
      Good("http://example.com?q=1", "example.com", 80, "/?q=1"),
      Good("http://example.com:81?q=1", "example.com", 81, "/?q=1"),
      Good("http://example.com?", "example.com", 80, "/?"),
      Good("http://example.com#top", "example.com", 80, "/"),
      Good("http://example.com/a#top", "example.com", 80, "/a"),
      Good("http://example.com/a?b#c?d/e", "example.com", 80, "/a?b"),
      Good("http://example.com/a?u=http://x/@y:1#z", "example.com", 80, "/a?u=http://x/@y:1"),
      Good("http://example.com/@:[]!$&'()*+,;=~-._", "example.com", 80, "/@:[]!$&'()*+,;=~-._"),
      Good("http://example.com/%20%C3%A4", "example.com", 80, "/%20%C3%A4"),
      Good("http://example.com/ä/日本?ü=€", "example.com", 80, "/%C3%A4/%E6%97%A5%E6%9C%AC?%C3%BC=%E2%82%AC"),
      Good("http://example.com/a\\b", "example.com", 80, "/a/b"),
      // As in browsers, the backslash ends the host: the text behind it never becomes the host.
      Good("http://example.com\\@other.org/", "example.com", 80, "/@other.org/"),
      Good("http://example.com/\"<>^`{|}", "example.com", 80, "/%22%3C%3E%5E%60%7B|%7D"),
      Good("http://example.com//a/../b", "example.com", 80, "//b"),
      Good("http://example.com/../a/./b/..", "example.com", 80, "/a/"),
      Good("http://example.com/.", "example.com", 80, "/"),
      Good("http://example.com/../ä/.b/c..?d=/../e#/../f", "example.com", 80, "/%C3%A4/.b/c..?d=/../e"),
      Good("http://example.com?a/../b", "example.com", 80, "/?a/../b"),
      Good("https://example.com", "example.com", 443, "/", isSecure: true),
      Good("HttpS://Example.com:80/a", "example.com", 80, "/a", isSecure: true),
    ])
    func `what a client needs of a URL is read from it`(_ good: Good) throws {
      let url = try HTTPURL(good.url)
      #expect(url.origin == Origin(isSecure: good.isSecure, host: good.host, port: good.port))
      #expect(url.target == good.target)
    }

    @Test func `a URL that begins as the one before is read by its rest, where that is canonical`() throws {
      let prefix = Array("http://example.com:81".utf8)
      for target in ["/", "/a/b.c?d=/e", "/a.b", "/%20", "/a/%2F", "/?a|b", "/@:;~"] {
        #expect(HTTPURL.target(of: "http://example.com:81\(target)", after: prefix) == target)
        #expect(try HTTPURL("http://example.com:81\(target)").target == target)
      }
      // A target that is not canonical, or belongs to another origin, takes the slow path.
      for rest in [
        "", "?q", "#f", "/#f", "/ä", "/a b", "\\@other", "/a\\b", "/./a", "/..", "/a/../b", "/%2e%2E/b", "/a'", "/{",
        "/\t", "0/",
        "@other/", ".other/",
      ] {
        #expect(HTTPURL.target(of: "http://example.com:81\(rest)", after: prefix) == nil, "\(rest)")
      }
      for url in ["http://example.com:8", "http://example.com", "http://example.con:81/", "", "http"] {
        #expect(HTTPURL.target(of: url, after: prefix) == nil, "\(url)")
      }
    }

    @Test(arguments: [
      ("example.com", "example.com"), ("[::1]", "::1"), ("[2001:db8::1]", "2001:db8::1"),
    ])
    func `an IPv6 address is looked up without its brackets`(host: String, name: String) {
      #expect(Origin(isSecure: false, host: host, port: 80).name == name)
      #expect(Origin(isSecure: false, host: host, port: 80).authority == host)
      #expect(Origin(isSecure: false, host: host, port: 8080).authority == "\(host):8080")
    }

    /// RFC 6874: the URL and the resolver have the zone; the request does not.
    @Test(arguments: ["http://[fe80::1%25eth0.1]:81/x", "http://[FE80:0::1%eth0.1]:81/x"])
    func `a link-local address may have a zone`(url: String) throws {
      let url = try HTTPURL(url)
      #expect(url.text == "http://[fe80::1%25eth0.1]:81/x")
      #expect(url.origin.name == "fe80::1%eth0.1")
      #expect(url.origin.authority == "[fe80::1]:81")
      #expect(try HTTPURL(url.text) == url)
    }

    struct Bad: Sendable, CustomTestStringConvertible {
      let url: String
      let words: String
      let code: HTTPError.Code
      var testDescription: String { url.debugDescription }

      init(_ url: String, _ words: String, _ code: HTTPError.Code = .invalidURL) {
        self.url = url
        self.words = words
        self.code = code
      }
    }

    @Test(arguments: [
      Bad("", "no scheme: write http://"),
      Bad("example.com", "no scheme: write http://"),
      Bad("//example.com/", "no scheme: write http://"),
      Bad("/path", "no scheme: write http://"),
      Bad("/path?time=a:b", "no scheme: write http://"),
      Bad("localhost:8080", "no scheme: write http://"),
      Bad("localhost:8080/x", "no scheme: write http://"),
      Bad("127.0.0.1:8080", "no scheme: write http://"),
      Bad("example.com:x", "no scheme: write http://"),
      Bad("//example.com:80/", "no scheme: write http://"),
      Bad("[::1]:8080", "no scheme: write http://"),
      Bad("ä:b", "no scheme: write http://"),
      Bad(":80", "no scheme: write http://"),
      // Bytes that differ from :// in one bit only.
      Bad("http\u{1A}\u{0F}\u{0F}example.com", "no scheme: write http://"),
      Bad("htp://example.com", "the scheme htp is not supported: use http or https", .unsupportedScheme),
      Bad("ftp://example.com", "the scheme ftp is not supported: use http or https", .unsupportedScheme),
      Bad("file:///etc/passwd", "the scheme file is not supported: use http or https", .unsupportedScheme),
      Bad("mailto:a@example.com", "the scheme mailto is not supported: use http or https", .unsupportedScheme),
      Bad("http+unix:a", "two slashes"),
      Bad("http+unix:///a", "percent-encoded after http+unix://"),
      Bad("http:", "no host"),
      Bad("http://", "no host"),
      Bad("http://:80/", "no host"),
      Bad("http://?q", "no host"),
      Bad("http://#f", "no host"),
      Bad("http://user@/", "no host"),
      Bad("http://\u{AD}/", "no host"),
      Bad("http://example.com:0/", "from 1 to 65535"),
      Bad("http://example.com:65536/", "from 1 to 65535"),
      Bad("http://example.com:999999999999999999999/", "from 1 to 65535"),
      Bad("http://example.com:abc/", "from 1 to 65535"),
      Bad("http://example.com:8 0/", "from 1 to 65535"),
      Bad("http://example.com:-1/", "from 1 to 65535"),
      Bad("http://example.com:+1/", "from 1 to 65535"),
      Bad("http://example.com:80:90/", "from 1 to 65535"),
      Bad("http://exa mple.com/", "space"),
      Bad("http://exa%20mple.com/", "space"),
      Bad("http://example.com /", "space"),
      Bad("http://exa\0mple.com/", "control character"),
      Bad("http://exa\u{7F}mple.com/", "control character"),
      Bad("http://user@example.com/", "authentication"),
      Bad("http://user:password@example.com/", "authentication"),
      Bad("http://user:password@example.com:80/", "authentication"),
      Bad("http://example.com:80@other.org/", "authentication"),
      Bad("http://exa%2Fmple.com/", "is not a host name"),
      Bad("http://exa%zzmple.com/", "is not a host name"),
      Bad("http://exa^mple.com/", "is not a host name"),
      Bad("http://b\u{200D}ücher.example/", "is not a host name"),
      Bad("http://256.0.0.1/", "is not a host name"),
      Bad("http://1.2.3.4.5/", "is not a host name"),
      Bad("http://4294967296/", "is not a host name"),
      Bad("http://[::1/", "is not a host name"),
      Bad("http://::1/", "IPv6 address in brackets"),
      Bad("http://2001:db8::1/x", "IPv6 address in brackets"),
      Bad("http://[]/", "is not a host name"),
      Bad("http://[::g]/", "is not a host name"),
      Bad("http://[::1]x/", "is not a host name"),
      Bad("http://[::1%25lo]/", "is not a host name"),
      Bad("http://[fe80::1%25]/", "is not a host name"),
      Bad("http://[fe80::1%25a b]/", "space"),
      Bad("http://[example.com]/", "is not a host name"),
    ])
    func `what is wrong with a URL, and what to do, is said`(_ bad: Bad) throws {
      do {
        let url = try HTTPURL(bad.url)
        Issue.record("it was read as \(url)")
      } catch {
        #expect(error.code == bad.code)
        #expect(error.reason.contains(bad.words), "\(error.reason)")
      }
    }
  }
}

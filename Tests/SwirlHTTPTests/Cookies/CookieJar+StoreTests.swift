import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  /// RFC 6265bis §5.7.
  @Suite struct StoreTests {
    let bench = JarBench()

    @Test func `what a server says is kept`() throws {
      bench.store(
        "id=7; Path=/x; Domain=Example.com; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
        from: "https://www.EXAMPLE.com/")
      let cookie = try bench.only()
      #expect(cookie.name == "id" && cookie.value == "7" && cookie.path == "/x")
      #expect(cookie.domain == "example.com" && !cookie.isHostOnly)
      #expect(cookie.expires == bench.now + 60 && !cookie.isSession)
      #expect(cookie.isSecure && cookie.isHTTPOnly && cookie.sameSite == .lax)
      #expect(cookie.creation == bench.now && cookie.lastAccess == bench.now)
      #expect(
        "\(cookie)" == """
          id=7; Domain=example.com; Path=/x; Expires=Tue, 14 Nov 2023 22:14:20 GMT; Secure; HttpOnly; SameSite=Lax
          """)
    }

    @Test func `what a server leaves open is a session cookie of the host and the default path`() throws {
      bench.store("id=7", from: "https://www.example.com/a/b?c")
      let cookie = try bench.only()
      #expect(cookie.domain == "www.example.com" && cookie.isHostOnly && cookie.path == "/a" && cookie.isSession)
      #expect(!cookie.isSecure && !cookie.isHTTPOnly && cookie.sameSite == .default)
      #expect("\(cookie)" == "id=7; Path=/a")
    }

    // MARK: - Time

    @Test func `Max-Age goes before Expires, wherever it stands`() throws {
      bench.store("a=1; Max-Age=9; Expires=Fri, 01 Dec 2023 00:00:00 GMT")
      bench.store("b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9")
      bench.store("c=1; Expires=Fri, 01 Dec 2023 00:00:00 GMT; Max-Age=x")
      #expect(bench.jar.cookies.map(\.expires) == [bench.now + 9, bench.now + 9, 1_701_388_800])
    }

    @Test func `nothing is kept for more than 400 days`() {
      bench.store("a=1; Max-Age=34560001", "b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "c=1; Max-Age=34559999")
      #expect(
        bench.jar.cookies.map { ($0.expires ?? 0) - bench.now } == [Seconds.limit, Seconds.limit, Seconds.limit - 1])
    }

    @Test(arguments: [
      "a=2; Max-Age=0", "a=2; Max-Age=-1", "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
      "a=; Expires=Mon, 01 Jan 1601 00:00:00 GMT", "a=2; Expires=Tue, 14 Nov 2023 22:13:20 GMT",
    ])
    func `a cookie that has ended removes the one it would replace`(field: String) {
      bench.store("a=1", "a=1; Path=/x", "b=1")
      bench.store(field)
      #expect(bench.jar.cookies.map(\.description) == ["a=1; Path=/x", "b=1; Path=/"])
      #expect(bench.refused.isEmpty)
    }

    @Test func `a date that cannot be read leaves a session cookie`() throws {
      bench.store("a=1; Expires=tomorrow")
      #expect(try bench.only().isSession)
    }

    // MARK: - Replacing

    @Test func `a cookie is replaced by one with its name, domain, path and host flag, and keeps its creation`() throws
    {
      bench.store("a=1", "b=1")
      bench.now += 5
      bench.store("a=2; Secure")
      let cookies = bench.jar.cookies
      #expect(cookies.map(\.pair) == ["a=2", "b=1"])
      #expect(cookies[0].creation == bench.now - 5 && cookies[0].lastAccess == bench.now && cookies[0].isSecure)
      bench.store("a=3; Path=/x", "a=4; Domain=example.com", "A=5")
      #expect(bench.jar.cookies.map(\.pair) == ["a=2", "b=1", "a=3", "a=4", "A=5"])
    }

    @Test func `names that only look the same are two`() {
      // é as one scalar and as two, K and the Kelvin sign.
      bench.store("\u{E9}=1", "e\u{301}=2", "K=3", "\u{212A}=4", "x=1; Path=/\u{E9}", "x=2; Path=/e\u{301}")
      #expect(bench.jar.cookies.count == 6)
    }

    // MARK: - Domain

    @Test(arguments: [
      ("www.example.com", "www.example.com"), ("www.example.com", "example.com"), ("www.example.com", ".example.com"),
      ("a.b.c.example.com", "c.example.com"), ("WWW.Example.COM", "eXaMpLe.com"),
      ("www.example.co.uk", "example.co.uk"),
      ("a.someone.github.io", "someone.github.io"), ("www.example.com.", "example.com."),
      ("www.xn--bcher-kva.example", "xn--bcher-kva.example"), ("a.city.kawasaki.jp", "city.kawasaki.jp"),
    ])
    func `a cookie for a domain above the host is kept`(host: String, domain: String) throws {
      bench.store("a=b; Domain=\(domain)", from: "https://\(host)/")
      let cookie = try bench.only()
      let bare = domain.lowercased()
      #expect(!cookie.isHostOnly && cookie.domain == (bare.hasPrefix(".") ? String(bare.dropFirst()) : bare))
    }

    @Test(arguments: [
      ("www.example.com", "other.com"), ("www.example.com", "w.example.com"), ("example.com", "www.example.com"),
      ("example.com", "ample.com"), ("www.example.com", "..example.com"), ("www.example.com", "example..com"),
      ("www.example.com", "example.com."), ("www.example.com.", "example.com"), ("www.example.com", "example.com:443"),
      ("www.example.com", "\"example.com\""), ("www.example.com", ". example.com"),
      ("www.example.com", "https://example.com"),
      ("www.example.com", "com"), ("www.example.com", ".com"), ("www.example.com", "com."),
      ("www.example.com.", "com."),
      ("www.example.co.uk", "co.uk"), ("www.example.co.uk", ".co.uk"), ("www.example.co.uk.", "co.uk."),
      ("someone.github.io", "github.io"), ("a.kawasaki.jp", "kawasaki.jp"), ("x.nosuchtld", "nosuchtld"),
      ("127.0.0.1", "0.0.1"), ("127.0.0.1", "1"), ("127.0.0.1", "127.0.0.2"), ("[::1]", "1]"), ("[::1]", "::1"),
      ("[2001:db8::1]", "db8::1]"), ("x.127.0.0.1", "127.0.0.1"), ("x..com", ".com"),
      ("www.b\u{FC}cher.example", "b\u{FC}cher.example"), ("www.xn--bcher-kva.example", "b\u{FC}cher.example"),
      ("www.example.com", "example.\u{212A}om"), ("www.example.com", ".."), ("www.example.com", "%65xample.com"),
      ("www.example.com", "*.example.com"), ("www.example.com", "example.com,"), ("www.example.com", "example.com/"),
    ])
    func `a cookie for any other domain is refused`(host: String, domain: String) {
      bench.store("a=b; Domain=\(domain)", from: "https://\(host)/")
      #expect(bench.jar.cookies.isEmpty && bench.refused.count == 1)
    }

    @Test(arguments: [
      ("www.example.com", ""), ("www.example.com", "."), ("co.uk", "co.uk"), ("github.io", ".GitHub.io"),
      ("localhost", "localhost"),
      ("127.0.0.1", "127.0.0.1"), ("[::1]", "[::1]"), ("[2001:DB8::1]", "[2001:db8::1]"), ("com.", "com."),
    ])
    func `no domain, a public suffix that is the host, and an address make a cookie of the host alone`(
      host: String, domain: String
    ) throws {
      bench.store("a=b; Domain=\(domain)", from: "https://\(host)/")
      let cookie = try bench.only()
      #expect(cookie.isHostOnly && cookie.domain == host.lowercased())
    }

    // MARK: - Secure

    @Test func `a secure cookie comes over a secure connection, or from this machine`() {
      for url in ["http://example.com/", "http://127.0.0.2/", "http://localhost.example.com/"] {
        bench.store("a=b; Secure", from: url)
      }
      #expect(bench.jar.cookies.isEmpty && bench.refused.count == 3)
      for url in ["https://example.com/", "http://localhost:81/", "http://127.0.0.1/", "http://[::1]/"] {
        bench.store("a=b; Secure", from: url)
      }
      #expect(bench.jar.cookies.count == 4)
    }

    @Test(arguments: [
      // The path, the cookie over http, and whether it is refused.
      ("/login", "a=2; Path=/login", true), ("/login", "a=2; Path=/login/en", true), ("/login", "a=2; Path=/", false),
      ("/login", "a=2; Path=/foo", false), ("/login", "b=2; Path=/login", false), ("/", "a=2; Path=/login", true),
      ("/", "a=2; Domain=example.com", true), ("/", "a=2; Domain=example.com; Max-Age=0", true),
    ])
    func `over an insecure connection no cookie comes before a secure one of its name`(
      path: String, field: String, isRefused: Bool
    ) {
      bench.store("a=1; Secure; Domain=example.com; Path=\(path)", from: "https://example.com/")
      bench.store(field, from: "http://www.example.com/")
      #expect(bench.refused.count == (isRefused ? 1 : 0))
      #expect(bench.jar.cookies.count == (isRefused ? 1 : 2))
    }

    @Test func `a secure cookie below the domain is protected as well, one of another host is not`() {
      bench.store("a=1; Secure", from: "https://www.example.com/")
      bench.store("a=2; Domain=example.com", from: "http://other.example.com/")
      #expect(bench.refused.count == 1)
      bench.store("a=2", from: "http://other.example.com/")
      bench.store("a=2; Domain=example.com", from: "https://other.example.com/")
      #expect(bench.refused.count == 1 && bench.jar.cookies.count == 3)
    }

    @Test func `when the secure cookie is removed its name is free`() {
      bench.store("a=1; Secure", from: "https://example.com/")
      bench.store("a=2", from: "http://example.com/")
      bench.store("a=3; Secure; Max-Age=0", from: "https://example.com/")
      bench.store("a=4", from: "http://example.com/")
      #expect(bench.jar.cookies.map(\.value) == ["4"] && bench.refused.count == 1)
    }

    // MARK: - SameSite and prefixes

    @Test func `SameSite=None needs Secure`() throws {
      bench.store("a=b; SameSite=None")
      #expect(bench.reason.contains("Secure"))
      bench.store("a=b; samesite=nONE; Secure")
      #expect(try bench.only().sameSite == .none)
    }

    @Test(arguments: [
      "__Secure-a=b; Secure", "__SECURE-a=b; Secure; Domain=example.com", "__Host-a=b; Secure; Path=/",
      "__host-a=b; Secure; Path=/; Domain=", "__Host-=b; Secure; Path=x", "__Host=b", "_Host-a=b", "a=__Host-b",
      "__Hosta-=b", "__Secure=b", "x__Host-a=b", "=b__Host-",
    ])
    func `a prefix whose promise is kept is no obstacle`(field: String) {
      bench.store(field)
      #expect(bench.jar.cookies.count == 1, "\(bench.reason)")
    }

    @Test(arguments: [
      "__Secure-a=b", "__sEcUrE-a=b; Domain=example.com", "__Host-a=b; Path=/", "__Host-a=b; Secure",
      "__Host-a=b; Secure; Path=/x", "__Host-a=b; Secure; Path=/; Domain=example.com", "__hOsT-a=b; Path=/",
      "__HOST-a=b; Secure; Path=/; Domain=example.com", "=__Host-a=b; Secure; Path=/", "__Host-a; Secure; Path=/",
      "=__secure-a=b; Secure", " = __Secure-a; Secure", "__Host-", "__Secure-=; Domain=example.com",
    ])
    func `a prefix promises what its cookie keeps, in upper and lower case`(field: String) {
      bench.store(field)
      #expect(bench.jar.cookies.isEmpty && bench.refused.count == 1)
    }

    // MARK: - Refusals

    @Test(arguments: [
      ("", "neither a name nor a value"), ("=; Path=/", "neither"), ("a=b\0", "control character"),
      ("a\tb=c", "tab"), ("a=b; Path=/x\ty", "tab"), ("a=b; Domain=com", "neither example.com nor"),
    ])
    func `a refusal tells the field and the reason`(field: String, words: String) {
      bench.store(field, from: "https://example.com/")
      #expect(bench.refused.map(\.cookie) == [field])
      let isPlain =
        bench.reason.contains(words) || words.contains("neither example.com") && bench.reason.contains("public suffix")
      #expect(isPlain, "\(bench.reason)")
    }

    @Test(arguments: [
      "", "example.com", "/x", "ftp://example.com/", "http://a b/", "http://u@example.com/", "http:///",
    ])
    func `an invalid URL stores nothing, sends nothing, and is reported`(url: String) {
      bench.store("a=b; Domain=example.com")
      bench.store("c=d", from: url)
      #expect(bench.jar.cookies.count == 1 && bench.refused.count == 1 && !bench.reason.isEmpty)
      #expect(bench.jar.cookieHeader(for: url) == nil && bench.jar["a", for: url] == nil)
    }

    @Test func `a program that does not ask for refusals gets no report`() {
      let jar = CookieJar()
      jar.store(setCookie: "a=b; Domain=com", from: "https://example.com/")
      jar.store(setCookie: "a=b", from: "nowhere")
      #expect(jar.isEmpty)
    }
  }
}

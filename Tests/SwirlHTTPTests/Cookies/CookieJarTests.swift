import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  /// RFC 6265bis §5.8.
  @Suite struct CookieJarTests {
    let bench = JarBench()
    var jar: CookieJar { bench.jar }

    // MARK: - Domain and path

    @Test func `a cookie of a host goes to that host alone`() {
      bench.store("a=b", from: "https://example.com/")
      #expect(jar.cookieHeader(for: "https://example.com:8443/x") == "a=b")
      #expect(jar.cookieHeader(for: "http://EXAMPLE.com/") == "a=b")
      for host in ["www.example.com", "ample.com", "example.com.", "com", "example.org", "xexample.com"] {
        #expect(jar.cookieHeader(for: "https://\(host)/") == nil)
      }
    }

    @Test func `a cookie of a domain goes to the hosts below it too`() {
      bench.store("a=b; Domain=example.com", from: "https://www.example.com/")
      for host in ["example.com", "www.example.com", "a.b.example.com", "X.Example.Com"] {
        #expect(jar.cookieHeader(for: "https://\(host)/") == "a=b")
      }
      for host in ["badexample.com", "example.com.evil.org", "com", "www.example.com.", "example.org"] {
        #expect(jar.cookieHeader(for: "https://\(host)/") == nil)
      }
    }

    @Test func `an address gets its own cookies`() {
      bench.store("a=b; Domain=127.0.0.1", from: "http://127.0.0.1/")
      bench.store("c=d", from: "http://[::1]:80/")
      #expect(jar.cookieHeader(for: "http://127.0.0.1:8080/") == "a=b")
      #expect(jar.cookieHeader(for: "https://[::1]/") == "c=d")
      for host in ["x.127.0.0.1", "0.0.1", "1", "[::2]", "[::ffff:127.0.0.1]"] {
        #expect(jar.cookieHeader(for: "http://\(host)/") == nil)
      }
    }

    @Test func `the path of the request decides, not its query`() {
      bench.store("a=b; Path=/x")
      for path in ["/x", "/x/", "/x/y", "/x?y", "/x#y"] {
        #expect(jar.cookieHeader(for: "https://example.com\(path)") == "a=b")
      }
      for path in ["/", "", "/xy", "/X", "/y/x", "?/x", "/%78"] {
        #expect(jar.cookieHeader(for: "https://example.com\(path)") == nil)
      }
    }

    @Test func `a secure cookie goes over secure connections only`() {
      bench.store("a=b; Secure")
      bench.store("c=d; Secure", from: "http://localhost/")
      #expect(jar.cookieHeader(for: "http://example.com/") == nil)
      #expect(jar.cookieHeader(for: "https://example.com/") == "a=b")
      #expect(jar.cookieHeader(for: "http://localhost:9/") == "c=d")
    }

    // MARK: - SameSite

    @Test(arguments: [
      ("Strict", ["GET": false, "HEAD": false, "POST": false]), ("Lax", ["GET": true, "HEAD": true, "POST": false]),
      ("None", ["GET": true, "HEAD": true, "POST": true]),
      ("x", ["GET": true, "OPTIONS": true, "TRACE": true, "PUT": false]),
      ("Lax", ["DELETE": false, "PATCH": false, "CONNECT": false, "get": false]),
    ])
    func `SameSite decides what goes with a request of another site`(value: String, goes: [String: Bool]) throws {
      bench.store("a=b; Secure; SameSite=\(value)")
      for (name, goes) in goes {
        let method = try #require(HTTPRequest.Method(rawValue: name))
        #expect(
          (jar.cookieHeader(for: "https://example.com/", isSameSite: false, method: method) != nil) == goes, "\(name)")
        #expect(jar.cookieHeader(for: "https://example.com/", method: method) == "a=b")
      }
    }

    // MARK: - Order

    @Test func `longer paths come first, then those that came earlier`() {
      bench.store("a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x; Domain=example.com", "e=5; Path=/x/y")
      bench.now -= 1000
      bench.store("f=6; Path=/", "a=7; Path=/")
      #expect(jar.cookieHeader(for: "https://example.com/x/y/z") == "b=2; e=5; c=3; d=4; a=7; f=6")
    }

    @Test func `a cookie without a name is its value, and one without a value its name`() {
      bench.store("x", "=y", "z=", "=v=w")
      #expect(jar.cookieHeader(for: "https://example.com/") == "v=w; z=")
    }

    // MARK: - Time

    @Test func `a cookie ends at its second`() {
      bench.store("a=b; Max-Age=10", "s=t")
      bench.now += 9
      #expect(jar.cookieHeader(for: "https://example.com/") == "a=b; s=t")
      bench.now += 1
      #expect(jar.cookieHeader(for: "https://example.com/") == "s=t")
      #expect(jar["a", for: "https://example.com/"] == nil && jar.cookies.count == 1)
      // It is removed, not hidden.
      bench.now -= 5
      #expect(jar.cookies.count == 1)
    }

    @Test func `an empty jar does not look at the clock`() {
      #expect(jar.cookieHeader(for: "https://example.com/") == nil)
      #expect(jar["a", for: "https://example.com/"] == nil)
      #expect(jar.cookies.isEmpty && jar.isEmpty && bench.clockReads == 0)
      bench.store("a=b")
      #expect(bench.clockReads == 1)
      jar.removeAll()
      #expect(jar.cookieHeader(for: "https://example.com/") == nil && bench.clockReads == 1)
    }

    @Test func `sending notes the time of use, looking does not`() throws {
      bench.store("a=b")
      bench.now += 5
      #expect(jar["a", for: "https://example.com/"]?.lastAccess == bench.now - 5)
      _ = jar.cookieHeader(for: "https://example.com/")
      let cookie = try bench.only()
      #expect(cookie.lastAccess == bench.now && cookie.creation == bench.now - 5)
    }

    @Test func `without a clock of its own a jar goes by that of the machine`() throws {
      let jar = CookieJar()
      jar.store(setCookie: "a=b; Max-Age=60", from: "https://example.com/")
      let cookie = try #require(jar.cookies.first)
      #expect(abs(cookie.creation - WallClock.now) <= 5 && cookie.expires == cookie.creation + 60)
    }

    @Test func `with a clock cookies expire by its time of day`() {
      let clock = TestClock(wallTime: .seconds(1_000_000_000))
      let jar = CookieJar(clock: clock)
      jar.store(setCookie: "a=b; Max-Age=60", from: "https://example.com/")
      #expect(jar.cookies.first?.expires == 1_000_000_060)
      clock.advance(by: .seconds(59))
      #expect(jar.cookieHeader(for: "https://example.com/") == "a=b")
      clock.advance(by: .seconds(1))
      #expect(jar.cookieHeader(for: "https://example.com/") == nil)
    }

    // MARK: - Looking and removing

    @Test func `a cookie is found by its name and where it goes`() {
      bench.store("a=1; Path=/", "a=2; Path=/x", "b=3; Domain=example.com")
      #expect(jar["a", for: "https://example.com/"]?.value == "1")
      #expect(jar["a", for: "https://example.com/x"]?.value == "2")
      #expect(jar["b", for: "https://www.example.com/"]?.value == "3")
      #expect(jar["a", for: "https://www.example.com/"] == nil && jar["A", for: "https://example.com/"] == nil)
    }

    @Test func `cookies are removed one by one, by a rule, with the session, and all`() throws {
      bench.store("a=1", "a=2; Path=/x", "b=3; Max-Age=9", "c=4; Secure; Max-Age=9")
      let first = try #require(jar["a", for: "https://example.com/"])
      bench.store("a=5")
      jar.remove(first)
      #expect(jar.cookies.map(\.pair) == ["a=2", "b=3", "c=4"])
      jar.remove(first)
      jar.removeAll { $0.isSecure }
      #expect(jar.cookies.map(\.pair) == ["a=2", "b=3"])
      jar.removeSessionCookies()
      #expect(jar.cookies.map(\.pair) == ["b=3"] && !jar.isEmpty)
      jar.removeAll()
      #expect(jar.isEmpty && jar.cookies.isEmpty)
    }

    @Test func `a rule that throws removes nothing, and one that looks into the jar finds it whole`() {
      struct Stop: Error {}
      bench.store("a=1", "b=2")
      #expect(throws: Stop.self) { try jar.removeAll { if $0.name == "b" { throw Stop() } else { true } } }
      #expect(jar.cookies.count == 2)
      jar.removeAll { _ in jar.cookies.count == 2 }
      #expect(jar.isEmpty)
    }

    @Test func `a jar can be changed while it tells of a refusal`() {
      jar.onRefused = { [unowned bench] _, _ in bench.jar.removeAll() }
      bench.store("a=b", "c=d; Domain=org")
      #expect(jar.isEmpty)
    }
  }
}

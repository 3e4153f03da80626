import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

extension CookieTests {
  /// RFC 6265bis §5.7 and §6.1: the order of eviction.
  @Suite struct CookieStoreTests {
    let bench = JarBench()
    var names: [String] { bench.jar.cookies.map(\.name) }

    @Test func `a domain has fifty cookies, and the one that was not used for the longest time goes`() {
      for number in 0..<50 { bench.store("c\(number)=x; Path=/\(number)") }
      _ = bench.jar.cookieHeader(for: "https://example.com/0")
      bench.store("d=x")
      #expect(names.count == 50 && names.contains("c0") && !names.contains("c1") && names.last == "d")
      bench.store("e=x")
      #expect(names.count == 50 && !names.contains("c2"))
      // Other domains, and subdomains, are counted separately.
      bench.store("f=x", from: "https://www.example.com/")
      #expect(names.count == 51 && bench.refused.isEmpty)
    }

    @Test func `expired cookies go first`() {
      for number in 0..<50 { bench.store("c\(number)=x\(number == 30 ? "; Max-Age=5" : "")") }
      bench.now += 5
      bench.store("d=x")
      #expect(names.count == 50 && names.contains("c0") && !names.contains("c30"))
    }

    @Test func `those that are not secure go before the secure ones`() {
      for number in 0..<50 { bench.store("c\(number)=x\(number == 30 ? "" : "; Secure")") }
      bench.store("d=x; Secure")
      #expect(names.count == 50 && names.contains("c0") && !names.contains("c30"))
      bench.store("e=x; Secure")
      #expect(names.count == 50 && !names.contains("c0") && bench.refused.isEmpty)
    }

    @Test func `a cookie that is evicted at once is reported as refused`() {
      for number in 0..<50 { bench.store("c\(number)=x; Secure") }
      bench.store("d=x")
      #expect(names.count == 50 && !names.contains("d"))
      #expect(bench.refused.map(\.cookie) == ["d=x"] && bench.reason.contains("50 secure cookies"))
    }

    @Test func `replacing needs no room`() {
      for number in 0..<50 { bench.store("c\(number)=x") }
      for number in 0..<50 { bench.store("c\(number)=y") }
      #expect(names.count == 50 && bench.jar.cookies.allSatisfy { $0.value == "y" })
    }

    @Test func `a jar has at least 3000 cookies and at most 3300`() {
      for number in 0..<3300 { bench.store("a=\(number)", from: "https://h\(number).example/") }
      #expect(bench.jar.cookies.count == 3300)
      #expect(bench.jar.cookieHeader(for: "https://h0.example/") == "a=0")
      bench.store("a=b", from: "https://one.more.example/")
      #expect(bench.jar.cookies.count == 3000)
      // Used last, so it stays; the three hundred after it are evicted.
      #expect(bench.jar.cookieHeader(for: "https://h0.example/") == "a=0")
      #expect(bench.jar.cookieHeader(for: "https://h301.example/") == nil)
      #expect(bench.jar.cookieHeader(for: "https://h302.example/") == "a=302")
      #expect(bench.jar.cookieHeader(for: "https://one.more.example/") == "a=b")
    }

    @Test func `when expired cookies make room nothing else goes`() {
      for number in 0..<3300 {
        bench.store("a=\(number)\(number % 2 == 0 ? "; Max-Age=5" : "")", from: "https://h\(number).example/")
      }
      bench.now += 5
      bench.store("a=b", from: "https://one.more.example/")
      #expect(bench.jar.cookies.count == 1651)
    }

    @Test func `a cookie is compared with those of related domains alone`() throws {
      var store = CookieStore()
      func add(_ domain: String) -> Bool {
        let cookie = Cookie(
          name: "a", value: "b", domain: domain, isHostOnly: true, path: "/", expires: nil, isSecure: true,
          isHTTPOnly: false, sameSite: .default, creation: 0, lastAccess: 0, rawPair: nil)
        return store.insert(cookie, at: 0)
      }
      for number in 0..<1000 { #expect(add("www.h\(number).example")) }
      #expect(add("h7.example") && add("a.b.h7.example") && add("10.0.0.7"))
      #expect(Set(store.related(to: "h7.example")) == ["h7.example", "example", "www.h7.example", "a.b.h7.example"])
      #expect(Set(store.related(to: "b.h7.example")) == ["b.h7.example", "h7.example", "example", "a.b.h7.example"])
      #expect(store.related(to: "0.7") == ["0.7"] && store.related(to: "10.0.0.7") == ["10.0.0.7"])
      #expect(store.related(to: "example").count == 1003)
      // What is removed is related no more.
      store.remove(from: "a.b.h7.example") { _ in true }
      store.removeAll { $0.cookie.domain == "www.h7.example" }
      #expect(Set(store.related(to: "h7.example")) == ["h7.example", "example"])
    }

    @Test func `a clock that is set back changes no order`() {
      for number in 0..<50 {
        bench.now -= 100
        bench.store("c\(number)=x")
      }
      bench.store("d=x")
      #expect(!names.contains("c0") && names.last == "d" && names.first == "c1")
    }
  }
}

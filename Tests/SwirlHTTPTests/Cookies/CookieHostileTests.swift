import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  /// The attacks of a malicious server.
  @Suite struct HostileTests {
    let bench = JarBench()

    @Test func `a megabyte of anything is refused or cut down, soon`() throws {
      let million = 1 << 20
      for unit in ["x", "; Domain=com", "\u{E4}", "; Expires=1 Jan 2030 00:00:00"] {
        let text = String(repeating: unit, count: million / unit.utf8.count)
        bench.store("a=\(text)", "a=b; \(text)", from: "https://example.com/")
        #expect(bench.jar.netscapeText.utf8.count < 40_000)
      }
      #expect(!bench.refused.isEmpty)
    }

    @Test func `a hundred thousand cookies of a host leave fifty`() {
      for number in 0..<100_000 { bench.store("c\(number)=x", from: "http://example.com/") }
      #expect(bench.jar.cookies.count == 50 && bench.jar.cookies.last?.name == "c99999")
    }

    @Test func `ten thousand hosts leave about three thousand cookies`() {
      bench.store("mine=1; Secure", from: "https://bank.example/")
      for number in 0..<10_000 {
        bench.store("c=x; Domain=h\(number).example.com", from: "http://h\(number).example.com/")
        if number % 1000 == 0 { _ = bench.jar.cookieHeader(for: "https://bank.example/") }
      }
      #expect((3000...3300).contains(bench.jar.cookies.count))
      // Cookies in use are not evicted.
      #expect(bench.jar.cookieHeader(for: "https://bank.example/") == "mine=1")
    }

    @Test func `no cookie breaks out of its line in the request`() {
      for end in ["\r", "\n", "\r\n", "\0", "\u{B}", "\u{C}", "\u{1B}", "\u{7F}"] {
        bench.store(
          "a=b\(end)Host: evil", "a\(end)x=b", "a=b; Path=/\(end)", "a=b; Domain=example.com\(end)", "\(end)a=b",
          "a=b\(end)")
      }
      #expect(bench.jar.isEmpty && bench.refused.count == 48)
    }

    @Test func `a host with as many dots as fit is looked up soon`() {
      bench.store("a=b; Domain=example.com")
      let host = String(repeating: "a.", count: 121) + "example.com"
      #expect(host.utf8.count <= 255 && bench.jar.cookieHeader(for: "https://\(host)/") == "a=b")
      let dots = String(repeating: ".", count: 255)
      bench.store("a=b; Domain=.", "a=b; Domain=..", "a=b; Domain=\(dots)", from: "https://\(dots)/")
      #expect(bench.jar.cookies.count == 1)
      #expect(bench.jar.cookieHeader(for: "https://\(dots)/") == nil)
    }

    @Test func `a name that C would cut at a zero is not asked for`() throws {
      bench.store("a=b; Domain=example.com\0.evil.org", from: "https://www.example.com/")
      #expect(bench.jar.isEmpty)
      try bench.jar.add(netscape: "com\0.example.org\tTRUE\t/\tFALSE\t0\ta\tb")
      #expect(bench.jar.isEmpty && bench.refused.count == 2)
    }

    @Test func `a public suffix in any spelling is not a domain`() {
      for suffix in [
        "com", "COM", ".com", "com.", ".com.", " com ", "\tcom", "co.uk", "Co.Uk", ".co.uk", "github.io", "XN--P1AI",
      ] {
        let name = suffix.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "." }).joined(
          separator: ".")
        for host in ["victim.\(name)", "victim.\(name)."] {
          bench.store("a=b; Domain=\(suffix)", from: "https://\(host)/")
        }
      }
      #expect(bench.jar.isEmpty && bench.refused.count == 24)
    }

    /// The main rule, for every Domain attribute: a host gets another host's cookie only if the cookie names a common
    /// parent domain that is not a public suffix.
    @Test func `what is stored goes only where it belongs`() throws {
      let hosts = [
        "com", "example.com", "www.example.com", "a.www.example.com", "evil.com", "evilexample.com", "example.org",
        "co.uk",
        "x.co.uk", "y.co.uk", "example.com.", "www.example.com.", "127.0.0.1", "x.127.0.0.1", "[::1]", "localhost",
        "a..com",
      ]
      var random = SeededGenerator(seed: 7)
      for _ in 0..<3000 {
        let from = hosts.randomElement(using: &random) ?? ""
        let named = hosts.randomElement(using: &random) ?? ""
        let to = hosts.randomElement(using: &random) ?? ""
        let bench = JarBench()
        bench.store("a=b; Domain=\(Bool.random(using: &random) ? "." : "")\(named)", from: "https://\(from)/")
        guard bench.jar.cookieHeader(for: "https://\(to)/") != nil, to != from else { continue }
        #expect(
          to.domainMatches(named) && from.domainMatches(named) && !PublicSuffixes.contains(named),
          "\(from) \(named) \(to)")
      }
    }
  }
}

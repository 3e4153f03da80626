import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  /// The file of curl and wget: domain, includes subdomains, path, secure, expires, name, value.
  @Suite struct NetscapeTests {
    let bench = JarBench()

    /// Loads lines into the bench's jar; the fields are written with `|` between them.
    func load(_ lines: String...) throws {
      try bench.jar.add(
        netscape: lines.joined(separator: "\n").split(separator: "|", omittingEmptySubsequences: false).joined(
          separator: "\t"))
    }

    @Test func `every field is written where curl looks for it`() {
      bench.store("a=b; Domain=example.com; Path=/x; Secure; HttpOnly; Max-Age=100", "s=t")
      #expect(
        bench.jar.netscapeText.split(separator: "\n").filter { !$0.hasPrefix("# ") } == [
          "#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t1700000100\ta\tb", "example.com\tFALSE\t/\tFALSE\t0\ts\tt",
        ])
      #expect(bench.jar.netscapeText.hasPrefix("# Netscape HTTP Cookie File\n"))
    }

    @Test func `a file of curl's is read`() throws {
      try load(
        "# Netscape HTTP Cookie File", "# https://curl.se/docs/http-cookies.html", "", "  ",
        "#HttpOnly_.Example.com|TRUE|/x|true|1700000100|a|b", "www.example.com|FALSE|/|FALSE|0|s|t", "# the end")
      #expect(
        bench.jar.cookies.map(\.description) == [
          "a=b; Domain=example.com; Path=/x; Expires=Tue, 14 Nov 2023 22:15:00 GMT; Secure; HttpOnly", "s=t; Path=/",
        ])
      #expect(bench.jar.cookieHeader(for: "https://www.example.com/x") == "a=b; s=t" && bench.refused.isEmpty)
      #expect(bench.jar.cookieHeader(for: "https://example.com/") == nil)
    }

    @Test func `what the format has room for comes back`() throws {
      bench.store(
        "a=b; Domain=example.com; Max-Age=100", "=nameless; Secure", "empty=", "tab=x\ty\tz", "c=d e; Path=/a;b",
        "u=日本\u{2028}\u{85}")
      bench.store("v6=1", from: "http://[2001:db8::1]/x;y/z")
      bench.store("dot=1; Domain=example.com.", from: "https://www.example.com./")
      let again = JarBench()
      try again.jar.add(netscape: bench.jar.netscapeText)
      #expect(again.jar.cookies == bench.jar.cookies && again.refused.isEmpty)
      #expect(again.jar.netscapeText == bench.jar.netscapeText)
    }

    @Test func `line ends of other systems are read, and one at the end need not be`() throws {
      try load("a.example|FALSE|/|FALSE|0|a|b\r", "b.example|FALSE|/|FALSE|0|c|d\r")
      #expect(bench.jar.cookies.map(\.value) == ["b", "d"])
    }

    @Test func `programs that write it in their own way are read`() throws {
      // No tab before an empty value; no dot before a domain; no brackets around an address, and hosts below it; wget's
      // ports.
      try load(
        "x.example|TRUE|/|FALSE|0|a", "::1|TRUE|/|FALSE|0|b|c", "127.0.0.1|TRUE|/|FALSE|0|d|e",
        "h.example:8099|FALSE|/|FALSE|0|f|g")
      #expect(
        bench.jar.cookies.map(\.description) == [
          "a=; Domain=x.example; Path=/", "b=c; Path=/", "d=e; Path=/", "f=g; Path=/",
        ])
      #expect(bench.jar.cookies.map(\.domain) == ["x.example", "[::1]", "127.0.0.1", "h.example"])
    }

    @Test(arguments: [
      ("x", "1 fields instead of 7"), ("x.example|TRUE|/|FALSE|0", "5 fields"),
      ("x.example TRUE / FALSE 0 a b", "1 fields"),
      ("x.example|YES|/|FALSE|0|a|b", "TRUE or FALSE"), ("x.example|TRUE|/|0|0|a|b", "TRUE or FALSE"),
      ("x.example|TRUE|/|FALSE|soon|a|b", "seconds"), ("x.example|TRUE|/|FALSE|-1|a|b", "seconds"),
      ("x.example|TRUE|/|FALSE||a|b", "seconds"), ("x.example|TRUE|/|FALSE|99999999999999999999|a|b", "seconds"),
      ("x.example|TRUE|x|FALSE|0|a|b", "path"), ("x.example|TRUE||FALSE|0|a|b", "path"),
      ("|TRUE|/|FALSE|0|a|b", "not a host"), ("..x.example|TRUE|/|FALSE|0|a|b", "not a host"),
      ("x.example:y|TRUE|/|FALSE|0|a|b", "not a host"), ("x/y|TRUE|/|FALSE|0|a|b", "not a host"),
      ("u@x|TRUE|/|FALSE|0|a|b", "not a host"), ("b\u{FC}cher.example|TRUE|/|FALSE|0|a|b", "not a host"),
      (".com|TRUE|/|FALSE|0|a|b", "public suffix"), ("co.uk.|TRUE|/|FALSE|0|a|b", "public suffix"),
      ("x.example|TRUE|/|FALSE|0||", "neither"), ("x.example|TRUE|/|FALSE|0|a|b\0", "control"),
      ("x.example|TRUE|/|FALSE|0|a=b|c", "separator"), ("x.example|TRUE|/|FALSE|0|a|b; c=d", "separator"),
      ("x.example|TRUE|/|FALSE|0|a;c|b", "separator"), ("x.example|TRUE|/|FALSE|0|a |b", "white space"),
      ("x.example|TRUE|/|FALSE|0|__Secure-a|b", "Secure"), ("x.example|TRUE|/|TRUE|0|__Host-a|b", "no Domain"),
      ("x.example|FALSE|/x|TRUE|0|__host-a|b", "Path=/"), ("x.example|FALSE|/|TRUE|0|| __Host-a=b", "white space"),
      ("x.example|FALSE|/|TRUE|0||__Host-a=b", "without a name"),
    ])
    func `a line that cannot be read is skipped and reported with its number`(line: String, words: String) throws {
      try load("# one", "good.example|FALSE|/|FALSE|0|a|b", line, "good.example|FALSE|/|FALSE|0|c|d")
      #expect(bench.jar.cookies.map(\.value) == ["b", "d"])
      #expect(
        bench.refused.count == 1 && bench.reason.hasPrefix("line 3: ") && bench.reason.contains(words),
        "\(bench.reason)")
    }

    @Test func `a value of 4096 bytes and more is skipped`() throws {
      try load(
        "x.example|FALSE|/|FALSE|0|a|\(String(repeating: "x", count: 4095))",
        "x.example|FALSE|/|FALSE|0|b|\(String(repeating: "x", count: 4096))")
      #expect(bench.jar.cookies.count == 1 && bench.reason.contains("4096"))
    }

    @Test func `another kind of file is an error that names its first line`() {
      for text in ["<html>\n<body>", "\n\nhello", "{}", "a=b; Path=/"] {
        do {
          _ = try CookieJar(netscape: text)
          Issue.record("it was read")
        } catch {
          #expect(error.code == .malformed && error.reason.contains(text.hasPrefix("\n") ? "line 3" : "line 1"))
        }
      }
    }

    @Test func `an empty file is an empty jar`() throws {
      for text in ["", "\n", "# Netscape HTTP Cookie File\n\n", "\r\n\r\n", CookieJar().netscapeText] {
        #expect(try CookieJar(netscape: text).isEmpty)
      }
    }

    @Test func `expired cookies are omitted, and late ones brought to 400 days`() throws {
      try load(
        "x.example|FALSE|/|FALSE|1|a|b", "x.example|FALSE|/|FALSE|1700000000|a|b",
        "x.example|FALSE|/|FALSE|9223372036854775807|c|d")
      #expect(bench.jar.cookies.map(\.expires) == [bench.now + Seconds.limit])
      #expect(bench.refused.isEmpty)
      #expect(bench.jar.netscapeText.contains("\t1734560000\tc\td\n"))
    }

    @Test func `a jar made of a text tells what it skipped`() throws {
      var lines: [String] = []
      let jar = try CookieJar(netscape: "x\na.example\tFALSE\t/\tFALSE\t0\ta\tb\n.com\tTRUE\t/\tFALSE\t0\ta\tb") {
        line, _ in
        lines.append(line)
      }
      #expect(lines == ["x", ".com\tTRUE\t/\tFALSE\t0\ta\tb"] && jar.cookies.count == 1)
    }
  }
}

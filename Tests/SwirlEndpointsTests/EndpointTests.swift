import SwirlEndpoints
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("tcp:8080", ["8080"], []),
    ("tcp:127.0.0.1:8080", ["127.0.0.1", "8080"], []),
    ("tcp:[::1]:8080", ["::1", "8080"], []),
    ("tcp:\\:\\:1:8080", ["::1", "8080"], []),
    ("unix:/run/a\\:b.sock", ["/run/a:b.sock"], []),
    ("unix:/a\\=b\\\\c", ["/a=b\\c"], []),
    ("tcp:80:interface=[2001:db8::1]:backlog=5", ["80"], ["interface 2001:db8::1", "backlog 5"]),
    ("tcp:80:interface=", ["80"], ["interface "]),
    // The value of an option may have an equals sign.
    ("tls:443:certificate=/a=b.pem", ["443"], ["certificate /a=b.pem"]),
    ("tcp:backlog=5:80", ["80"], ["backlog 5"]),
    ("tcp", [], []), ("tcp:", [], []), ("tcp::80", ["", "80"], []),
    ("unix:/ö/é.sock", ["/ö/é.sock"], []),
  ])
  func `A string is a kind, arguments and options`(text: String, arguments: [String], options: [String]) throws {
    let endpoint = try Endpoint(text)
    #expect(endpoint.arguments.map(\.text) == arguments)
    #expect(endpoint.options.map { "\($0.name.text) \($0.value.text)" } == options)
    #expect(endpoint.description == text)
  }

  @Test(arguments: [
    ("", "the kind is missing: there are", "^"),
    (":80", "the kind is missing: there are", "^"),
    ("http:80", "the kind \"http\" is not known: there are fd, ", "^^^^"),
    ("TCP:80", "the kind \"TCP\" is not known", "^^^"),
    ("tcp:[::1:80", "the bracket is not closed", "    ^^^^^^^"),
    ("tcp:[::1]80", "a colon follows the brackets of an address", "         ^"),
    ("tcp:80\\", "a backslash at the end has nothing to escape", "      ^"),
    ("tcp:80:=5", "an option has no name", "       ^"),
  ])
  func `A string that is none says what is wrong, and where`(text: String, reason: String, marks: String) throws {
    let error = #expect(throws: EndpointError.self) { try Endpoint(text) }
    let lines = error?.description.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    try #require(lines.count == 3)
    #expect(lines[0].hasPrefix(reason))
    #expect(lines[1] == "  \(text)")
    #expect(lines[2] == "  \(marks)")
  }

  @Test func `Any string is an endpoint or an error within it`() {
    let pieces = ["tcp", "tls", "unix", ":", ":", "=", "\\", "[", "]", "80", "a", "é", "\u{0}", "🧵", "interface", " "]
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0..<10)).map { _ in pieces.randomElement(using: &random)! }.joined()
      do { #expect(try Endpoint(text).text == text) } catch {
        #expect(error.range.lowerBound >= 0 && error.range.upperBound <= text.count + 1, "\(text.debugDescription)")
      }
    }
  }
}

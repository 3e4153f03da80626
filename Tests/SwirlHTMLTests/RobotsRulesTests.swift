import SwirlHTML
import Testing

@Suite struct RobotsRulesTests {
  private func rules(_ text: String, for agent: String = "swirl-crawler") -> RobotsRules {
    RobotsRules(Array(text.utf8), for: agent)
  }

  @Test func `the longest rule counts, of equal ones that which allows (RFC 9309 §2.2.2)`() {
    let rules = rules("User-agent: *\nDisallow: /a/\nAllow: /a/b\nAllow: /same\nDisallow: /same\n")
    #expect(rules.allows("http://h/"))
    #expect(!rules.allows("http://h/a/x"))
    #expect(rules.allows("http://h/a/bc"))
    #expect(rules.allows("http://h/same"))
  }

  @Test func `groups that name the crawler count, else those for all (RFC 9309 §2.2.1)`() {
    let text =
      "\u{FEFF}User-Agent: other\nUser-agent: Swirl-Crawler/1.0\ndisallow : /one # why\n\nUser-agent: *\nDisallow: /\nUser-agent: swirl-crawler\nDisallow: /two\n"
    let own = rules(text)
    #expect(!own.allows("http://h/one") && !own.allows("http://h/two") && own.allows("http://h/three"))
    let other = rules(text, for: "somebody")
    #expect(!other.allows("http://h/three") && other.allows("http://h/robots.txt"))
  }

  @Test(arguments: [
    ("/*.gif$", "/a/b.gif", false), ("/*.gif$", "/a/b.gifs", true), ("/*.gif", "/a.gifs", false),
    ("/a*b*c", "/aXbXbXc", false),
    ("/a*b*c$", "/abcbd", true), ("/$", "/", false), ("/$", "/a", true), ("", "/a", true), ("/a%3cd", "/a%3Cd", false),
    ("/%61", "/a", false), ("/\u{E4}", "/%C3%A4", false), ("/a?b", "/a?bc", false), ("*", "/x", false),
    ("/a-%2A.html", "/a-*.html", false), ("/a-%2A.html", "/a-b.html", true), ("/a-%24", "/a-$", false),
    ("/a$b", "/a$b", false), ("/a*b", "/a%2Ab", false), ("/%2a$", "/*", false),
  ])
  func `stars, ends and percent-encoding (RFC 9309 §2.2.2, §2.2.3)`(pattern: String, path: String, allows: Bool) {
    #expect(rules("User-agent: *\nDisallow: \(pattern)").allows("http://h\(path)") == allows)
  }

  @Test func `a rule that is cut off at the size limit is ignored`() {
    let head = "User-agent: *\nDisallow: /private\n#"
    let text = head + String(repeating: "x", count: 512 * 1024 - head.utf8.count - 12) + "\nDisallow: /no\n"
    #expect(rules(text).allows("http://h/x") && !rules(text).allows("http://h/private"))
  }

  @Test func `all and nothing`() {
    #expect(RobotsRules.allowAll.allows("http://h/x") && !RobotsRules.disallowAll.allows("http://h/x"))
    #expect(RobotsRules.disallowAll.allows("http://h/robots.txt"))
    #expect(rules("<html>no such page</html>").allows("http://h/x"))
  }

  @Test func `a pattern of stars takes no time to speak of`() {
    let rules = rules("User-agent: *\nDisallow: /\(String(repeating: "*a", count: 1000))b$")
    #expect(rules.allows("http://h/" + String(repeating: "a", count: 1900)))
  }
}

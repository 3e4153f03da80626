import Testing

@testable import SwirlHTTPCore

@Suite struct RouteTrieTests {
  private static func trie(_ patterns: [String]) throws -> (RouteTrie, [Int: String]) {
    var builder = RouteTrieBuilder()
    var names: [Int: String] = [:]
    for pattern in patterns { names[builder.insert(try RoutePattern(pattern))] = pattern }
    return (builder.makeTrie(), names)
  }

  /// All patterns that match, in the order of precedence.
  private static func matches(_ path: String, _ patterns: [String]) throws -> [String] {
    let (trie, names) = try trie(patterns)
    let found = trie.matches(path.utf8.span).map { names[$0]! }
    #expect(trie.match(path.utf8.span) { _ in true }.map { names[$0]! } == found.first)
    // A query is no part of a path.
    #expect(trie.match("\(path)?a/b=%zz".utf8.span) { _ in true }.map { names[$0]! } == found.first)
    for (index, name) in found.enumerated() {
      #expect(trie.match(path.utf8.span) { found.firstIndex(of: names[$0]!)! >= index }.map { names[$0]! } == name)
    }
    return found
  }

  private static let patterns = [
    "/", "/users", "/users/", "/users/me", "/users/{id}", "/users/{id}/posts", "/users/me/posts/{post}",
    "/users/{id}/posts/{post}", "/files/{path*}", "/files/{a}/b", "/files/x", "/café/{x}", "/a%2Fb", "/100%25",
    "/userscape", "/v1/items:batch",
  ]

  @Test(arguments: [
    ("/", ["/"]), ("/users", ["/users"]), ("/users/", ["/users/"]), ("/users/me", ["/users/me", "/users/{id}"]),
    ("/users/mexico", ["/users/{id}"]), ("/users/m", ["/users/{id}"]), ("/users//posts", []), ("/user", []),
    ("/users/7/posts", ["/users/{id}/posts"]), ("/users/me/posts", ["/users/{id}/posts"]),
    ("/users/me/posts/1", ["/users/me/posts/{post}", "/users/{id}/posts/{post}"]), ("/users/7/posts/", []),
    ("/files/", ["/files/{path*}"]), ("/files", []), ("/files/x", ["/files/x", "/files/{path*}"]),
    ("/files/x/b", ["/files/{a}/b", "/files/{path*}"]), ("/files/x/c", ["/files/{path*}"]),
    ("/files//b", ["/files/{path*}"]), ("/files/a/b/", ["/files/{path*}"]), ("/userscap", []),
    ("/userscape", ["/userscape"]), ("/v1/items:batch", ["/v1/items:batch"]), ("", []), ("users", []), ("//", []),
  ])
  func `literals come before parameters, and these before the rest`(_ path: String, _ expected: [String]) throws {
    #expect(try Self.matches(path, Self.patterns) == expected)
    // The order of insertion makes no difference.
    #expect(try Self.matches(path, Self.patterns.reversed()) == expected)
  }

  @Test(arguments: [
    ("/%75sers", ["/users"]), ("/caf%C3%A9/1", ["/café/{x}"]), ("/caf%c3%a9/%zz", ["/café/{x}"]),
    ("/users/a%2Fb", ["/users/{id}"]), ("/users%2Fme", []), ("/users/me%2Fposts", ["/users/{id}"]),
    ("/a%2fb", ["/a%2Fb"]), ("/a/b", []), ("/100%25", ["/100%25"]), ("/100%", []), ("/100%2525", []),
    ("/users/%", ["/users/{id}"]), ("/users/a%3Fb", ["/users/{id}"]),
    ("/files/%78", ["/files/x", "/files/{path*}"]), ("/files/%78/%62", ["/files/{a}/b", "/files/{path*}"]),
    ("/users/%6De", ["/users/me", "/users/{id}"]),
  ])
  func `percent-encoding makes no difference, but for slashes_RFC3986_2_2`(
    _ path: String, _ expected: [String]
  ) throws {
    #expect(try Self.matches(path, Self.patterns) == expected)
  }

  @Test func `a path is what a simple comparison of segments finds`() throws {
    var random = SystemRandomNumberGenerator()
    let words = ["a", "ab", "b", "abc", "ba"]
    for _ in 0..<300 {
      var patterns: Set<String> = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let count = Int.random(in: 1...4, using: &random)
        var path = (0..<count).map { index in
          Bool.random(using: &random) ? "/" + words.randomElement(using: &random)! : "/{p\(index)}"
        }.joined()
        if Int.random(in: 0..<4, using: &random) == 0 { path += "/{rest*}" }
        patterns.insert(path)
      }
      let list = Array(patterns)
      for _ in 0..<20 {
        let path = (0..<Int.random(in: 1...5, using: &random)).map { _ in "/" + words.randomElement(using: &random)! }
          .joined()
        #expect(
          Set(try Self.matches(path, list)) == Set(list.filter { Self.simpleMatch($0, path) }), "\(path) in \(list)")
      }
    }
  }

  private static func simpleMatch(_ pattern: String, _ path: String) -> Bool {
    let pattern = pattern.split(separator: "/")
    let path = path.split(separator: "/")
    for (index, part) in pattern.enumerated() {
      // All paths here have no slash at the end, which the rest of a path begins with.
      if part.hasSuffix("*}") { return path.count > index }
      guard index < path.count, part.hasPrefix("{") || part == path[index] else { return false }
    }
    return pattern.count == path.count
  }

  /// How many nodes a match looks at, among so many routes beside those of the test.
  private func work(_ path: String, among count: Int) throws -> Int {
    var patterns = ["/users/{id}", "/users/{id}/posts/{post}", "/static/{path*}"]
    for number in 0..<count { patterns.append("/service\(number)/{id}/part\(number % 7)") }
    let (trie, _) = try Self.trie(patterns)
    var work = 0
    #expect(trie.match(path.utf8.span, work: &work) { _ in true } != nil)
    return work
  }

  @Test(arguments: ["/users/123", "/users/123/posts/456", "/static/a/b/c.css", "/service7/1/part0"])
  func `a match costs the same with 10 and with 10,000 routes`(_ path: String) throws {
    let few = try work(path, among: 10)
    let many = try work(path, among: 10_000)
    // A node for each digit that tells routes apart, each found among ten.
    #expect(many <= few + 20, "\(few) and \(many)")
    #expect(many < 50)
  }

  @Test func `a path that almost matches is given up quickly`() throws {
    // Literal and parameter at each of twelve segments, where only the parameters lead on.
    var patterns: [String] = []
    for count in 1...12 { patterns.append(String(repeating: "/{a}", count: count).uniqueNames + "/a/x") }
    let (trie, _) = try Self.trie(patterns)
    var work = 0
    #expect(trie.match(String(repeating: "/a", count: 40).utf8.span, work: &work) { _ in true } == nil)
    #expect(work < 1000, "\(work)")
  }
}

extension String {
  /// Each `{a}` with a number.
  fileprivate var uniqueNames: String {
    var number = 0
    return split(separator: "/").map { part in
      number += 1
      return part == "{a}" ? "/{a\(number)}" : "/\(part)"
    }.joined()
  }
}

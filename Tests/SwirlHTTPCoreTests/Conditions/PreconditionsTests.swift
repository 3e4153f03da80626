import Testing

@testable import SwirlHTTPCore

@Suite struct PreconditionsTests {
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
  private static let seconds = 784_111_777
  private static let now = 2_000_000_000

  private func preconditions(_ fields: String, method: String = "GET") throws -> Preconditions {
    var parser = RequestParser(limits: HTTPLimits())
    var offset = 0
    let text = "\(method) / HTTP/1.1\r\nHost: a\r\n\(fields.isEmpty ? "" : fields + "\r\n")\r\n"
    guard case .head(let head) = try parser.next(Array(text.utf8).span, at: &offset) else {
      throw HTTPWireError(.badField, "no head")
    }
    return Preconditions(head)
  }

  @Test(
    arguments: [
      ("", .proceed),
      ("If-None-Match: \"a\"", .notModified), ("If-None-Match: W/\"a\"", .notModified),
      ("If-None-Match: \"b\", \"a\"", .notModified), ("If-None-Match: *", .notModified),
      ("If-None-Match: \"b\"", .proceed),
      ("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"", .notModified), ("If-None-Match: a", .proceed),
      ("If-Match: \"a\"", .proceed), ("If-Match: W/\"a\"", .failed), ("If-Match: \"b\"", .failed),
      ("If-Match: *", .proceed),
      ("If-Match: a", .failed),
      ("If-Modified-Since: \(date)", .notModified), ("If-Modified-Since: \(before)", .proceed),
      ("If-Modified-Since: yesterday", .proceed),
      ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", .notModified),
      ("If-Modified-Since: Sun Nov  6 08:49:37 1994", .notModified),
      ("If-Unmodified-Since: \(date)", .proceed), ("If-Unmodified-Since: \(before)", .failed),
      ("If-Unmodified-Since: yesterday", .proceed),
      // A tag comes before a time.
      ("If-None-Match: \"b\"\r\nIf-Modified-Since: \(date)", .proceed),
      ("If-None-Match: \"a\"\r\nIf-Modified-Since: \(before)", .notModified),
      ("If-Match: \"a\"\r\nIf-Unmodified-Since: \(before)", .proceed),
      // Both sides are checked, the match first.
      ("If-Match: \"a\"\r\nIf-None-Match: \"a\"", .notModified), ("If-Match: \"b\"\r\nIf-None-Match: \"a\"", .failed),
      ("If-Unmodified-Since: \(before)\r\nIf-Modified-Since: \(date)", .failed),
    ] as [(String, Preconditions.Outcome)])
  func `the order is that of RFC 9110 13_2_2`(fields: String, outcome: Preconditions.Outcome) throws {
    let preconditions = try preconditions(fields)
    #expect(
      preconditions.outcome(tag: EntityTag("a"), lastModified: Self.seconds, now: Self.now) == outcome)
  }

  @Test(
    arguments: [
      ("If-None-Match: \"a\"", .failed), ("If-None-Match: *", .failed), ("If-None-Match: \"b\"", .proceed),
      ("If-Modified-Since: \(date)", .proceed), ("If-Match: \"a\"", .proceed), ("If-Match: \"b\"", .failed),
    ] as [(String, Preconditions.Outcome)])
  func `a change is refused, never not modified`(fields: String, outcome: Preconditions.Outcome) throws {
    let preconditions = try preconditions(fields, method: "PUT")
    #expect(
      preconditions.outcome(tag: EntityTag("a"), lastModified: Self.seconds, now: Self.now) == outcome)
  }

  @Test func `what does not exist matches no tag`() throws {
    func outcome(_ fields: String) throws -> Preconditions.Outcome {
      try preconditions(fields, method: "PUT").outcome(tag: nil, lastModified: nil, exists: false, now: Self.now)
    }
    #expect(try outcome("If-None-Match: *") == .proceed)
    #expect(try outcome("If-Match: *") == .failed)
    #expect(try outcome("If-Unmodified-Since: \(Self.before)") == .proceed)
  }

  @Test(arguments: [
    ("\"a\"", true), ("W/\"a\"", false), ("\"b\"", false), (date, true), (before, false), ("yesterday", false),
    ("\"a\", \"b\"", false), ("*", false),
  ])
  func `If-Range needs a strong validator that is equal_RFC9110_13_1_5`(value: String, allows: Bool) throws {
    let preconditions = try preconditions("If-Range: \(value)")
    #expect(preconditions.allowsRange(tag: EntityTag("a"), lastModified: Self.seconds, now: Self.now) == allows)
  }

  @Test func `a tag that is weak, and a time of this second, allow no range`() throws {
    #expect(
      try !preconditions("If-Range: \"a\"")
        .allowsRange(tag: EntityTag("a", isWeak: true), lastModified: nil, now: Self.now))
    #expect(
      try !preconditions("If-Range: \(Self.date)").allowsRange(tag: nil, lastModified: Self.seconds, now: Self.seconds))
  }
}

import Testing

@testable import SwirlHTTPCore

@Suite struct EntityTagTests {
  @Test(arguments: [
    ("\"\"", "", false), ("\"a\"", "a", false), ("W/\"a\"", "a", true), ("\"a,b\"", "a,b", false),
    ("\"a\\\"", "a\\", false), ("\"!#~\"", "!#~", false),
  ])
  func `a tag is read, and written as it was`(field: String, value: String, isWeak: Bool) throws {
    let tag = try #require(EntityTag(parsing: field))
    #expect(tag.value == value && tag.isWeak == isWeak && tag.description == field)
  }

  @Test(arguments: [
    "", "a", "\"a", "a\"", "w/\"a\"", "W\"a\"", "W/a", "\"a b\"", "\"a\" ", "\"a\"b", "*", "\"a\u{7F}\"",
  ])
  func `what is no tag is nil`(field: String) { #expect(EntityTag(parsing: field) == nil) }

  @Test func `a tag of any text can be read again`() {
    for text in ["a", "a b", "\"", "ü", "\n", "\u{0}"] {
      let tag = EntityTag(text)
      #expect(EntityTag(parsing: tag.description) == tag)
    }
  }

  @Test func `strong and weak comparison are those of the table in RFC 9110 8_8_3_2`() {
    let (weak1, weak2) = (EntityTag("1", isWeak: true), EntityTag("2", isWeak: true))
    let strong1 = EntityTag("1")
    #expect(!weak1.matchesStrongly(weak1) && weak1.matchesWeakly(weak1))
    #expect(!weak1.matchesStrongly(weak2) && !weak1.matchesWeakly(weak2))
    #expect(!weak1.matchesStrongly(strong1) && weak1.matchesWeakly(strong1))
    #expect(strong1.matchesStrongly(strong1) && strong1.matchesWeakly(strong1))
  }

  @Test func `a hash is the same for the same bytes, and strong`() {
    #expect(EntityTag(hashing: [1, 2]) == EntityTag(hashing: [1, 2]))
    #expect(EntityTag(hashing: [1, 2]) != EntityTag(hashing: [2, 1]))
    #expect(EntityTag(hashing: []) != EntityTag(hashing: [0]))
    #expect(!EntityTag(hashing: []).isWeak)
  }

  @Test(
    arguments: [
      ("*", nil), (" * ", nil), ("\"a\"", ["\"a\""]), ("\"a\",\"b\"", ["\"a\"", "\"b\""]),
      ("W/\"a\" , , \"b,c\"", ["W/\"a\"", "\"b,c\""]), ("", []), (",,", []), ("a", []), ("\"a\", b, \"c\"", ["\"a\""]),
      ("*, \"a\"", []),
    ] as [(String, [String]?)])
  func `a list is read up to what is no tag`(field: String, tags: [String]?) {
    switch EntityTagList(field) {
    case .any: #expect(tags == nil)
    case .tags(let list): #expect(list.map(\.description) == tags)
    }
  }
}

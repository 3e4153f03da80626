import Testing

@testable import SwirlTLS

@Suite struct WildcardNameTests {
  @Test(arguments: [
    ("*.swirl.test", "a_b.swirl.test", true), ("*.swirl.test", "A-1_.SWIRL.test", true),
    ("*.Swirl.Test", "a_b.swirl.test", true), ("*.swirl.test", "a_b.c.swirl.test", false),
    ("*.swirl.test", ".swirl.test", false), ("*.swirl.test", "swirl.test", false),
    ("*.swirl.test", "a b.swirl.test", false), ("*.swirl.test", "a_b.swirl.tes", false),
    ("*.swirl.test", "*.swirl.test", false), ("*.swirl.test", "ä_b.swirl.test", false),
    ("*.a_b.test", "x_y.a_b.test", true),
  ])
  func `the star stands for one whole label`(_ name: String, _ host: String, matches: Bool) throws {
    let wildcard = try #require(WildcardName(Array(name.utf8)))
    #expect(wildcard.matches(host) == matches)
  }

  @Test(arguments: [
    "", "*", "*.", "*.test", "*.test.", "a*.swirl.test", "*a.swirl.test", "*.*.swirl.test", "swirl.test",
  ])
  func `names of another form are no wildcards`(_ name: String) {
    #expect(WildcardName(Array(name.utf8)) == nil)
  }
}

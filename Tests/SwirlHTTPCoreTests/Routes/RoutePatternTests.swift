import Testing

@testable import SwirlHTTPCore

@Suite struct RoutePatternTests {
  @Test(arguments: [
    ("", "does not begin with a slash"), ("users", "does not begin with a slash"), ("/a//b", "two slashes"),
    ("/a?b", "no query"), ("/a#b", "no fragment"), ("/../a", "clients resolve"), ("/a/.", "clients resolve"),
    ("/{id", "whole segment"), ("/{a}{b}", "whole segment"), ("/{name}.json", "whole segment"),
    ("/{}", "no name"), ("/{a b}", "no name"), ("/{*}", "no name"), ("/{a**}", "no name"),
    ("/{path*}/x", "not its last segment"), ("/{id}/x/{id}", "twice"), ("/{id}/{id*}", "twice"), ("/100%", "%25"),
    // As in other libraries.
    ("/:id", "written {id}"), ("/*", "written {path*}"), ("/**", "written {path*}"), ("/*path", "written {path*}"),
    ("/{path...}", "written {path*}"), ("/<int:id>", "written {id}"), ("/<path:p>", "written {p*}"),
    ("/<id>", "written {id}"),
  ])
  func `what is no pattern is refused, with the reason`(_ text: String, _ reason: String) throws {
    let error = #expect(throws: RoutePatternError.self) { try RoutePattern(text) }
    let description = try #require(error?.description)
    #expect(description.contains(reason) && description.contains("\"\(text)\""), "\(description)")
  }

  @Test(arguments: [
    ("/users/{id}", "id", "/users/7", "7"), ("/{a}/{b}/c", "b", "/x/y%2Fz/c", "y%2Fz"), ("/{p*}", "p", "/", ""),
    ("/{p*}", "p", "/a/b/", "a/b/"), ("/a/{p*}", "p", "/a/", ""), ("/a/{x}", "x", "/a/b/", "b"),
    ("/a/{x}", "y", "/a/b", nil),
  ])
  func `the value of a parameter is where the slashes say`(
    _ pattern: String, _ name: String, _ path: String, _ value: String?
  ) throws {
    let bytes = Array(path.utf8)
    let range = try RoutePattern(pattern).range(of: name, in: bytes.span)
    #expect(range.map { String(decoding: bytes[$0], as: UTF8.self) } == value)
  }

  @Test(arguments: [
    ("/users/{id}", ["id": "7"], "/users/7"), ("/users/{id}", ["id": "a/b c?"], "/users/a%2Fb%20c%3F"),
    ("/f/{p*}", ["p": "a b/c%"], "/f/a%20b/c%25"), ("/f/{p*}", ["p": ""], "/f/"), ("/f/{p*}", ["p": "/a"], "/f//a"),
    ("/{p*}", ["p": ""], "/"), ("/{p*}", ["p": "a//b"], "/a//b"), ("/{p*}", ["p": "\\evil.test"], "/%5Cevil.test"),
    ("/", [:], "/"),
    ("/café/{x}/", ["x": "ü"], "/caf%C3%A9/%C3%BC/"), ("/100%25/a%2Fb%3F", [:], "/100%25/a%2Fb%3F"),
    ("/v1/items:batch", [:], "/v1/items:batch"),
  ])
  func `a path is built from values`(_ pattern: String, _ values: [String: String], _ path: String) throws {
    #expect(try RoutePattern(pattern).path(values) == path)
  }

  @Test(arguments: [
    ("/users/{id}", [:], "{id} is missing"), ("/users/{id}", ["id": ""], "can't be the value"),
    ("/users/{id}", ["id": ".."], "can't be the value"), ("/f/{p*}", ["p": "a/../b"], "can't be the value"),
    ("/users", ["id": "7"], "no parameter {id}"), ("/{p*}", ["p": "/evil.test/x"], "another server"),
    ("/{p*}", ["p": "/"], "another server"),
  ])
  func `a path that would be another one is not built`(
    _ pattern: String, _ values: [String: String], _ reason: String
  ) throws {
    let error = #expect(throws: RoutePatternError.self) { try RoutePattern(pattern).path(values) }
    #expect(error?.description.contains(reason) == true)
  }
}

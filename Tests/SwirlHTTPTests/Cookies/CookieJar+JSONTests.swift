import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  @Suite struct JSONTests {
    let bench = JarBench()

    @Test func `everything comes back`() throws {
      bench.store(
        "a=b; Domain=example.com; Max-Age=100; SameSite=Strict", "=x; Secure; SameSite=None",
        "e=; HttpOnly; SameSite=Lax",
        "q=\"a\\\"\t日本\u{2028}/\"", "__Host-a=b; Secure; Path=/")
      bench.now += 7
      _ = bench.jar.cookieHeader(for: "https://example.com/")
      bench.store("late=1; Path=/x;y")
      let again = JarBench()
      again.now = bench.now
      try again.jar.add(json: bench.jar.json)
      #expect(again.jar.cookies == bench.jar.cookies && again.refused.isEmpty)
      #expect(again.jar.json == bench.jar.json)
      #expect(
        again.jar.cookieHeader(for: "https://example.com/") == bench.jar.cookieHeader(for: "https://example.com/"))
    }

    @Test func `bytes in a file that are not those of the name and value are refused`() throws {
      bench.jar.store(setCookie: Array("a=".utf8) + [0xE9], from: "https://example.com/")
      let json = bench.jar.json
      #expect(json.contains("\"rawPair\""))
      let again = JarBench()
      // 0x3B is a semicolon.
      try again.jar.add(json: json.replacing("233", with: "59"))
      #expect(again.jar.isEmpty && again.refused.count == 1)
    }

    @Test func `which was used last comes back too`() throws {
      for number in 0..<50 { bench.store("c\(number)=x; Path=/\(number)") }
      bench.now += 1
      _ = bench.jar.cookieHeader(for: "https://example.com/0")
      let again = JarBench()
      again.now = bench.now
      try again.jar.add(json: bench.jar.json)
      again.store("d=x")
      #expect(again.jar.cookies.count == 50 && again.jar.cookies[0].name == "c0" && again.jar.cookies[1].name == "c2")
    }

    @Test(arguments: [
      ("", CookieError.Code.malformed), ("[]", .malformed), ("{}", .malformed), ("null", .malformed),
      ("{\"version\":1}", .malformed), ("{\"version\":\"1\",\"cookies\":[]}", .malformed),
      ("{\"version\":1,\"cookies\":[{}]}", .malformed),
      ("{\"version\":1,\"cookies\":[]", .malformed), ("{\"version\":2,\"cookies\":7}", .unknownVersion),
      ("{\"version\":0,\"cookies\":[]}", .unknownVersion),
    ])
    func `what is not the JSON of a jar is an error`(text: String, code: CookieError.Code) {
      do {
        _ = try CookieJar(json: text)
        Issue.record("it was read")
      } catch {
        #expect(error.code == code && !error.reason.isEmpty)
      }
    }

    @Test func `JSON nested without end is an error`() {
      let deep = String(repeating: "[", count: 100_000)
      #expect(throws: CookieError.self) { try CookieJar(json: "{\"version\":1,\"cookies\":\(deep)") }
    }

    /// A valid cookie as JSON, with changes.
    static func file(_ changes: [String: String]) -> String {
      var fields = [
        "name": "\"a\"", "value": "\"b\"", "domain": "\"x.example\"", "isHostOnly": "true", "path": "\"/\"",
        "isSecure": "false",
        "isHTTPOnly": "false", "sameSite": "\"default\"", "creation": "1", "lastAccess": "1",
      ]
      fields.merge(changes) { _, new in new }
      let cookie = fields.map { "\"\($0)\":\($1)" }.joined(separator: ",")
      return "{\"version\":1,\"cookies\":[{\(cookie)}]}"
    }

    @Test func `a hand-written cookie is read`() throws {
      let jar = try CookieJar(json: Self.file([:]))
      #expect(jar.cookieHeader(for: "http://x.example/") == "a=b")
    }

    @Test(arguments: [
      ["domain": "\"com\"", "isHostOnly": "false"], ["domain": "\"X.example\""], ["domain": "\"x.example/\""],
      ["domain": "\"\""],
      ["domain": "\".x.example\""], ["domain": "\"x.example:80\""], ["domain": "\"127.0.0.1\"", "isHostOnly": "false"],
      ["name": "\"a\\r\\nb\""], ["value": "\"a\\u0000\""], ["value": "\"x; y=z\""], ["name": "\"a=b\""],
      ["name": "\"\"", "value": "\"\""],
      ["name": "\" __Host-a\""], ["name": "\"__Host-a\""], ["sameSite": "\"none\""], ["path": "\"\""],
      ["path": "\"/\\n\""],
      ["domain": "\"com\"", "isHostOnly": "false", "expires": "-9223372036854775808"],
      ["domain": "\"com\"", "isHostOnly": "false", "expires": "9223372036854775807"],
    ])
    func `what no server could set is skipped and reported`(changes: [String: String]) throws {
      try bench.jar.add(json: Self.file(changes))
      #expect(bench.jar.isEmpty && bench.refused.count == 1 && !bench.reason.isEmpty)
    }

    @Test func `times that no clock has do no harm`() throws {
      for time in ["-9223372036854775808", "9223372036854775807", "0"] {
        try bench.jar.add(json: Self.file(["creation": time, "lastAccess": time, "expires": "9223372036854775807"]))
        let cookie = try bench.only()
        #expect(cookie.expires == bench.now + Seconds.limit && !cookie.description.isEmpty)
      }
      try bench.jar.add(json: Self.file(["expires": "-9223372036854775808"]))
      #expect(bench.jar.isEmpty)
      #expect(throws: CookieError.self) { try bench.jar.add(json: Self.file(["creation": "1e300"])) }
    }
  }
}

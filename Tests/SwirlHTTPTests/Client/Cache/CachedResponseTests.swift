import HTTPTypes
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite struct CachedResponseTests {
    private let now = 1_000_000_000

    private func head(_ fields: String, status: String = "200 OK") -> ResponseHead {
      let lines = fields.split(separator: "\n").map { "\($0)\r\n" }.joined()
      return ResponseHead(stored: Array("HTTP/1.1 \(status)\r\n\(lines)\r\n".utf8))!
    }

    private func kept(_ fields: String, status: String = "200 OK", took: Int = 0) -> CachedResponse {
      CachedResponse(
        head(fields, status: status), [], isHead: false, isDecoded: false, variant: [], requestTime: now - took,
        responseTime: now)!
    }

    private func control(_ text: String...) -> CacheControl {
      var fields = HTTPFields()
      for value in text { fields.append(HTTPField(name: .cacheControl, value: value)) }
      return CacheControl(fields)
    }

    // MARK: - Directives

    @Test(arguments: [
      ("max-age=10", 10), ("MAX-AGE=10", 10), ("max-age=\"10\"", 10), (" foo , max-age=10,", 10),
      ("a=\"b,max-age=1\", max-age=10", 10), ("a=\"\\\",\", max-age=10", 10), ("max-age=10, max-age=20", 10),
      ("max-age=9223372036854775808", 1 << 31), ("max-age=99999999999999999999999999999", 1 << 31), ("max-age=0", 0),
      ("max-age=0000000000000000000000000000010", 10),
    ])
    func `a number of seconds is read, however it is written`(text: String, seconds: Int) {
      #expect(control(text).seconds("max-age") == seconds)
    }

    @Test(arguments: [
      "max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=1s", "max-age= 10", "max-age =10", "max-age=10;x",
      "max-age=\"10", "max-age='10'", "max-age=0x10", "max-age=+10", "max-age=١", "max-age=\"\"",
    ])
    func `what is no number is present, and invalid`(text: String) {
      #expect(control(text).has("max-age") && control(text).seconds("max-age") == nil)
      #expect(kept("Cache-Control: \(text)\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT").lifetime == 0)
    }

    @Test(arguments: ["", ",", ",,,", "=", "=1", "\"", "\"no-store", "x\"y\"", ";;;", "\\", "a=\"\\"])
    func `nonsense is passed over`(text: String) {
      #expect(!control(text).has("no-store") && !control(text).has("max-age"))
      #expect(control(text, "max-age=5").seconds("max-age") == 5)
    }

    @Test func `an old client's no-cache counts where there is no newer word`() {
      var fields: HTTPFields = [HTTPField.Name("Pragma")!: "no-cache"]
      #expect(CacheControl(fields).has("no-cache"))
      fields[.cacheControl] = "max-age=1"
      #expect(!CacheControl(fields).has("no-cache"))
    }

    // MARK: - Freshness

    @Test(arguments: [
      ("Cache-Control: max-age=60", 60), ("Cache-Control: s-maxage=60", 0),
      ("Cache-Control: max-age=60, s-maxage=5", 60),
      ("Expires: Sun, 09 Sep 2001 01:47:40 GMT", 60),
      ("Date: Sun, 09 Sep 2001 01:46:00 GMT\nExpires: Sun, 09 Sep 2001 01:47:00 GMT", 60),
      ("Cache-Control: max-age=60\nExpires: Sun, 09 Sep 2001 09:46:40 GMT", 60), ("Expires: 0", 0), ("Expires: -1", 0),
      ("Expires: Sun, 09 Sep 2001 01:47:40 CET", 0),
      ("Cache-Control: max-age=x\nExpires: Sun, 09 Sep 2001 01:47:40 GMT", 0),
      ("Expires: Sun Sep  9 01:47:40 2001", 60), ("Expires: Sunday, 09-Sep-01 01:47:40 GMT", 60),
      ("Date: Sun, 09 Sep 2001 01:46:40 GMT\nLast-Modified: Sun, 09 Sep 2001 01:30:00 GMT", 100),
      ("Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", 7 * 86_400), ("Last-Modified: Sun, 09 Sep 2001 01:47:40 GMT", 0),
      ("Last-Modified: rubbish", 0), ("X: y", 0),
      ("Expires: Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799 - 1_000_000_000),
    ])
    func `how long it is fresh`(fields: String, seconds: Int) { #expect(kept(fields).lifetime == seconds) }

    @Test(arguments: [
      ("404 No", 100), ("204 None", 100), ("410 Gone", 100), ("302 Found", 0), ("500 Oops", 0), ("201 Made", 0),
    ])
    func `a guess is made for some statuses only`(status: String, seconds: Int) {
      #expect(kept("Last-Modified: Sun, 09 Sep 2001 01:30:00 GMT", status: status).lifetime == seconds)
    }

    @Test(arguments: [
      ("X: y", 0, 0), ("Age: 30", 0, 30), ("Age: 30", 5, 35), ("Age: -30", 0, 0), ("Age: x", 0, 0),
      ("Age: 10, 30", 0, 10),
      ("Age: 10\nAge: 30", 0, 10), ("Age: 9223372036854775808", 0, 1 << 31),
      ("Date: Sun, 09 Sep 2001 01:46:00 GMT", 0, 40),
      ("Date: Sun, 09 Sep 2001 01:46:00 GMT\nAge: 50", 3, 53), ("Date: Sun, 09 Sep 2001 02:46:00 GMT", 0, 0),
      ("Date: rubbish", 0, 0), ("Age: 1.5", 0, 0), ("X: y", -100, 0),
    ])
    func `how old it is when it comes`(fields: String, took: Int, age: Int) {
      let response = kept(fields, took: took)
      #expect(response.initialAge == age)
      #expect(response.age(at: now + 7) == age + 7)
      #expect(response.age(at: now - 1000) == age, "a clock that was put back makes nothing younger")
    }

    @Test(arguments: [
      // Ten seconds old, fresh for sixty.
      (10, "max-age=60", "", "fresh"), (60, "max-age=60", "", "validated"), (10, "max-age=60", "no-cache", "validated"),
      (10, "max-age=60", "max-age=10", "fresh"), (11, "max-age=60", "max-age=10", "validated"),
      (0, "max-age=60", "max-age=x", "validated"), (10, "max-age=60", "min-fresh=50", "fresh"),
      (11, "max-age=60", "min-fresh=50", "validated"), (10, "max-age=60", "min-fresh=x", "validated"),
      (10, "max-age=60", "min-fresh=9223372036854775807", "validated"), (70, "max-age=60", "max-stale", "stale"),
      (70, "max-age=60", "max-stale=10", "stale"), (71, "max-age=60", "max-stale=10", "validated"),
      (70, "max-age=60", "max-stale=x", "validated"), (70, "max-age=60, must-revalidate", "max-stale", "validated"),
      (10, "max-age=60, must-revalidate", "", "fresh"), (10, "max-age=60, no-cache", "", "validated"),
      (10, "max-age=60, no-cache=\"set-cookie\"", "max-stale", "validated"),
      (70, "max-age=60, proxy-revalidate", "max-stale", "stale"),
      (70, "max-age=60, stale-while-revalidate=10", "", "staleWhileRevalidating"),
      (71, "max-age=60, stale-while-revalidate=10", "", "validated"),
      (70, "max-age=60, stale-while-revalidate=x", "", "validated"),
      (70, "max-age=60, stale-while-revalidate=10, must-revalidate", "", "validated"),
      (70, "max-age=60, stale-while-revalidate=10", "no-cache", "validated"),
      (0, "max-age=0", "", "validated"), (10, "max-age=60, immutable", "", "fresh"),
    ])
    func `what a request and its answer allow`(age: Int, given: String, asked: String, use: String) {
      #expect("\(kept("Cache-Control: \(given)").use(for: control(asked), at: now + age))" == use)
    }

    @Test(arguments: [
      ("max-age=60, stale-if-error=10", "", 70, true), ("max-age=60, stale-if-error=10", "", 71, false),
      ("max-age=60", "stale-if-error=10", 70, true), ("max-age=60", "", 70, false),
      ("max-age=60, stale-if-error=10, must-revalidate", "", 70, false),
      ("max-age=60, stale-if-error=-1", "", 60, false),
      ("max-age=60, stale-if-error=10", "no-cache", 70, false),
    ])
    func `when it is better than an error`(given: String, asked: String, age: Int, may: Bool) {
      #expect(kept("Cache-Control: \(given)").mayReplaceError(for: control(asked), at: now + age) == may)
    }

    // MARK: - Storing

    @Test(arguments: [
      ("Cache-Control: max-age=60", "", "200 OK", true), ("Cache-Control: no-store, max-age=60", "", "200 OK", false),
      ("Cache-Control: No-Store", "", "200 OK", false), ("Cache-Control: private, max-age=60", "", "200 OK", true),
      ("Cache-Control: max-age=60", "no-store", "200 OK", false), ("Cache-Control: max-age=60", "", "206 Part", false),
      ("Cache-Control: max-age=60", "", "304 Same", false), ("ETag: \"a\"", "", "200 OK", true),
      ("X: y", "", "200 OK", false),
      ("ETag: \"a\"", "", "201 Made", false), ("ETag: \"a\"\nCache-Control: public", "", "201 Made", true),
      ("Cache-Control: max-age=60", "", "302 Found", true), ("Cache-Control: max-age=60\nVary: *", "", "200 OK", false),
      ("Cache-Control: max-age=60\nVary: Accept, *", "", "200 OK", false),
      ("Cache-Control: max-age=60, no-store, must-understand", "", "200 OK", true),
      ("Cache-Control: max-age=60, no-store, must-understand", "", "299 Odd", false),
      ("Cache-Control: max-age=60\nCache-Control: no-store", "", "200 OK", false),
      ("Cache-Control: no-cache\nETag: \"a\"", "", "200 OK", true), ("Cache-Control: max-age=0", "", "200 OK", false),
    ])
    func `what may be kept`(fields: String, asked: String, status: String, may: Bool) {
      #expect(CachedResponse.isStorable(head(fields, status: status), asked: control(asked)) == may)
    }

    @Test func `fields of the connection are not kept, and what a 304 brings replaces the rest`() throws {
      let before = kept(
        """
        Connection: X-Hop, close\nX-Hop: 1\nKeep-Alive: 5\nAge: 5\nX-Old: 1\nX-Old: 2\nX-Kept: 1\nContent-Length: 3
        Content-Encoding: gzip\nCache-Control: max-age=60\nDate: Sun, 09 Sep 2001 01:00:00 GMT
        """)
      #expect(
        before.head.fields.map(\.name.canonicalName) == [
          "x-old", "x-old", "x-kept", "content-length", "content-encoding", "cache-control", "date",
        ])
      let update = head("X-Old: 3\nContent-Length: 99\nContent-Encoding: br\nCache-Control: max-age=5\nX-New: 1")
      let after = try #require(before.updated(by: update, requestTime: now + 100, responseTime: now + 100))
      #expect(after.head["x-old"] == "3" && after.head.fields[values: .init("X-Old")!].count == 1)
      #expect(after.head["content-length"] == "3" && after.head["content-encoding"] == "gzip")
      #expect(after.head["x-kept"] == "1" && after.head["x-new"] == "1" && after.head["date"] == nil)
      #expect(after.lifetime == 5 && after.age(at: now + 101) == 1)
    }
  }
}

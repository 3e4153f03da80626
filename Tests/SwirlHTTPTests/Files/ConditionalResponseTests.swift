import Swirl
import Testing

@Suite struct ConditionalResponseTests {
  private func answer(
    _ response: HTTPServer.Response, _ headers: HTTPFields, method: HTTPRequest.Method = .get, modified: Int? = nil
  ) throws -> HTTPServer.Response {
    response.conditional(
      for: try HTTPServer.Request("/", method: method, headers: headers), lastModified: modified)
  }

  private let response = HTTPServer.Response.text("0123456789")
    .with(.eTag, "\"a\"").with(.cacheControl, "max-age=1").with(.vary, "Cookie").with(.contentLanguage, "en")

  @Test func `a 304 has the fields that a cache needs, and none that describe content_RFC9110_15_4_5`() throws {
    let same = try answer(response, [.ifNoneMatch: "W/\"a\""], modified: 784_111_777)
    #expect(same.status == .notModified && same.body == [])
    #expect(same.headers == [.eTag: "\"a\"", .cacheControl: "max-age=1", .vary: "Cookie"])
    let byTime = try answer(
      .text("x"), [.ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT"], modified: 784_111_777)
    #expect(byTime.status == .notModified && byTime.headers[.lastModified] == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test func `without a condition it is sent, and says that it has ranges`() throws {
    let plain = try answer(response, [:], modified: 784_111_777)
    #expect(plain.status == .ok && plain.text == "0123456789")
    #expect(plain.headers[.acceptRanges] == "bytes")
    #expect(plain.headers[.lastModified] == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test func `parts of content in memory`() throws {
    let part = try answer(response, [.range: "bytes=2-4"])
    #expect(part.status == .partialContent && part.text == "234" && part.headers[.contentRange] == "bytes 2-4/10")
    #expect(part.headers[.contentType] == "text/plain; charset=utf-8" && part.headers[.eTag] == "\"a\"")
    let none = try answer(response, [.range: "bytes=10-"])
    #expect(none.status == .rangeNotSatisfiable && none.headers[.contentRange] == "bytes */10")
    #expect(try answer(response, [.range: "bytes=10-"], method: .head).status == .ok)
    #expect(try answer(response, [.range: "bytes=2-4", .ifRange: "\"b\""]).status == .ok)
    #expect(try answer(response, [.range: "bytes=2-4", .ifNoneMatch: "\"a\""]).status == .notModified)
  }

  @Test func `an error, a stream and another method are left alone`() throws {
    let error = try answer(response.with(.eTag, "\"a\""), [.ifNoneMatch: "\"a\""], method: .post)
    #expect(error.status == .ok && error.headers[.acceptRanges] == nil)
    let missing = try answer(.text("x", status: .notFound).with(.eTag, "\"a\""), [.ifNoneMatch: "\"a\""])
    #expect(missing.status == .notFound)
    let stream = try answer(.stream { $0.end() }, [.range: "bytes=0-1"])
    #expect(stream.status == .ok && stream.headers[.acceptRanges] == nil)
  }

  @Test func `a change of another version is refused before it is made`() throws {
    func check(_ headers: HTTPFields, tag: String?) throws {
      try HTTPServer.Request("/", method: .put, headers: headers)
        .checkPreconditions(tag: tag.map { EntityTag($0) })
    }
    try check([:], tag: "a")
    try check([.ifMatch: "\"a\""], tag: "a")
    try check([.ifNoneMatch: "*"], tag: nil)
    for (headers, tag) in [
      ([.ifMatch: "\"b\""], "a"), ([.ifMatch: "*"], nil), ([.ifNoneMatch: "*"], "a"),
    ] as [(HTTPFields, String?)] {
      let error = #expect(throws: HTTPServer.StatusError.self) { try check(headers, tag: tag) }
      #expect(error?.status == .preconditionFailed)
    }
  }
}

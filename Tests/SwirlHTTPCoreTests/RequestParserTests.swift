import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct RequestParserTests {
  @Test("A request with neither length nor coding has no content (RFC 9112 §6.3 (7))")
  func noContent() {
    expectRequests("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", ["head GET /a?b none", "end"])
    expectRequests("BREW / HTTP/1.0\r\n\r\n", ["head BREW / none", "end"])
  }

  @Test("A request's content ends by length or by chunks (RFC 9112 §6.3)")
  func content() {
    expectRequests(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", ["head POST / contentLength(3)", "data abc", "end"])
    expectRequests(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      ["head POST / chunked", "data abc", "end"])
  }

  @Test("Requests may come one behind the other (RFC 9112 §9.3.2)")
  func pipelining() {
    let one = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
    let two = "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    expectRequests(
      one + two + one,
      [
        "head GET /1 none", "end", "head PUT /2 contentLength(2)", "data hi", "end", "head GET /1 none", "end",
      ])
  }

  @Test("One empty line before a request line is skipped, not two (RFC 9112 §2.2)")
  func emptyLineBefore() {
    expectRequests("\r\nGET / HTTP/1.0\r\n\r\n", ["head GET / none", "end"])
    expectRequests("\r\n\r\nGET / HTTP/1.0\r\n\r\n", ["error badStartLine 400"])
    expectRequests("\nGET / HTTP/1.0\r\n\r\n", ["error badStartLine 400"])
    expectRequests("GET / HTTP/1.0\r\n\r\n\r\n", ["head GET / none", "end"], close: true)
  }

  @Test(
    "The framing leaves no doubt, or the request is refused (RFC 9112 §6.1, §6.3)",
    arguments: [
      ("Content-Length: 2\r\nTransfer-Encoding: chunked", "badFraming 400"),
      ("Transfer-Encoding: chunked\r\nContent-Length: 2", "badFraming 400"),
      ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "badFraming 400"),
      ("Transfer-Encoding: chunked, chunked", "badFraming 400"),
      ("Transfer-Encoding: chunked, gzip", "badFraming 400"),
      ("Transfer-Encoding: chunked,", "badFraming 400"),
      ("Transfer-Encoding: , chunked", "badFraming 400"),
      ("Transfer-Encoding:", "badFraming 400"),
      ("Transfer-Encoding: chunked;a=b", "badFraming 400"),
      ("Transfer-Encoding: chunked foo", "badFraming 400"),
      ("Transfer-Encoding: \"chunked\"", "badFraming 400"),
      ("Transfer-Encoding: xchunked", "badFraming 400"),
      ("Transfer-Encoding: identity", "badFraming 400"),
      ("Transfer-Encoding: gzip", "badFraming 400"),
      ("Transfer-Encoding: gzip, chunked", "unsupportedTransferCoding 501"),
      ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "unsupportedTransferCoding 501"),
      ("Content-Length: 5, 5", "badFraming 400"),
      ("Content-Length: 5\r\nContent-Length: 5", "badFraming 400"),
      ("Content-Length: 5\r\nContent-Length: 6", "badFraming 400"),
      ("Content-Length:", "badFraming 400"),
      ("Content-Length: +5", "badFraming 400"),
      ("Content-Length: -1", "badFraming 400"),
      ("Content-Length: 0x5", "badFraming 400"),
      ("Content-Length: 5 5", "badFraming 400"),
      ("Content-Length: 5.0", "badFraming 400"),
      ("Content-Length: 9223372036854775808", "badFraming 400"),
      ("Content-Length: 18446744073709551617", "badFraming 400"),
      ("Content-Length: 340282366920938463463374607431768211461", "badFraming 400"),
    ])
  func framing(fields: String, error: String) {
    expectRequests("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n", ["error " + error])
  }

  @Test("A transfer coding in 1.0 is refused (RFC 9112 §6.1)")
  func codingInOldVersion() {
    expectRequests("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ["error badFraming 400"])
  }

  @Test("A CONNECT request has no content (RFC 9110 §9.3.6)")
  func connect() {
    expectRequests("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", ["head CONNECT a:1 none", "end"])
    for fields in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
      expectRequests("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\(fields)\r\n\r\n", ["error badFraming 400"])
    }
  }

  @Test(
    "A 1.1 request has one Host that is a host (RFC 9112 §3.2)",
    arguments: [
      ("Host: x.org:80", nil), ("Host: [::1]:80", nil), ("Host: [v1.a:b]", nil), ("Host:", nil), ("Host: x:", nil),
      ("HOST: a_b", nil), ("Host: %41", nil),
      ("X: y", "badHost 400"), ("Host: x\r\nHost: x", "badHost 400"), ("Host: x\r\nHost: y", "badHost 400"),
      ("Host: x/y", "badHost 400"), ("Host: u@x", "badHost 400"), ("Host: a b", "badHost 400"), ("Host: a,b", nil),
      ("Host: x:65536", "badHost 400"), ("Host: x:8o", "badHost 400"), ("Host: [::1", "badHost 400"),
      ("Host: []", "badHost 400"), ("Host: ::1", "badHost 400"), ("Host: \u{e9}", "badHost 400"),
      ("Host: :80", "badHost 400"),
    ])
  func host(field: String, error: String?) {
    expectRequests(
      "GET / HTTP/1.1\r\n\(field)\r\n\r\n", error.map { ["error " + $0] } ?? ["head GET / none", "end"])
  }

  @Test("A 1.0 request needs no Host, but may not have two")
  func hostInOldVersion() {
    expectRequests("GET / HTTP/1.0\r\n\r\n", ["head GET / none", "end"])
    expectRequests("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", ["error badHost 400"])
  }

  @Test("A close in the middle of a request is an error, between requests it is clean (RFC 9112 §8)")
  func closed() {
    expectRequests("", [], close: true)
    expectRequests("\r", [], close: true)
    expectRequests("\r\n", [], close: true)
    expectRequests("G", ["error incomplete 400"], close: true)
    expectRequests(
      "PUT / HTTP/1.0\r\nContent-Length: 2\r\n\r\na",
      ["head PUT / contentLength(2)", "data a", "error incomplete 400"],
      close: true)
  }

  @Test("The limit on content is checked after the head, so that a server can set it by the route")
  func bodyLimitByRoute() throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 2
    let bytes = Array("PUT /big HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc".utf8)
    var parser = RequestParser(limits: limits)
    var offset = 0
    _ = try parser.next(bytes.span, at: &offset)
    #expect(parser.remainingLength == nil)
    parser.limits.bodyBytes = 3
    #expect(parser.remainingLength == 3)
    guard case .data(let range) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no content")
      return
    }
    #expect(range.count == 3)
  }

  @Test("The empty line that may stand before a request does not begin one (RFC 9112 §2.2)")
  func emptyLineIsIdle() throws {
    var parser = RequestParser()
    for (byte, isIdle) in zip(Array("\r\nG".utf8), [true, true, false]) {
      let read = [byte]
      var offset = 0
      _ = try parser.next(read.span, at: &offset)
      #expect(parser.isIdle == isIdle)
    }
  }
}

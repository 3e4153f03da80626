import HTTPTypes
import SwirlHTTPCore
import Testing

/// Each limit is reached exactly, and exceeded by one.
@Suite struct LimitsTests {
  @Test("A head may fill its limit and no more: 431 (RFC 6585 §5)")
  func headBytes() {
    let head = "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"
    var limits = HTTPLimits()
    limits.headBytes = head.utf8.count
    expectRequests(head, ["head GET / none", "end"], limits: limits)
    limits.headBytes -= 1
    expectRequests(head, ["error headTooLarge 431"], limits: limits)
    expectRequests("GET / HTTP/1.1\r\n" + String(repeating: "a", count: 40), ["error headTooLarge 431"], limits: limits)
  }

  @Test("A request line may fill its limit and no more: 414 (RFC 9112 §3)")
  func requestLineBytes() {
    var limits = HTTPLimits()
    limits.requestLineBytes = 20
    expectRequests("GET /1234 HTTP/1.0\r\n\r\n", ["head GET /1234 none", "end"], limits: limits)
    expectRequests("\r\nGET /1234 HTTP/1.0\r\n\r\n", ["head GET /1234 none", "end"], limits: limits)
    expectRequests("GET /12345 HTTP/1.0\r\n\r\n", ["error requestLineTooLong 414"], limits: limits)
    expectRequests("GET /" + String(repeating: "a", count: 20), ["error requestLineTooLong 414"], limits: limits)
  }

  @Test("The default request line is at least 8,000 bytes (RFC 9112 §3)")
  func defaultRequestLine() {
    let path = "/" + String(repeating: "a", count: 7_900)
    expectRequests("GET \(path) HTTP/1.0\r\n\r\n", ["head GET \(path) none", "end"])
  }

  @Test("So many fields and no more: 431 (RFC 6585 §5)")
  func fieldCount() {
    var limits = HTTPLimits()
    limits.fieldCount = 2
    expectRequests("GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\n\r\n", ["head GET / none", "end"], limits: limits)
    expectRequests("GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", ["error tooManyFields 431"], limits: limits)
    let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\nB: 2\r\n"
    expectResponses(body + "\r\n", ["head 200 chunked", "end A=1 B=2"], limits: limits)
    expectResponses(body + "C: 3\r\n\r\n", ["head 200 chunked", "error tooManyFields 502"], limits: limits)
  }

  @Test("No setting lets in more fields than HTTPFields can hold")
  func fieldCountIsCapped() throws {
    var limits = HTTPLimits()
    limits.fieldCount = .max
    limits.headBytes = .max
    let bytes = Array(("GET / HTTP/1.0\r\n" + String(repeating: "a:\r\n", count: 70_000) + "\r\n").utf8)
    #expect(requestTranscript([bytes], limits: limits) == ["error tooManyFields 431"])
  }

  @Test("Content of known length beyond the limit is refused before any of it is taken: 413 (RFC 9110 §15.5.14)")
  func bodyBytes() {
    var limits = HTTPLimits()
    limits.bodyBytes = 3
    let put = "PUT / HTTP/1.1\r\nHost: x\r\n"
    expectRequests(
      put + "Content-Length: 3\r\n\r\nabc", ["head PUT / contentLength(3)", "data abc", "end"], limits: limits)
    expectRequests(
      put + "Content-Length: 4\r\n\r\nabcd", ["head PUT / contentLength(4)", "error bodyTooLarge 413"], limits: limits)
    expectRequests(
      put + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
      ["head PUT / chunked", "data abc", "end"],
      limits: limits)
    expectRequests(
      put + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
      ["head PUT / chunked", "data ab", "error bodyTooLarge 413"], limits: limits)
    expectRequests(
      put + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", ["head PUT / chunked", "error bodyTooLarge 413"],
      limits: limits)
  }

  @Test("Content that lasts until the close is limited too")
  func bodyBytesUntilClose() {
    var limits = HTTPLimits()
    limits.bodyBytes = 3
    let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    #expect(
      responseTranscript([head, Array("abc".utf8)], limits: limits, close: true)
        == ["head 200 untilClose", "data abc", "end"])
    #expect(
      responseTranscript([head, Array("abc".utf8), Array("d".utf8)], limits: limits, close: true)
        == ["head 200 untilClose", "data abc", "error bodyTooLarge 502"])
    #expect(
      responseTranscript([head, Array("abcd".utf8)], limits: limits, close: true)
        == ["head 200 untilClose", "data abc", "error bodyTooLarge 502"])
  }

  @Test("An answer to HEAD has no content to limit")
  func bodyBytesOfHead() {
    var limits = HTTPLimits()
    limits.bodyBytes = 3
    expectResponses(
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", ["head 200 none", "end"], methods: [.head], limits: limits)
  }

  @Test("A chunk's line, and all extensions together, are limited (RFC 9112 §7.1.1)")
  func chunkLines() {
    var limits = HTTPLimits()
    limits.chunkLineBytes = 8
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    expectResponses(head + "1;abcd\r\nx\r\n0\r\n\r\n", ["head 200 chunked", "data x", "end"], limits: limits)
    expectResponses(head + "1;abcde\r\nx\r\n0\r\n\r\n", ["head 200 chunked", "error badChunk 502"], limits: limits)
    expectResponses(head + "1;abcdefghij", ["head 200 chunked", "error badChunk 502"], limits: limits)
    limits.chunkExtensionBytes = 6
    expectResponses(
      head + "1;ab\r\nx\r\n1;ab\r\ny\r\n0\r\n\r\n", ["head 200 chunked", "data xy", "end"], limits: limits)
    expectResponses(
      head + "1;ab\r\nx\r\n1;abc\r\ny\r\n0\r\n\r\n", ["head 200 chunked", "data x", "error badChunk 502"],
      limits: limits)
  }

  @Test("A trailer section may fill its limit and no more: 431 (RFC 6585 §5)")
  func trailerBytes() {
    var limits = HTTPLimits()
    limits.trailerBytes = 10
    let start = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    expectRequests(start + "Ab: cd\r\n\r\n", ["head PUT / chunked", "end Ab=cd"], limits: limits)
    expectRequests(start + "Ab: cde\r\n\r\n", ["head PUT / chunked", "error headTooLarge 431"], limits: limits)
    expectRequests(start + "Abcdefghijklm", ["head PUT / chunked", "error headTooLarge 431"], limits: limits)
  }

  @Test(
    "A head that drips in byte by byte costs no more than its length: a mebibyte is soon read", .timeLimit(.minutes(10))
  )
  func drip() throws {
    var limits = HTTPLimits()
    limits.headBytes = .max
    var parser = RequestParser(limits: limits)
    let value = [UInt8](repeating: 120, count: 1 << 20)
    let bytes = Array("GET / HTTP/1.0\r\nA: ".utf8) + value + Array("\r\n\r\n".utf8)
    var head: RequestHead?
    for byte in bytes {
      let read = [byte]
      var offset = 0
      if case .head(let complete) = try parser.next(read.span, at: &offset) { head = complete }
    }
    #expect(head?["a"]?.utf8.count == value.count)
  }
}

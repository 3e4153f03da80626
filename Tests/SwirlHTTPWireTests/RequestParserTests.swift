import HTTPTypes
import SwirlHTTPWire
import Testing

@Suite struct RequestParserTests {
  @Test("A request with neither length nor coding has no content (RFC 9112 §6.3 (7))")
  func noContent() {
    expectRequests("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", ["head GET /a?b none", "end"])
  }

  @Test("Chunks are put together, extensions dropped, trailers handed on (RFC 9112 §7.1)")
  func chunked() {
    expectRequests(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b;c\"\r\nhello\r\n1 ; x\r\n!\r\n0\r\nX: y\r\n\r\n",
      ["head POST / chunked", "data hello!", "end X=y"])
  }
}

import HTTPTypes
import SwirlHTTPWire
import Testing

@Suite struct ResponseParserTests {
  @Test("A response of known length ends after that many bytes (RFC 9112 §6.3 (6))")
  func contentLength() {
    expectResponses(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ["head 200 contentLength(5)", "data hello", "end"])
  }
}

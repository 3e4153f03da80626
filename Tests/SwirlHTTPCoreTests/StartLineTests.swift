import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct StartLineTests {
  @Test(
    "A status line is a version, three digits and perhaps a reason (RFC 9112 §4)",
    arguments: [
      ("HTTP/1.1 204 No Content", "head 204 none"), ("HTTP/1.1 204 ", "head 204 none"),
      ("HTTP/1.1 204", "head 204 none"),
      ("HTTP/1.0 304 \u{e9}\t!", "head 304 none"), ("HTTP/1.9 304 x", "head 304 none"),
      ("HTTP/1.1 099 x", "error badStartLine 502"), ("HTTP/1.1 000 x", "error badStartLine 502"),
      ("HTTP/1.1 1000 x", "error badStartLine 502"), ("HTTP/1.1 20 x", "error badStartLine 502"),
      ("HTTP/1.1 2x4 x", "error badStartLine 502"), ("HTTP/1.1  204 x", "error badStartLine 502"),
      ("HTTP/1.1 204x", "error badStartLine 502"), ("HTTP/1.1 -20 x", "error badStartLine 502"),
      ("HTTP/2.0 204 x", "error unsupportedVersion 502"), ("HTTP/0.9 204 x", "error unsupportedVersion 502"),
      ("http/1.1 204 x", "error badStartLine 502"), ("HTTP/1.10 204 x", "error badStartLine 502"),
      ("HTTP/11 204 x", "error badStartLine 502"), ("ICY 200 OK", "error badStartLine 502"),
      ("HTTP/1.x 204 x", "error badStartLine 502"), ("HTTP/x.1 204 x", "error badStartLine 502"),
      ("HTTP/1,1 204 x", "error badStartLine 502"), (" HTTP/1.1 204 x", "error badStartLine 502"),
      ("", "error badStartLine 502"), ("HTTP/1.1", "error badStartLine 502"),
      ("HTTP/1.1 204 a\u{7f}b", "error badStartLine 502"), ("HTTP/1.1 204 a\0b", "error badStartLine 502"),
      ("HTTP/1.1 204 a\rb", "error badStartLine 502"),
    ])
  func statusLine(line: String, expected: String) {
    expectResponses(line + "\r\n\r\n", expected.hasPrefix("head") ? [expected, "end"] : [expected])
  }

  @Test("The highest status is 999 (RFC 9110 §15)")
  func highestStatus() {
    expectResponses("HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", ["head 999 contentLength(0)", "end"])
  }

  @Test(
    "A request line is a method, a target and a version with one space between them (RFC 9112 §3)",
    arguments: [
      ("GET / HTTP/1.0", "head GET / none"), ("GET / HTTP/1.7", "badHost 400"),
      ("!#$%&'*+-.^_`|~aZ9 / HTTP/1.0", "head !#$%&'*+-.^_`|~aZ9 / none"), ("get / HTTP/1.0", "head get / none"),
      ("GET  / HTTP/1.0", "badStartLine 400"), ("GET /  HTTP/1.0", "badStartLine 400"),
      ("GET\t/ HTTP/1.0", "badStartLine 400"),
      ("GET / HTTP/1.0 ", "badStartLine 400"), (" GET / HTTP/1.0", "badStartLine 400"), ("GET /", "badStartLine 400"),
      ("GET / ", "badStartLine 400"), ("GET", "badStartLine 400"), ("GET HTTP/1.0", "badStartLine 400"),
      ("G(T / HTTP/1.0", "badStartLine 400"), ("G\u{e9}T / HTTP/1.0", "badStartLine 400"),
      ("GET / HTTP/2.0", "unsupportedVersion 505"), ("GET / HTTP/0.9", "unsupportedVersion 505"),
      ("GET / HTTP/3.0", "unsupportedVersion 505"), ("GET / HTTP/11.", "badStartLine 400"),
      ("GET / HTTP/1.10", "badStartLine 400"), ("GET / http/1.0", "badStartLine 400"),
      ("GET / HTTX/1.0", "badStartLine 400"),
      ("GET / HTTP/-1.0", "badStartLine 400"), ("GET / HTTP/1.0\rX", "badStartLine 400"),
      ("GET /\0 HTTP/1.0", "badStartLine 400"),
    ])
  func requestLine(line: String, expected: String) {
    expectRequests(line + "\r\n\r\n", expected.hasPrefix("head") ? [expected, "end"] : ["error " + expected])
  }

  @Test(
    "A target has one of four forms, by its method (RFC 9112 §3.2)",
    arguments: [
      ("GET /a/../b?c=d%20&e", true), ("GET //x", true), ("GET /?", true), ("GET /{}|\"<>", true),
      ("GET http://x/a?b", true), ("GET http://x", true), ("GET http://x?y", true), ("GET http://[::1]:8/", true),
      ("GET a+b-c.1://x/", true), ("OPTIONS *", true), ("OPTIONS /", true), ("CONNECT x:443", true),
      ("CONNECT [::1]:443", true),
      ("GET *", false), ("GET x", false), ("GET x:443", false), ("GET http:/x", false), ("GET http://", false),
      ("GET http:///x", false), ("GET http://u@x/", false), ("GET http://u:p@x/", false), ("GET 1http://x/", false),
      ("GET ://x/", false), ("GET /a#b", false), ("GET /\u{e9}", false), ("GET /a\tb", false),
      ("GET http://x:99999/", false),
      ("CONNECT /", false), ("CONNECT x", false), ("CONNECT x:", false), ("CONNECT :443", false),
      ("CONNECT http://x:443", false), ("CONNECT x:443/", false), ("CONNECT *", false), ("OPTIONS **", false),
      ("GET ?a", false),
    ])
  func target(methodAndTarget: String, isValid: Bool) {
    expectRequests(
      methodAndTarget + " HTTP/1.0\r\n\r\n",
      isValid ? ["head \(methodAndTarget) none", "end"] : ["error badTarget 400"])
  }
}

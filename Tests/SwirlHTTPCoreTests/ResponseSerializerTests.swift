import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct ResponseSerializerTests {
  private let serializer = ResponseSerializer()

  @Test("A response is its line, the fields and the framing (RFC 9112 §4)")
  func heads() throws {
    #expect(
      try serialized { try serializer.appendHead(200, framing: .contentLength(0), to: &$0) }
        == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let encoded = try EncodedFields([.server: "s"])
    #expect(
      try serialized {
        try serializer.appendHead(
          statusCode: 404, fields: [.contentType: "text/plain"], encoded: encoded, framing: .chunked, to: &$0)
      }
        == "HTTP/1.1 404 Not Found\r\nServer: s\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(
      try serialized {
        try serializer.appendHead(statusCode: 299, reason: "So\tSo", framing: .contentLength(1), to: &$0)
      }
        == "HTTP/1.1 299 So\tSo\r\nContent-Length: 1\r\n\r\n")
    #expect(
      try serialized { try serializer.appendHead(299, framing: .contentLength(1), to: &$0) }
        == "HTTP/1.1 299 \r\nContent-Length: 1\r\n\r\n")
    #expect(
      try serialized { try serializer.appendHead(100, framing: .none, to: &$0) } == "HTTP/1.1 100 Continue\r\n\r\n")
  }

  @Test(
    "Connection is sent where its fate is not what the client expects (RFC 9112 §9.3)",
    arguments: [
      (HTTPVersion.http11, true, nil), (.http11, false, "close"), (.http10, true, "keep-alive"),
      (.http10, false, "close"),
    ])
  func connection(version: HTTPVersion, isPersistent: Bool, expected: String?) throws {
    let serializer = ResponseSerializer(version: version, isPersistent: isPersistent)
    let head = try serialized { try serializer.appendHead(200, framing: .contentLength(1), to: &$0) }
    let connection = expected.map { "Connection: \($0)\r\n" } ?? ""
    #expect(head == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\(connection)\r\n")
  }

  @Test("A response that lasts until the close says so once")
  func untilClose() throws {
    let head = try serialized {
      try ResponseSerializer(isPersistent: false).appendHead(200, framing: .untilClose, to: &$0)
    }
    #expect(head == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
  }

  @Test(
    "A framing that the response can't have is refused (RFC 9112 §6)",
    arguments: [
      (100, BodyFraming.contentLength(0), HTTPRequest.Method.get), (101, .chunked, .get),
      (204, .contentLength(0), .get),
      (204, .chunked, .get), (200, .none, .get), (404, .none, .get), (200, .contentLength(0), .connect),
      (404, .none, .connect), (200, .contentLength(-1), .get),
    ])
  func impossibleFraming(status: Int, framing: BodyFraming, method: HTTPRequest.Method) {
    expectRefused(.contradictoryFraming) {
      try ResponseSerializer(answering: method).appendHead(statusCode: status, framing: framing, to: &$0)
    }
  }

  @Test("A 1.0 client gets no chunks (RFC 9112 §6.1)")
  func oldClient() {
    expectRefused(.contradictoryFraming) {
      try ResponseSerializer(version: .http10).appendHead(200, framing: .chunked, to: &$0)
    }
  }

  @Test(
    "A framing without content goes with HEAD and 304 (RFC 9110 §8.6)",
    arguments: [
      (200, BodyFraming.contentLength(5), HTTPRequest.Method.head), (200, .none, .head), (200, .chunked, .head),
      (304, .contentLength(5), .get), (304, .none, .get), (204, .none, .get), (200, .none, .connect),
    ])
  func possibleFraming(status: Int, framing: BodyFraming, method: HTTPRequest.Method) throws {
    var output: [UInt8] = []
    try ResponseSerializer(answering: method).appendHead(statusCode: status, framing: framing, to: &output)
    #expect(!output.isEmpty)
  }

  @Test("A status or reason that can't be sent is refused (RFC 9110 §15)")
  func badStatus() {
    for status in [99, 1000, -200, 0] {
      expectRefused(.invalidOutput) {
        try serializer.appendHead(statusCode: status, framing: .contentLength(0), to: &$0)
      }
    }
    for reason in ["a\r\nX: y", "a\n", "\0", "\u{7f}"] {
      expectRefused(.invalidOutput) {
        try serializer.appendHead(statusCode: 200, reason: reason, framing: .contentLength(0), to: &$0)
      }
    }
  }

  @Test("A serializer made for a request knows its method, version and persistence")
  func answering() throws {
    var parser = RequestParser()
    var offset = 0
    let bytes = Array("HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(
      ResponseSerializer(answering: head) == ResponseSerializer(answering: .head, version: .http10, isPersistent: true))
  }
}

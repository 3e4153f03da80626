import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct ResponseParserTests {
  @Test("A response of known length ends after that many bytes (RFC 9112 §6.3 (6))")
  func contentLength() {
    expectResponses(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ["head 200 contentLength(5)", "data hello", "end"])
    expectResponses("HTTP/1.1 200 OK\r\ncontent-LENGTH:\t 0 \r\n\r\n", ["head 200 contentLength(0)", "end"])
  }

  @Test("A chunked response ends with its last chunk and trailers (RFC 9112 §7.1)")
  func chunked() {
    expectResponses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
      ["head 200 chunked", "data hello!", "end"])
  }

  @Test("A response with neither lasts until the connection closes (RFC 9112 §6.3 (8))")
  func untilClose() {
    expectResponses("HTTP/1.1 200 OK\r\n\r\nhello", ["head 200 untilClose", "data hello", "end"], close: true)
    expectResponses("HTTP/1.1 200 OK\r\n\r\n", ["head 200 untilClose", "end"], close: true)
  }

  @Test("204, 304 and answers to HEAD have no content, whatever their fields say (RFC 9112 §6.3 (1))")
  func noContent() {
    expectResponses("HTTP/1.1 204 No Content\r\n\r\n", ["head 204 none", "end"])
    expectResponses("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", ["head 304 none", "end"])
    expectResponses(
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", ["head 200 none", "end"], methods: [.head])
    expectResponses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ["head 200 none", "end"], methods: [.head])
  }

  @Test("What was expected holds for one response only")
  func expectationIsForOneResponse() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    expectResponses(
      response + response + "x", ["head 200 none", "end", "head 200 contentLength(1)", "data x", "end"],
      methods: [.head])
  }

  @Test("Informational responses come before the answer and don't use up what was expected (RFC 9110 §15.2)")
  func informational() {
    expectResponses(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      ["informational 100", "informational 103", "head 200 none", "end"], methods: [.head])
  }

  @Test("Too many informational responses are an error")
  func tooManyInformational() {
    var limits = HTTPLimits()
    limits.informationalResponses = 2
    let one = "HTTP/1.1 102 Processing\r\n\r\n"
    expectResponses(
      one + one + one, ["informational 102", "informational 102", "error tooManyInformational 502"], limits: limits)
    expectResponses(
      one + one + "HTTP/1.1 204 No\r\n\r\n" + one + "HTTP/1.1 204 No\r\n\r\n",
      ["informational 102", "informational 102", "head 204 none", "end", "informational 102", "head 204 none", "end"],
      limits: limits)
  }

  @Test("After 101, and after a 2xx to CONNECT, the bytes are another protocol's (RFC 9112 §6.3 (2))")
  func upgraded() {
    expectResponses(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\u{1}\n",
      [
        "upgraded 101", "other protocol: \u{1}\n",
      ])
    expectResponses(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ["upgraded 200", "other protocol: abc"], methods: [.connect])
    expectResponses(
      "HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nabc", ["head 407 contentLength(3)", "data abc", "end"],
      methods: [.connect])
  }

  @Test("After an upgrade the parser takes no more bytes")
  func afterUpgrade() throws {
    var parser = ResponseParser()
    var offset = 0
    let bytes = Array("HTTP/1.1 101 S\r\n\r\nxyz".utf8)
    _ = try parser.next(bytes.span, at: &offset)
    #expect(offset == bytes.count - 3)
    #expect(throws: HTTPWireError.self) { try parser.next(bytes.span, at: &offset) }
    #expect(offset == bytes.count - 3)
    #expect(!parser.isIdle)
    #expect(!parser.isPersistent)
  }

  @Test(
    "A coding other than chunked was not asked for (RFC 9112 §6.1)", arguments: ["gzip", "gzip, chunked", "identity"])
  func otherCodings(coding: String) {
    expectResponses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: \(coding)\r\n\r\n", ["error unsupportedTransferCoding 502"])
  }

  @Test("The same length twice is one length in a response; two lengths are an error (RFC 9110 §8.6)")
  func repeatedLength() {
    let expected = ["head 200 contentLength(2)", "data ab", "end"]
    expectResponses("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab", expected)
    expectResponses("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", expected)
    for fields in ["Content-Length: 2, 3", "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2,"] {
      expectResponses("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\nab", ["error badFraming 502"])
    }
  }

  @Test("Both a length and a coding, or a coding in 1.0, are an error even without content (RFC 9112 §6.1, §6.3)")
  func ambiguous() {
    for head in [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
    ] {
      expectResponses(head + "\r\n\r\n", ["error badFraming 502"])
      expectResponses(head + "\r\n\r\n", ["error badFraming 502"], methods: [.head])
    }
  }

  @Test(
    "A close before the end says what was missing (RFC 9112 §8)",
    arguments: [
      ("HTTP/1.1 20", "closed in the middle of a response head, after 11 bytes"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "closed in the middle of a body of 9 bytes, 3 received"),
      (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "closed in the middle of a chunked body, 3 bytes received"
      ),
      ("HTTP/1.1 100 Continue\r\n\r\n", "closed after an informational response"),
    ])
  func closedEarly(text: String, message: String) throws {
    expectResponses(text, responseTranscript([Array(text.utf8)]) + ["error incomplete 502"], close: true)
    var parser = ResponseParser()
    var offset = 0
    let bytes = Array(text.utf8)
    while offset < bytes.count { _ = try parser.next(bytes.span, at: &offset) }
    let error = #expect(throws: HTTPWireError.self) { try parser.endOfInput() }
    #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test("A close between responses is clean")
  func closedWhenIdle() {
    expectResponses("HTTP/1.1 204 No\r\n\r\n", ["head 204 none", "end"], close: true)
    expectResponses("", [], close: true)
  }

  @Test("An error is thrown again, and the connection is not used again")
  func errorsStay() {
    var parser = ResponseParser()
    let bad = Array("NOPE\r\n".utf8)
    let good = Array("HTTP/1.1 204 No\r\n\r\n".utf8)
    var offset = 0
    let first = #expect(throws: HTTPWireError.self) { try parser.next(bad.span, at: &offset) }
    offset = 0
    let second = #expect(throws: HTTPWireError.self) { try parser.next(good.span, at: &offset) }
    let third = #expect(throws: HTTPWireError.self) { try parser.endOfInput() }
    #expect(first == second)
    #expect(first == third)
    #expect(!parser.isPersistent)
  }

  @Test(
    "A connection persists by version, options and framing (RFC 9112 §9.3)",
    arguments: [
      ("HTTP/1.1 204 No\r\n", true),
      ("HTTP/1.1 204 No\r\nConnection: close\r\n", false),
      ("HTTP/1.1 204 No\r\nConnection: x, CLOSE ,y\r\n", false),
      ("HTTP/1.1 204 No\r\nConnection: keep-alive\r\nConnection: close\r\n", false),
      ("HTTP/1.1 204 No\r\nConnection: closed\r\n", true),
      ("HTTP/1.0 204 No\r\n", false),
      ("HTTP/1.0 204 No\r\nConnection: Keep-Alive\r\n", true),
      ("HTTP/1.0 204 No\r\nConnection: keep-alive, close\r\n", false),
      ("HTTP/1.1 200 OK\r\n", false),
      ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", false),
    ])
  func persistence(head: String, expected: Bool) throws {
    var parser = ResponseParser()
    var offset = 0
    let bytes = Array((head + "\r\n").utf8)
    guard case .head(let response) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(response.isPersistent == expected)
    #expect(parser.isPersistent == expected)
  }

  @Test("Content of known length may be read past the parser, and is counted")
  func advance() throws {
    var parser = ResponseParser()
    var offset = 0
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".utf8)
    #expect(parser.remainingLength == nil)
    _ = try parser.next(bytes.span, at: &offset)
    #expect(parser.remainingLength == 10)
    _ = try parser.next(bytes.span, at: &offset)
    #expect(parser.remainingLength == 7)
    parser.advance(by: 7)
    #expect(parser.remainingLength == 0)
    #expect(!parser.isIdle)
    guard case .end(nil) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no end")
      return
    }
    #expect(parser.isIdle)
  }

  @Test("A parser is idle between responses, and only there")
  func idle() throws {
    var parser = ResponseParser()
    #expect(parser.isIdle)
    let head = Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n".utf8)
    for byte in head {
      var offset = 0
      let read = [byte]
      _ = try parser.next(read.span, at: &offset)
      #expect(!parser.isIdle)
    }
    var offset = 0
    let nothing: [UInt8] = []
    _ = try parser.next(nothing.span, at: &offset)
    #expect(parser.isIdle)
  }

  @Test("A line end before a response is the beginning of something wrong, not idleness")
  func lineEndIsNotIdle() throws {
    var parser = ResponseParser()
    let read = Array("\r".utf8)
    var offset = 0
    _ = try parser.next(read.span, at: &offset)
    #expect(!parser.isIdle)
  }
}

import HTTPTypes
import Testing

@testable import SwirlHTTPCore

/// A head of HTTP/2 means, and breaks, what the same head of HTTP/1 does in its parser.
@Suite struct HeadLinesTests {
  private struct Message: CustomStringConvertible {
    var method = "GET"
    var target = "/a?b"
    var fields: [(String, String)] = [("Host", "example.com")]

    var description: String { "\(method) \(target) \(fields)" }

    var lines: HeadLines {
      var lines = HeadLines()
      lines.begin(capacity: 16)
      lines.startRequest(Array(method.utf8).span, Array(target.utf8).span)
      for (name, value) in fields { lines.append(Array(name.utf8).span, Array(value.utf8).span) }
      lines.end()
      return lines
    }

    func text(_ start: String) -> [UInt8] {
      Array((start + "\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n").utf8)
    }
  }

  private static let host = ("Host", "example.com")

  private static let requests: [Message] = [
    Message(), Message(method: "POST", fields: [host, ("content-length", "5"), ("expect", "100-continue")]),
    Message(method: "OPTIONS", target: "*"), Message(target: "http://other.example/x?y"),
    Message(method: "CONNECT", target: "example.com:443"), Message(target: "*"), Message(target: "a"),
    Message(method: "CONNECT", target: "example.com"), Message(target: "/\u{e4}"),
    Message(fields: [("Host", "a b")]), Message(fields: [("Host", "a:99999")]), Message(fields: [host, host]),
    Message(fields: []), Message(fields: [host, ("expect", "200-ok")]),
    Message(fields: [host, ("content-length", "x")]), Message(fields: [host, ("content-length", "5, 5")]),
    Message(fields: [host, ("content-length", "5"), ("content-length", "5")]),
    Message(method: "CONNECT", target: "example.com:443", fields: [host, ("content-length", "5")]),
    Message(fields: [host, ("Connection", "Upgrade"), ("Upgrade", "websocket")]),
    Message(fields: [host, ("a", "  b \t"), ("a", ""), ("cookie", "x=y; z")]),
    Message(target: "/" + String(repeating: "a", count: 120)),
    Message(fields: [host, ("a", String(repeating: "b", count: 300))]),
    Message(fields: [host] + Array(repeating: ("a", "b"), count: 10)),
  ]

  private static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.requestLineBytes = 100
    limits.headBytes = 300
    limits.fieldCount = 8
    return limits
  }

  @Test func `a request is the same as by HTTP 1`() throws {
    for message in Self.requests {
      var offset = 0
      var parser = RequestParser(limits: Self.limits)
      let bytes = message.text("\(message.method) \(message.target) HTTP/1.1")
      let expected = Result { () throws(HTTPWireError) in try parser.next(bytes.span, at: &offset) }
      let found = Result { () throws(HTTPWireError) in
        try RequestHead(http2: message.lines, endsStream: true, limits: Self.limits)
      }
      switch (expected, found) {
      case (.success(.head(let expected)), .success(let found)):
        #expect(found.framing == expected.framing, "\(message)")
        #expect(found.method == expected.method && found.target == expected.target, "\(message)")
        #expect(found.targetForm == expected.targetForm && found.authority == expected.authority, "\(message)")
        #expect(found.path == expected.path && found.query == expected.query, "\(message)")
        #expect(found.fields == expected.fields && found.upgrade == expected.upgrade, "\(message)")
        #expect(found.expectsContinue == expected.expectsContinue, "\(message)")
        #expect(found.expectsOther == expected.expectsOther, "\(message)")
        #expect(found.version == .http2 && found.isPersistent)
        #expect(found.description == expected.description.replacing("HTTP/1.1\r\n", with: "HTTP/2.0\r\n"))
      case (.failure(let expected), .failure(let found)):
        #expect(found.code == expected.code && found.message == expected.message, "\(message)")
      default: Issue.record("\(message): \(found), by HTTP/1 \(expected)")
      }
    }
  }

  @Test func `content that is not announced ends with the stream`() throws {
    #expect(try RequestHead(http2: Message().lines, endsStream: false, limits: HTTPLimits()).framing == .chunked)
    let head = try response(200, [], endsStream: false)
    #expect(head.framing == .chunked)
    #expect(try response(200, []).framing == .contentLength(0))
  }

  @Test func `a method that is no token is refused`() {
    for method in ["", "a b", "a\u{7f}"] {
      #expect(throws: HTTPWireError.self) {
        try RequestHead(http2: Message(method: method).lines, endsStream: true, limits: HTTPLimits())
      }
    }
  }

  private func response(
    _ status: Int, _ fields: [(String, String)], to method: HTTPRequest.Method = .get, endsStream: Bool = true,
    limits: HTTPLimits = limits
  ) throws(HTTPWireError) -> ResponseHead {
    var lines = HeadLines()
    lines.begin(capacity: 16)
    lines.startResponse(status)
    for (name, value) in fields { lines.append(Array(name.utf8).span, Array(value.utf8).span) }
    lines.end()
    return try ResponseHead(http2: lines, answering: method, endsStream: endsStream, limits: limits)
  }

  @Test(arguments: [
    (200, [("content-length", "5")]), (200, [("content-length", "5"), ("content-length", "5")]),
    (200, [("content-length", "5"), ("content-length", "6")]), (200, [("content-length", "-1")]),
    (204, []), (304, [("content-length", "5")]), (206, [("content-encoding", "gzip"), ("content-length", "1")]),
    (200, [("content-length", "1"), ("a", String(repeating: "b", count: 300))]), (103, [("link", "a")]),
    (200, [("content-length", "1")] + Array(repeating: ("a", "b"), count: 10)),
  ])
  func `a response is the same as by HTTP 1`(status: Int, fields: [(String, String)]) {
    for method: HTTPRequest.Method in [.get, .head] {
      var offset = 0
      var parser = ResponseParser(limits: Self.limits, isLenient: true)
      parser.expect(method)
      let bytes = Message(fields: fields).text("HTTP/1.1 \(status) ")
      let expected = Result { () throws(HTTPWireError) in try parser.next(bytes.span, at: &offset) }
      let found = Result { () throws(HTTPWireError) in try response(status, fields, to: method) }
      switch (expected, found) {
      case (.success(.head(let expected)), .success(let found)),
        (.success(.informational(let expected)), .success(let found)):
        #expect(found.framing == expected.framing && found.contentLength == expected.contentLength)
        #expect(found.statusCode == status && found.fields == expected.fields)
        #expect(found.hasContentCoding == expected.hasContentCoding && found.reasonPhrase == "")
        #expect(found.version == .http2 && found.isPersistent)
        #expect(found.description == expected.description.replacing("HTTP/1.1", with: "HTTP/2.0"))
      case (.failure(let expected), .failure(let found)):
        #expect(found.code == expected.code && found.message == expected.message && found.status == expected.status)
      default: Issue.record("\(found), by HTTP/1 \(expected)")
      }
    }
  }

  @Test func `a response that HTTP 2 does not have is refused`() {
    #expect(throws: HTTPWireError.self) { try response(101, []) }
    #expect(throws: HTTPWireError.self) { try response(200, [], to: .connect) }
    var limits = HTTPLimits()
    limits.informationalResponses = 0
    #expect(throws: HTTPWireError.self) { try response(103, [], limits: limits) }
  }

  @Test func `a head that was taken does not change with the next one`() {
    var lines = Message().lines
    let taken = lines.take()
    lines.begin(capacity: 16)
    lines.startResponse(404)
    #expect(!taken.bytes.isEmpty && taken.status == 0 && lines.status == 404)
    #expect(String(decoding: taken.bytes, as: UTF8.self).hasPrefix("GET /a?b HTTP/2.0\r\nHost: example.com\r\n"))
  }
}

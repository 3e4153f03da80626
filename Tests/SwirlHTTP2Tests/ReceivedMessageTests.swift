#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §8: what of a message reaches the owner of a session, and what is a stream error.
@Suite struct ReceivedMessageTests {
  private static let pseudo = [
    (":method", "GET"), (":scheme", "https"), (":path", "/a?b"), (":authority", "example.com"),
  ]

  private func request(_ fields: [(String, String)], ends: Bool = true) throws -> FrameBench {
    let bench = try FrameBench.server { $0.takesConnectProtocol = true }
    bench.receive([.headers(1, fields, ends: ends)])
    return bench
  }

  @Test func `a request has the form of HTTP/1`() throws {
    let bench = try request(Self.pseudo + [("accept", "*/*"), ("x-empty", "")])
    #expect(bench.events == ["head 1 ends", "end 1"])
    #expect(bench.head() == "GET /a?b HTTP/2.0\r\nHost: example.com\r\naccept: */*\r\nx-empty: \r\n\r\n")
    #expect(bench.sections[1]?.scheme == .https)
    #expect(bench.sections[1]?.isExtendedConnect == false)
  }

  @Test func `the same in single bytes`() throws {
    let bench = try FrameBench.server()
    for byte in Frame.headers(1, Self.pseudo).bytes { bench.receive([byte]) }
    #expect(bench.events == ["head 1 ends", "end 1"])
    #expect(bench.head() == "GET /a?b HTTP/2.0\r\nHost: example.com\r\n\r\n")
  }

  @Test(arguments: [
    ("example.com", "example.com"), ("example.com", "EXAMPLE.com"), ("example.com:443", "example.com"),
    ("example.com", "example.com:443"),
  ])
  func `Host beside an :authority of the same meaning is dropped`(authority: String, host: String) throws {
    let bench = try request(Array(Self.pseudo.dropLast()) + [(":authority", authority), ("host", host)])
    #expect(bench.head() == "GET /a?b HTTP/2.0\r\nHost: \(authority)\r\n\r\n")
  }

  @Test func `Host stands for a missing :authority`() throws {
    let bench = try request(Array(Self.pseudo.dropLast()) + [("host", "old.example")])
    #expect(bench.head() == "GET /a?b HTTP/2.0\r\nHost: old.example\r\n\r\n")
  }

  @Test func `cookies are joined`() throws {
    let bench = try request(Self.pseudo + [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")])
    #expect(bench.head() == "GET /a?b HTTP/2.0\r\nHost: example.com\r\nx: y\r\nCookie: a=1; b=2; c=3\r\n\r\n")
  }

  @Test func `CONNECT has the authority form`() throws {
    let bench = try request([(":method", "CONNECT"), (":authority", "example.com:443")], ends: false)
    #expect(bench.head() == "CONNECT example.com:443 HTTP/2.0\r\nHost: example.com:443\r\n\r\n")
    #expect(bench.sections[1]?.scheme == nil)
  }

  @Test func `OPTIONS may have the asterisk form`() throws {
    let bench = try request([(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), (":authority", "a")])
    #expect(bench.head() == "OPTIONS * HTTP/2.0\r\nHost: a\r\n\r\n")
  }

  @Test func `extended CONNECT is an upgrade of HTTP/1`() throws {
    let bench = try request(
      [(":method", "CONNECT"), (":protocol", "websocket")] + Self.pseudo.dropFirst() + [
        ("sec-websocket-version", "13")
      ],
      ends: false)
    #expect(
      bench.head() == "GET /a?b HTTP/2.0\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "sec-websocket-version: 13\r\n\r\n")
    #expect(bench.sections[1]?.isExtendedConnect == true)
  }

  @Test func `a 101 to extended CONNECT is a 200`() throws {
    let (client, server) = (HTTP2Session(.client), try FrameBench.server { $0.takesConnectProtocol = true })
    server.receive([
      .headers(1, [(":method", "CONNECT"), (":protocol", "websocket")] + Self.pseudo.dropFirst(), ends: false)
    ])
    _ = try client.request(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), scheme: "https", hasContent: false)
    _ = client.takeOutput()
    try server.session.respond(
      Array("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx: y\r\n\r\n".utf8),
      on: 1,
      hasContent: true)
    _ = server.session.write([1, 2], on: 1)
    let frames = server.take()
    #expect(frames.map(\.kind) == [.headers, .data])
    var head = ""
    let bytes = Frame.settings().bytes + frames[0].bytes
    try client.receive(bytes.span) {
      if case .head(_, let section, _) = $0 { head = String(decoding: section.bytes, as: UTF8.self) }
    }
    #expect(head == "HTTP/2.0 200 \r\nx: y\r\n\r\n")
  }

  @Test func `extended CONNECT is announced where it is taken`() throws {
    for takes in [false, true] {
      let bench = try FrameBench(.server) { $0.takesConnectProtocol = takes }
      let settings = try #require(bench.take().first?.payload)
      let entries = stride(from: 0, to: settings.count, by: 6).map { Array(settings[$0..<$0 + 6]) }
      #expect(entries.contains([0, 8, 0, 0, 0, 1]) == takes)
      // The limit on streams, though the library knows another.
      #expect(entries.contains([0, 3, 0, 0, 0, 100]))
    }
  }

  /// Each is a stream error PROTOCOL_ERROR (RFC 9113 §8.1.1).
  static let malformed: [(String, [(String, String)])] = [
    ("two different hosts", pseudo + [("host", "other.example")]),
    ("another port", pseudo + [("host", "example.com:8443")]),
    ("two Host fields", pseudo + [("host", "example.com"), ("host", "example.com")]),
    ("an empty Host", pseudo + [("host", "")]),
    ("a user's name", pseudo.dropLast() + [(":authority", "me@example.com")]),
    ("no authority at all", Array(pseudo.dropLast())),
    ("an empty :authority", pseudo.dropLast() + [(":authority", "")]),
    ("an empty :path", [(":method", "GET"), (":scheme", "https"), (":path", ""), (":authority", "a")]),
    ("a :path without slash", [(":method", "GET"), (":scheme", "https"), (":path", "a"), (":authority", "a")]),
    ("the same of another scheme", [(":method", "GET"), (":scheme", "ftp"), (":path", "a"), (":authority", "a")]),
    ("a GET of *", [(":method", "GET"), (":scheme", "https"), (":path", "*"), (":authority", "a")]),
    ("a space in :path", [(":method", "GET"), (":scheme", "https"), (":path", "/a b"), (":authority", "a")]),
    ("no :path", [(":method", "GET"), (":scheme", "https"), (":authority", "a")]),
    ("no :method", Array(pseudo.dropFirst())),
    ("no :scheme", [(":method", "GET"), (":path", "/"), (":authority", "a")]),
    ("two :path", pseudo + [(":path", "/")]),
    ("an unknown pseudo-header field", pseudo + [(":version", "2")]),
    ("a response's", pseudo + [(":status", "200")]),
    ("a pseudo-header field after others", pseudo.dropLast() + [("a", "b"), (":authority", "a")]),
    ("a method that is no token", [(":method", "GE T"), (":scheme", "https"), (":path", "/"), (":authority", "a")]),
    ("CONNECT with a path", pseudo.dropFirst() + [(":method", "CONNECT")]),
    ("CONNECT without authority", [(":method", "CONNECT")]),
    (":protocol without CONNECT", pseudo + [(":protocol", "websocket")]),
    (":protocol of two", [(":method", "CONNECT"), (":protocol", "a, b")] + pseudo.dropFirst()),
    (":protocol without path", [(":method", "CONNECT"), (":protocol", "a"), (":scheme", "http"), (":authority", "a")]),
    ("an uppercase name", pseudo + [("Accept", "a")]),
    ("a name with a space", pseudo + [("a b", "a")]),
    ("a name with a colon", pseudo + [("a:b", "a")]),
    ("an empty name", pseudo + [("", "a")]),
    ("NUL in a value", pseudo + [("a", "b\0c")]),
    ("CR in a value", pseudo + [("a", "b\rc")]),
    ("LF in a value", pseudo + [("a", "b\nc")]),
    ("a request in a value", pseudo + [("a", "b\r\n\r\nGET / HTTP/1.1")]),
    ("a space before a value", pseudo + [("a", " b")]),
    ("a tab after a value", pseudo + [("a", "b\t")]),
    ("connection", pseudo + [("connection", "close")]),
    ("keep-alive", pseudo + [("keep-alive", "5")]),
    ("proxy-connection", pseudo + [("proxy-connection", "close")]),
    ("transfer-encoding", pseudo + [("transfer-encoding", "chunked")]),
    ("upgrade", pseudo + [("upgrade", "h2c")]),
    ("te", pseudo + [("te", "trailers, deflate")]),
    ("two lengths", pseudo + [("content-length", "0"), ("content-length", "0")]),
    ("a length that is none", pseudo + [("content-length", "+1")]),
    ("a length without content", pseudo + [("content-length", "1")]),
  ]

  @Test(arguments: malformed) func `a malformed request is a stream error`(
    name: String, fields: [(String, String)]
  ) throws {
    let bench = try request(fields)
    #expect(bench.codes == [1], "\(name)")
    #expect(bench.events == ["error 1 1", "closed 1 1"], "\(name)")
    #expect(bench.errors.first?.reason.hasPrefix("HEADERS on stream 1: ") == true, "\(bench.errors)")
    // Others are not concerned.
    bench.receive([.get(3)])
    #expect(bench.events.suffix(2) == ["head 3 ends", "end 3"])
    #expect(!bench.session.isOver)
  }

  @Test func `te: trailers is allowed`() throws {
    #expect(try request(Self.pseudo + [("te", "trailers")]).events == ["head 1 ends", "end 1"])
  }

  @Test func `without its announcement extended CONNECT is malformed`() throws {
    let bench = try FrameBench.server()
    bench.receive([.headers(1, [(":method", "CONNECT"), (":protocol", "websocket")] + Self.pseudo.dropFirst())])
    #expect(bench.codes == [1])
  }

  // MARK: - Content

  @Test func `content and trailers`() throws {
    let bench = try request(Self.pseudo + [("content-length", "5")], ends: false)
    bench.receive([
      .data(1, "he"), .data(1, "llo"), .headers(1, [("x-sum", "1"), ("cookie", "a=b"), ("te", "trailers")]),
    ])
    #expect(bench.events == ["head 1", "data 1 he", "data 1 llo", "trailers 1 x-sum: 1\r\n\r\n", "end 1"])
  }

  @Test(arguments: ["content-length", "host"])
  func `trailers that would change the message are refused`(name: String) throws {
    let bench = try request(Self.pseudo, ends: false)
    bench.receive([.data(1, "hello"), .headers(1, [(name, "5")])])
    #expect(bench.events == ["head 1", "data 1 hello", "error 1 1", "closed 1 1"])
    #expect(bench.codes == [1])
  }

  @Test(arguments: [
    (Frame.headers(1, [("a", "b")], ends: false), 1), (Frame.headers(1, [(":path", "/")]), 1),
    (Frame.data(1, "toolong"), 1), (Frame.data(1, "a", ends: true), 1),
  ])
  func `what follows a head may be wrong`(frame: Frame, code: Int) throws {
    let bench = try request(Self.pseudo + [("content-length", "5")], ends: false)
    bench.receive([frame])
    #expect(bench.codes == [code])
    #expect(bench.events.contains("error 1 \(code)"))
    #expect(bench.events.last == "closed 1 \(code)")
  }

  @Test func `padding is not content`() throws {
    let bench = try request(Self.pseudo, ends: false)
    bench.receive([Frame(kind: .data, flags: 9, stream: 1, payload: [3] + "hello".utf8 + [0, 0, 0])])
    #expect(bench.events == ["head 1", "data 1 hello", "end 1"])
  }

  // MARK: - Responses

  @Test func `a response has the form of HTTP/1`() throws {
    let bench = try FrameBench.client()
    bench.receive([
      .headers(1, [(":status", "103"), ("link", "a")], ends: false),
      .headers(1, [(":status", "200"), ("a", "b")], ends: false),
      .data(1, "hello"), .headers(1, [("x", "y"), ("set-cookie", "a")]),
    ])
    #expect(
      bench.events == [
        "informational 1 103", "head 1", "data 1 hello", "trailers 1 x: y\r\n\r\n", "end 1", "closed 1 0",
      ])
    #expect(bench.head() == "HTTP/2.0 200 \r\na: b\r\n\r\n")
  }

  @Test(arguments: [
    [(":status", "101")], [(":status", "20")], [(":status", "2000")], [(":status", "abc")], [(":status", "000")],
    [(":status", "099")], [("a", "b")], [(":status", "200"), (":path", "/")],
    [(":status", "200"), ("connection", "a")],
    [(":status", "200"), ("a", "b\n")], [(":status", "100")], [(":status", "200"), ("content-length", "1")],
  ])
  func `a malformed response is a stream error`(fields: [(String, String)]) throws {
    let bench = try FrameBench.client()
    bench.receive([.headers(1, fields)])
    #expect(bench.codes == [1])
    #expect(bench.events == ["error 1 1", "closed 1 1"])
  }

  @Test func `a status of zeros after an informational response is no trailer`() throws {
    let bench = try FrameBench.client()
    bench.receive([.headers(1, [(":status", "100")], ends: false), .headers(1, [(":status", "000")], ends: false)])
    #expect(bench.events == ["informational 1 100", "error 1 1", "closed 1 1"])
  }
}
#endif

import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct HeadTests {
  private func request(_ text: String) throws -> RequestHead {
    var parser = RequestParser()
    var offset = 0
    let bytes = Array(text.utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else { throw NoHead() }
    return head
  }

  private func response(_ text: String) throws -> ResponseHead {
    var parser = ResponseParser()
    var offset = 0
    let bytes = Array(text.utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else { throw NoHead() }
    return head
  }

  private struct NoHead: Error {}

  @Test("Fields keep their order, their case and their repetitions (RFC 9110 §5.3)")
  func fields() throws {
    let head = try response("HTTP/1.1 204 No\r\nSet-Cookie: a\r\nX-y: 1\r\nSET-COOKIE: b\r\n\r\n")
    #expect(head.fields.map { "\($0.name.rawName)=\($0.value)" } == ["Set-Cookie=a", "X-y=1", "SET-COOKIE=b"])
    #expect(head.fields[values: .setCookie] == ["a", "b"])
  }

  @Test("One field is found by name in any case, the first if there are several; names are compared whole")
  func subscripting() throws {
    let head = try response("HTTP/1.1 204 No\r\nAb: 1\r\nA: \t2 \r\nab: 3\r\nAz: \r\n\r\n")
    #expect(head["ab"] == "1")
    #expect(head["AB"] == "1")
    #expect(head["a"] == "2")
    #expect(head["az"] == "")
    #expect(head["abc"] == nil)
    #expect(head["b"] == nil)
    #expect(head[""] == nil)
    #expect(head["204 No"] == nil)
  }

  @Test("A status line's parts come out as they were")
  func statusLine() throws {
    let head = try response("HTTP/1.0 404 Not  Found \r\nContent-Length: 7\r\n\r\n")
    #expect(head.status == 404)
    #expect(head.version == .http10)
    #expect(head.reasonPhrase == "Not  Found ")
    #expect(head.contentLength == 7)
    #expect(head.description == "HTTP/1.0 404 Not  Found \r\nContent-Length: 7\r\n\r\n")
    #expect(head.bytes == Array(head.description.utf8))
    #expect(try response("HTTP/1.1 204\r\n\r\n").reasonPhrase == "")
  }

  @Test("A response to HEAD has the length of the omitted content (RFC 9110 §8.6)")
  func lengthWithoutContent() throws {
    let head = try response("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")
    #expect(head.contentLength == 7)
    #expect(head.framing == .none)
  }

  @Test("A later minor version counts as 1.1 (RFC 9110 §2.5)")
  func laterVersion() throws {
    #expect(try response("HTTP/1.2 204 x\r\n\r\n").version == .http11)
    #expect(HTTPVersion.http10 < .http11)
    #expect(HTTPVersion.http11.description == "HTTP/1.1")
  }

  private static let targets: [(String, RequestTargetForm, String, String?, String)] = [
    ("GET /a/b?c=d?e", .origin, "/a/b", "c=d?e", "host"),
    ("GET /", .origin, "/", nil, "host"),
    ("GET /?", .origin, "/", "", "host"),
    ("GET http://other:80/a?b", .absolute, "/a", "b", "other:80"),
    ("GET http://other", .absolute, "/", nil, "other"),
    ("GET http://other?b", .absolute, "/", "b", "other"),
    ("OPTIONS *", .asterisk, "*", nil, "host"),
    ("CONNECT other:443", .authority, "", nil, "other:443"),
  ]

  @Test("A target is taken apart by its form (RFC 9112 §3.2)", arguments: targets)
  func target(line: String, form: RequestTargetForm, path: String, query: String?, authority: String) throws {
    let head = try request(line + " HTTP/1.1\r\nHost: host\r\n\r\n")
    #expect(head.targetForm == form)
    #expect(head.path == path)
    #expect(head.query == query)
    #expect(head.authority == authority)
    #expect("\(head.method) \(head.target)" == line)
  }

  @Test(
    "Methods are case-sensitive (RFC 9110 §9.1)", arguments: ["GET", "get", "HEAD", "CONNECTED", "OPTIONX", "M-SEARCH"])
  func method(name: String) throws {
    #expect(try request("\(name) / HTTP/1.0\r\n\r\n").method.rawValue == name)
  }

  @Test(
    "Expect: 100-continue counts in 1.1 only (RFC 9110 §10.1.1)",
    arguments: [
      ("HTTP/1.1", "100-Continue", true), ("HTTP/1.0", "100-continue", false), ("HTTP/1.1", "200-ok", false),
    ])
  func expectsContinue(version: String, value: String, expected: Bool) throws {
    let head = try request("PUT / \(version)\r\nHost: x\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\n")
    #expect(head.expectsContinue == expected)
  }

  @Test("Upgrade counts with its Connection option only, and in a request of 1.1 only (RFC 9110 §7.8)")
  func upgrade() throws {
    #expect(
      try request("GET / HTTP/1.1\r\nHost: x\r\nConnection: a, Upgrade\r\nUpgrade: h2c\r\n\r\n").upgrade == "h2c")
    #expect(try request("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n").upgrade == nil)
    #expect(try request("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n").upgrade == nil)
    #expect(try request("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n").upgrade == nil)
    #expect(try response("HTTP/1.1 426 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n").upgrade == "h2c")
    #expect(try response("HTTP/1.1 426 x\r\nUpgrade: h2c\r\n\r\n").upgrade == nil)
  }

  @Test(
    "A request persists by version and options (RFC 9112 §9.3)",
    arguments: [
      ("HTTP/1.1", "close", false), ("HTTP/1.1", "x", true), ("HTTP/1.0", "x", false), ("HTTP/1.0", "keep-alive", true),
    ])
  func persistence(version: String, connection: String, expected: Bool) throws {
    #expect(
      try request("GET / \(version)\r\nHost: x\r\nConnection: \(connection)\r\n\r\n").isPersistent == expected)
  }

  @Test("A head that was kept stays as it was while the parser continues")
  func headsAreValues() throws {
    var parser = ResponseParser()
    var heads: [ResponseHead] = []
    for status in 204...206 {
      let text = "HTTP/1.1 \(status) x\r\nContent-Length: 0\r\nN: \(status)\r\n\r\n"
      for piece in [text.prefix(20), text.dropFirst(20)] {
        let bytes = Array(piece.utf8)
        var offset = 0
        reading: while true {
          switch try parser.next(bytes.span, at: &offset) {
          case .head(let head): heads.append(head)
          case .needMore: break reading
          default: continue
          }
        }
      }
    }
    #expect(heads.map { $0["n"] } == ["204", "205", "206"])
  }
}

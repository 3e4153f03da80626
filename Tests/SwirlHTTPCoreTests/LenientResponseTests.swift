import HTTPTypes
import SwirlHTTPCore
import Testing

/// Responses that a lenient parser accepts and a strict one refuses. Each vector runs in both modes, and in all splits.
@Suite struct LenientResponseTests {
  /// A response that only a lenient parser accepts, and the result.
  struct Vector: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var method = HTTPRequest.Method.get
    let text: String
    /// The lenient parser's events.
    let expected: Transcript
    /// The strict parser's last event.
    var refusal = "error badField 502"
    /// The expected fields, if the case is about them.
    var fields: [String]?
    let isPersistent: Bool
  }

  static let vectors = [
    Vector(
      testDescription: "a fold", text: "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\nx",
      expected: ["head 200 contentLength(1)", "data x", "end"], fields: ["A=b c", "Content-Length=1"],
      isPersistent: true),
    Vector(
      testDescription: "folds with blanks around them, and an empty line of blanks",
      text: "HTTP/1.1 204 No\r\nA: b \t\r\n\t  c\r\n \r\n d\t\r\nB:\r\n\te\r\nC: f\r\n  \r\n\r\n",
      expected: ["head 204 none", "end"],
      fields: ["A=b c d", "B=e", "C=f"], isPersistent: true),
    Vector(
      testDescription: "a fold that looks like a field", text: "HTTP/1.1 204 No\r\nA: b\r\n Content-Length: 5\r\n\r\n",
      expected: ["head 204 none", "end"], fields: ["A=b Content-Length: 5"], isPersistent: true),
    Vector(
      testDescription: "lines that end with a line feed alone",
      text: "HTTP/1.1 200 OK\nContent-Length: 1\nA: b\n\nx", expected: ["head 200 contentLength(1)", "data x", "end"],
      refusal: "error badStartLine 502", fields: ["Content-Length=1", "A=b"], isPersistent: false),
    Vector(
      testDescription: "one such line", text: "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\nx",
      expected: ["head 200 contentLength(1)", "data x", "end"], fields: ["A=b", "Content-Length=1"],
      isPersistent: false),
    // From a web server for embedded devices, which mixes both line ends.
    Vector(
      testDescription: "GoAhead-Webs",
      text:
        "HTTP/1.0 200 OK\nServer: GoAhead-Webs\r\nPragma: no-cache\nContent-Length: 4\nSet-Cookie: userid=1; path=/;\n\n<a/>",
      expected: ["head 200 contentLength(4)", "data <a/>", "end"], refusal: "error badStartLine 502",
      fields: ["Server=GoAhead-Webs", "Pragma=no-cache", "Content-Length=4", "Set-Cookie=userid=1; path=/;"],
      isPersistent: false),
    // From a firewall in front of many sites, which breaks its own cookies.
    Vector(
      testDescription: "a broken cookie of a firewall",
      text:
        "HTTP/1.1 200 OK\r\nSet-Cookie: ___utmva=dmo\u{1}OZ; path=/\r\nSet-Cookie: ___utmvb=iZK\n    XSa: ctu; path=/\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      expected: ["head 200 chunked", "data x", "end"],
      fields: [
        "Set-Cookie=___utmva=dmo\u{1}OZ; path=/", "Set-Cookie=___utmvb=iZK XSa: ctu; path=/",
        "Transfer-Encoding=chunked",
      ],
      isPersistent: false),
    Vector(
      testDescription: "an empty line with a line feed alone", text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\nx",
      expected: ["head 200 contentLength(1)", "data x", "end"], isPersistent: false),
    Vector(
      testDescription: "a fold behind a line feed alone", text: "HTTP/1.1 204 No\nA: b\n c\n\n",
      expected: ["head 204 none", "end"], refusal: "error badStartLine 502", fields: ["A=b c"], isPersistent: false),
    Vector(
      testDescription: "a line feed alone before the answer",
      text: "HTTP/1.1 103 Early\nLink: <a>\n\nHTTP/1.1 204 No\r\n\r\n",
      expected: ["informational 103", "head 204 none", "end"], refusal: "error badStartLine 502", isPersistent: false),
    Vector(
      testDescription: "control characters in a value",
      text: "HTTP/1.1 204 No\r\nA: \u{1}b\u{1B}[0m\u{7F}\r\nB: \u{8}\u{B}\u{C}\r\n c\u{1F}\r\n\r\n",
      expected: ["head 204 none", "end"], fields: ["A=\u{1}b\u{1B}[0m\u{7F}", "B=\u{8}\u{B}\u{C} c\u{1F}"],
      isPersistent: true),
    Vector(
      testDescription: "a length and chunks",
      text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
      expected: ["head 200 chunked", "data ab", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "chunks and a length",
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n2\r\nab\r\n0\r\n\r\n",
      expected: ["head 200 chunked", "data ab", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "chunks in 1.0",
      text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
      expected: ["head 200 chunked", "data ab", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "both in an answer to HEAD", method: .head,
      text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      expected: ["head 200 none", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "both in a 204",
      text: "HTTP/1.1 204 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      expected: ["head 204 none", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "both in a 304",
      text: "HTTP/1.1 304 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      expected: ["head 304 none", "end"], refusal: "error badFraming 502", isPersistent: false),
    Vector(
      testDescription: "blanks behind a chunk's size and its extension",
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nab\r\n1;a=b\t \r\nc\r\n0 \r\n\r\n",
      expected: ["head 200 chunked", "data abc", "end"], refusal: "error badChunk 502", isPersistent: true),
  ]

  @Test("A lenient parser reads what a strict one refuses, however it comes", arguments: vectors)
  func lenient(vector: Vector) throws {
    expectResponses(vector.text, vector.expected, methods: [vector.method], isLenient: true)
    #expect(responseTranscript([Array(vector.text.utf8)], methods: [vector.method]).last == vector.refusal)
    var parser = ResponseParser(isLenient: true)
    parser.expect(vector.method)
    let bytes = Array(vector.text.utf8)
    var offset = 0
    reading: while true {
      switch try parser.next(bytes.span, at: &offset) {
      case .head(let head):
        if let fields = vector.fields { #expect(head.fields.map { "\($0.name.rawName)=\($0.value)" } == fields) }
        #expect(head.fields.allSatisfy { head[$0.name.rawName] == head.fields[values: $0.name].first })
      case .end: break reading
      default: continue
      }
    }
    #expect(parser.isPersistent == vector.isPersistent)
  }

  @Test(
    "What could hide where a message ends stays an error to a lenient parser",
    arguments: [
      ("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\n\tA: b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\n \r\nA: b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n \r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\t\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nTRANSFER-ENCODING:\r\n chunked\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nConnection: a,\r\n close\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length: \u{B}1\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\u{7F}\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\u{1}, chunked\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nConnection: clo\u{1}se\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA: b\r\u{1}\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA: b\u{1}\rc\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA\u{1}: b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 OK\r\nA\r\n : b\r\n\r\n", "badField"),
      ("HTTP/1.1 200 O\u{1}K\r\n\r\n", "badStartLine"),
      ("HTTP/1.1 200 OK\rA: b\r\n\r\n", "badStartLine"),
      ("\nHTTP/1.1 200 OK\r\n\r\n", "badStartLine"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "badFraming"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupportedTransferCoding"),
    ])
  func refused(text: String, code: String) {
    expectResponses(text, ["error \(code) 502"], isLenient: true)
  }

  @Test(
    "Chunks and trailers are read to the letter by a lenient parser too",
    arguments: [
      ("2\nab\r\n0\r\n\r\n", []), (" 2\r\nab\r\n0\r\n\r\n", []), ("2 x\r\nab\r\n0\r\n\r\n", []),
      ("2\u{B}\r\nab\r\n0\r\n\r\n", []), ("\r\nab\r\n0\r\n\r\n", []), ("  \r\n0\r\n\r\n", []),
      ("2;\t\r\nab\r\n0\r\n\r\n", []), ("2\r\nab\n0\r\n\r\n", ["data ab"]), ("2\r\nab \r\n0\r\n\r\n", ["data ab"]),
      ("2\r\nab\r\n0\n\r\n", ["data ab"]), ("-2\r\nab\r\n0\r\n\r\n", []), ("0x2\r\nab\r\n0\r\n\r\n", []),
    ])
  func chunks(content: String, before: Transcript) {
    expectResponses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(content)",
      ["head 200 chunked"] + before + ["error badChunk 502"], isLenient: true)
  }

  @Test(
    "A trailer section has neither folds nor bare line feeds nor control characters",
    arguments: ["A: b\r\n c\r\n\r\n", "A: b\n\r\n", "\n", "A: \u{1}\r\n\r\n"])
  func trailers(section: String) {
    expectResponses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(section)",
      ["head 200 chunked", "error badField 502"],
      isLenient: true)
  }

  @Test(
    "A 2xx to CONNECT has no content whatever its fields say, and they are not looked at (RFC 9110 §9.3.6)",
    arguments: [true, false])
  func connect(isLenient: Bool) {
    for fields in [
      "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: x",
      "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip",
    ] {
      expectResponses(
        "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\nabc", ["upgraded 200", "other protocol: abc"], methods: [.connect],
        isLenient: isLenient)
    }
    expectResponses(
      "HTTP/1.1 407 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", ["error badFraming 502"],
      methods: [.connect], isLenient: isLenient)
  }

  @Test("Bytes of a head come out as they were, and its description gives no orders to a terminal")
  func description() throws {
    let bytes = Array("HTTP/1.1 204 No\nA: \u{1B}[2J\n\tb\nC: ".utf8) + [0xE9] + Array("\n\n".utf8)
    var parser = ResponseParser(isLenient: true)
    var offset = 0
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.bytes == Array("HTTP/1.1 204 No\r\nA: \u{1B}[2J b\r\nC: ".utf8) + [0xE9] + Array("\r\n\r\n".utf8))
    #expect(head.description == "HTTP/1.1 204 No\r\nA: \\u{1B}[2J b\r\nC: \u{FFFD}\r\n\r\n")
    #expect(head.reasonPhrase == "No" && head["a"] == "\u{1B}[2J b")
  }

  @Test("A length beside a coding is nil (RFC 9112 §6.3 (3))")
  func overriddenLength() throws {
    var parser = ResponseParser(isLenient: true)
    var offset = 0
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.contentLength == nil && head.framing == .chunked)
  }

  @Test("A control character that was read is not sent on (RFC 9110 §5.5)")
  func sentOn() throws {
    var parser = ResponseParser(isLenient: true)
    var offset = 0
    let bytes = Array("HTTP/1.1 204 No\r\nA: b\u{1}\r\n\r\n".utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    var output: [UInt8] = []
    let error = #expect(throws: HTTPWireError.self) {
      try ResponseSerializer().appendHead(204, fields: head.fields, framing: .none, to: &output)
    }
    #expect(error?.code == .invalidOutput && output.isEmpty)
  }

  @Test("A client's limits are met exactly, and passed by one")
  func limits() {
    let field = "A: b\r\n"
    let fields = String(repeating: field, count: HTTPLimits.responses.fieldCount)
    let expected: Transcript = ["head 204 none", "end"]
    expectResponses("HTTP/1.1 204 No\r\n\(fields)\r\n", expected, limits: .responses)
    expectResponses("HTTP/1.1 204 No\r\n\(fields)\(field)\r\n", ["error tooManyFields 502"], limits: .responses)
    let start = "HTTP/1.1 204 No\r\nA: "
    let room = 300 * 1024 - start.utf8.count - 4
    expectResponses(start + String(repeating: "a", count: room) + "\r\n\r\n", expected, limits: .responses)
    expectResponses(
      start + String(repeating: "a", count: room + 1) + "\r\n\r\n", ["error headTooLarge 502"], limits: .responses)
  }

  @Test("Folds and passed control characters count for the limit of the head")
  func foldsCount() {
    var limits = HTTPLimits()
    let text = "HTTP/1.1 204 No\r\nA: \u{1}b and so much that the next has room\r\n c\n\r\n"
    limits.headBytes = text.utf8.count
    expectResponses(text, ["head 204 none", "end"], limits: limits, isLenient: true)
    limits.headBytes -= 1
    expectResponses(text, ["error headTooLarge 502"], limits: limits, isLenient: true)
  }

  @Test("Blanks behind a chunk's size count beyond the width of a column")
  func padding() {
    var limits = HTTPLimits()
    limits.chunkExtensionBytes = 3
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let column = String(repeating: " ", count: 16)
    let chunks = String(repeating: "1\(column)\r\nx\r\n", count: 9)
    let end = "0\r\n\r\n"
    expectResponses(
      head + chunks + "1\(column)   \r\ny\r\n" + end, ["head 200 chunked", "data xxxxxxxxxy", "end"], limits: limits,
      isLenient: true)
    expectResponses(
      head + chunks + "1\(column)    \r\ny\r\n" + end, ["head 200 chunked", "data xxxxxxxxx", "error badChunk 502"],
      limits: limits, isLenient: true)
  }

  @Test("A head of folds alone costs no more than its length", .timeLimit(.minutes(10)))
  func manyFolds() throws {
    var limits = HTTPLimits()
    limits.headBytes = 1 << 20
    let text =
      "HTTP/1.1 204 No\r\n" + String(repeating: "a", count: 1 << 16) + ":" + String(repeating: "\r\n ", count: 1 << 16)
    var parser = ResponseParser(limits: limits, isLenient: true)
    let bytes = Array((text + "\r\n\r\n").utf8)
    var offset = 0
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.fields.first { _ in true }?.value == "")
  }
}

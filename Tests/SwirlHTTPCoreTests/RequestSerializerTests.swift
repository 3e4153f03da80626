import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct RequestSerializerTests {
  private let serializer = RequestSerializer()

  @Test("A request is its line, Host, the fields and the framing (RFC 9112 §3)")
  func heads() throws {
    #expect(
      try serialized { try serializer.appendHead(.get, target: "/a?b", host: "x:1", to: &$0) }
        == "GET /a?b HTTP/1.1\r\nHost: x:1\r\n\r\n")
    let encoded = try EncodedFields([.userAgent: "u"])
    #expect(
      try serialized {
        try serializer.appendHead(
          .post, target: "/", host: EncodedHost("x"), fields: [.accept: "*/*"], encoded: encoded,
          framing: .contentLength(1_234_567_890),
          to: &$0)
      } == "POST / HTTP/1.1\r\nHost: x\r\nUser-Agent: u\r\nAccept: */*\r\nContent-Length: 1234567890\r\n\r\n")
    #expect(
      try serialized {
        try RequestSerializer(isPersistent: false).appendHead(.put, target: "/", host: "x", framing: .chunked, to: &$0)
      } == "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
  }

  @Test("Numbers are written whole", arguments: [0, 9, 10, 99, 100, 4_294_967_296, Int.max])
  func numbers(number: Int) throws {
    let head = try serialized {
      try serializer.appendHead(.put, target: "/", host: "x", framing: .contentLength(number), to: &$0)
    }
    #expect(head.contains("Content-Length: \(number)\r\n"))
  }

  @Test(
    "A target that would end its line, or is none, is refused (RFC 9112 §3.2)",
    arguments: [
      "", "x", "*", "/a b", "/a\tb", "/a\r\nX: y", "/a\n", "/\0", "/\u{7f}", "/é", "/a#b", "http://u@x/", "http://",
    ])
  func badTargets(target: String) {
    expectRefused(.invalidOutput) { try serializer.appendHead(.get, target: target, host: "x", to: &$0) }
  }

  @Test(
    "Every form of target goes out (RFC 9112 §3.2)",
    arguments: [
      (HTTPRequest.Method.get, "/"), (.get, "http://x/"), (.options, "*"), (.connect, "x:443"),
    ])
  func goodTargets(method: HTTPRequest.Method, target: String) throws {
    let head = try serialized { try serializer.appendHead(method, target: target, host: "x", to: &$0) }
    #expect(head == "\(method) \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
  }

  @Test(
    "A host that is none is refused (RFC 9112 §3.2)",
    arguments: [
      "", "x y", "x\r\nX: y", "x/", "u@x", "x:99999", "é", "x\0",
    ])
  func badHosts(host: String) {
    expectRefused(.invalidOutput) { try serializer.appendHead(.get, target: "/", host: host, to: &$0) }
  }

  @Test(
    "A control character in a value is refused (RFC 9110 §5.5)", arguments: [0x01, 0x08, 0x0B, 0x1F, 0x7F] as [UInt8])
  func controls(control: UInt8) {
    for fields in [lenient([control]), lenient(Array("01234567".utf8) + [control] + Array("abc".utf8))] {
      expectRefused(.invalidOutput) { try serializer.appendHead(.get, target: "/", host: "x", fields: fields, to: &$0) }
      expectRefused(.invalidOutput) { _ in _ = try EncodedFields(fields) }
      expectRefused(.invalidOutput) {
        try ResponseSerializer().appendHead(304, fields: fields, framing: .none, to: &$0)
      }
      expectRefused(.invalidOutput) { try ChunkSerializer.appendEnd(trailers: fields, to: &$0) }
    }
  }

  @Test("No value can end its line")
  func injection() throws {
    for fields: HTTPFields in [[.userAgent: "a\r\nX: y"], lenient(Array("a\r\nX: y\n\0".utf8))] {
      let head = try serialized { try serializer.appendHead(.get, target: "/", host: "x", fields: fields, to: &$0) }
      #expect(head.split(separator: "\r\n", omittingEmptySubsequences: false).count == 5)
      #expect(!head.utf8.dropLast(2).contains(0))
    }
  }

  @Test("Bytes beyond ASCII go out as they are")
  func obsText() throws {
    var output: [UInt8] = []
    try serializer.appendHead(.get, target: "/", host: "x", fields: lenient([0x80, 0xFF]), to: &output)
    var expected = Array("User-Agent: ".utf8)
    expected += [0x80, 0xFF]
    expected += "\r\n\r\n".utf8
    #expect(output.suffix(18) == expected[...])
  }

  @Test("Framing fields must say what the framing says, and are written once (RFC 9112 §6)")
  func framingFields() throws {
    let length: HTTPFields = [.contentLength: "5"]
    let chunked: HTTPFields = [.transferEncoding: "Chunked"]
    #expect(
      try serialized {
        try serializer.appendHead(.put, target: "/", host: "x", fields: length, framing: .contentLength(5), to: &$0)
      } == "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    #expect(
      try serialized {
        try serializer.appendHead(.put, target: "/", host: "x", fields: chunked, framing: .chunked, to: &$0)
      }
        == "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    let contradictions: [(HTTPFields, BodyFraming)] = [
      (length, .none), (length, .chunked), (length, .contentLength(6)), (chunked, .none), (chunked, .contentLength(5)),
      ([.transferEncoding: "gzip"], .chunked), ([.contentLength: "+5"], .contentLength(5)),
    ]
    for (fields, framing) in contradictions {
      expectRefused(.contradictoryFraming) {
        try serializer.appendHead(.put, target: "/", host: "x", fields: fields, framing: framing, to: &$0)
      }
    }
  }

  @Test("A framing that the request can't have is refused")
  func impossibleFraming() {
    expectRefused(.contradictoryFraming) {
      try serializer.appendHead(.put, target: "/", host: "x", framing: .untilClose, to: &$0)
    }
    expectRefused(.contradictoryFraming) {
      try serializer.appendHead(.put, target: "/", host: "x", framing: .contentLength(-1), to: &$0)
    }
    expectRefused(.contradictoryFraming) {
      try serializer.appendHead(.connect, target: "x:1", host: "x:1", framing: .contentLength(0), to: &$0)
    }
    expectRefused(.contradictoryFraming) {
      try serializer.appendHead(.trace, target: "/", host: "x", framing: .chunked, to: &$0)
    }
  }

  @Test("Host is written once; another Host is refused (RFC 9112 §3.2)")
  func host() throws {
    let name = HTTPField.Name("Host")!
    #expect(
      try serialized { try serializer.appendHead(.get, target: "/", host: "x", fields: [name: "x"], to: &$0) }
        == "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    expectRefused(.invalidOutput) {
      try serializer.appendHead(.get, target: "/", host: "x", fields: [name: "y"], to: &$0)
    }
  }

  @Test(
    "What differs from message to message is not encoded for many",
    arguments: [
      "Host", "Content-Length", "Transfer-Encoding",
    ])
  func encodedFraming(name: String) {
    expectRefused(.invalidOutput) { _ in _ = try EncodedFields([HTTPField.Name(name)!: "5"]) }
  }
}

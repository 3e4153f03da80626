import HTTPTypes
import SwirlHTTPCore
import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketHandshakeTests {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
  private static let request = [
    "Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
  ]
  private static let response = [
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: \(accept)",
  ]

  private func offer(
    _ fields: [String], line: String = "GET /chat HTTP/1.1"
  ) throws -> Result<WebSocketHandshake.Offer, WebSocketRefusal> {
    var parser = RequestParser()
    var position = 0
    let bytes = Array(([line] + fields + ["", ""]).joined(separator: "\r\n").utf8)
    guard case .head(let head) = try parser.next(bytes.span, at: &position) else { fatalError("no head") }
    return Result { () throws(WebSocketRefusal) in try WebSocketHandshake.offer(in: head) }
  }

  private func agreement(
    _ fields: [String], status: String = "101 Switching", protocols: [String] = [], deflate: WebSocketDeflate? = nil
  ) throws -> Result<WebSocketHandshake.Agreement, WebSocketHandshakeError> {
    var parser = ResponseParser()
    var position = 0
    let bytes = Array((["HTTP/1.1 \(status)"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
    let answer: ResponseHead
    switch try parser.next(bytes.span, at: &position) {
    case .upgraded(let head), .head(let head): answer = head
    default: fatalError("no head")
    }
    return Result { () throws(WebSocketHandshakeError) in
      try WebSocketHandshake.agreement(in: answer, key: Self.key, protocols: protocols, deflate: deflate)
    }
  }

  /// With some of the fields replaced, by their names; a nil removes one.
  private func changed(_ fields: [String], _ changes: [String: String?]) -> [String] {
    var left = changes
    let kept = fields.compactMap { line in
      let name = String(line.prefix { $0 != ":" })
      guard let change = left.removeValue(forKey: name) else { return line as String? }
      return change.map { "\(name): \($0)" }
    }
    return kept + left.compactMap { name, value in value.map { "\(name): \($0)" } }.sorted()
  }

  @Test func `the example of RFC 6455 §1.3`() {
    #expect(WebSocketHandshake.accept(key: Self.key) == Self.accept)
  }

  @Test func `SHA-1 of the examples of RFC 3174, over each border of a block`() {
    func digest(_ text: String) -> String {
      SHA1.digest(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(digest("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(digest("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(
      digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    #expect(digest(String(repeating: "a", count: 1_000_000)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
  }

  @Test func `keys are 16 bytes, each another`() {
    let keys = (0..<100).map { _ in WebSocketHandshake.makeKey() }
    #expect(Set(keys).count == 100)
    #expect(keys.allSatisfy { Base64.decodedCount($0) == 16 && $0.count == 24 })
  }

  @Test func `base64 of each length`() {
    let examples = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
    for (count, text) in examples.enumerated() {
      #expect(Array("foobar".utf8.prefix(count)).base64 == text)
      #expect(Base64.decodedCount(text) == count)
    }
    for text in ["Zg=", "Z===", "Zg==Zg==", "Z-==", "Zg= ", "Zm9v\n"] { #expect(Base64.decodedCount(text) == nil) }
  }

  @Test func `a request of a client, with all that it may have`() throws {
    #expect(try offer(Self.request).get() == WebSocketHandshake.Offer(key: Self.key))
    let more = changed(
      Self.request,
      [
        "Upgrade": "h2c, WebSocket", "Connection": "keep-alive, UPGRADE", "Origin": "https://a",
        "Sec-WebSocket-Protocol": "chat, superchat", "Sec-WebSocket-Extensions": "permessage-deflate; a=\"b\", x",
      ])
    #expect(
      try offer(more).get()
        == WebSocketHandshake.Offer(
          key: Self.key, protocols: ["chat", "superchat"], extensions: "permessage-deflate; a=\"b\", x",
          origin: "https://a"))
    let two = Self.request + ["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b"]
    #expect(try offer(two).get().protocols == ["a", "b"])
  }

  @Test(
    arguments: [
      (["Upgrade": nil], 426), (["Upgrade": "h2c"], 426), (["Connection": "keep-alive"], 426),
      (["Connection": nil], 426),
      (["Sec-WebSocket-Version": nil], 426), (["Sec-WebSocket-Version": "8"], 426),
      (["Sec-WebSocket-Version": "13, 8"], 426), (["Sec-WebSocket-Key": nil], 400),
      (["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"], 400), (["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j"], 400),
      (["Sec-WebSocket-Protocol": "a, a"], 400), (["Sec-WebSocket-Protocol": "a b"], 400),
      (["Sec-WebSocket-Protocol": ""], 400), (["Sec-WebSocket-Extensions": "a;"], 400),
      (["Sec-WebSocket-Extensions": "a; b=\"c d\""], 400), (["Sec-WebSocket-Extensions": "a b"], 400),
    ] as [([String: String?], Int)])
  func `a request that is refused, with its status`(_ changes: [String: String?], _ status: Int) throws {
    let refusal = try #require(throws: WebSocketRefusal.self) { try offer(changed(Self.request, changes)).get() }
    #expect(refusal.statusCode == status)
    if refusal.reason.contains("Version") { #expect(refusal.fields[.secWebSocketVersion] == "13") }
    if status == 426 { #expect(refusal.fields[.upgrade] == "websocket") }
  }

  @Test func `other methods and versions are refused`() throws {
    func status(_ line: String) throws -> Int? {
      guard case .failure(let refusal) = try offer(Self.request, line: line) else { return nil }
      return refusal.statusCode
    }
    #expect(try status("POST / HTTP/1.1") == 405)
    #expect(try status("GET / HTTP/1.0") == 426)
    let twice = Self.request + ["Sec-WebSocket-Key: \(Self.key)"]
    #expect(throws: WebSocketRefusal.self) { try offer(twice).get() }
  }

  @Test func `an answer of a server`() throws {
    #expect(try agreement(Self.response).get() == WebSocketHandshake.Agreement())
    let chosen = changed(Self.response, ["Upgrade": "WebSocket", "Sec-WebSocket-Protocol": "b"])
    #expect(try agreement(chosen, protocols: ["a", "b"]).get().subprotocol == "b")
    let deflate = Self.response + ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"10\""]
    #expect(try agreement(deflate, deflate: WebSocketDeflate()).get().deflate?.clientWindowBits == 10)
  }

  @Test(
    arguments: [
      ["Upgrade": nil], ["Upgrade": "h2c"], ["Upgrade": "websocket, h2c"], ["Connection": "close"],
      ["Sec-WebSocket-Accept": nil], ["Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOO="],
      ["Sec-WebSocket-Protocol": "b"], ["Sec-WebSocket-Protocol": "a, a"], ["Sec-WebSocket-Protocol": "A"],
      ["Sec-WebSocket-Extensions": "x"], ["Sec-WebSocket-Extensions": "permessage-deflate, permessage-deflate"],
      ["Sec-WebSocket-Extensions": "permessage-deflate;"], ["Sec-WebSocket-Extensions": "permessage-deflate; x"],
    ] as [[String: String?]])
  func `an answer that is refused`(_ changes: [String: String?]) throws {
    let fields = changed(Self.response, changes)
    #expect(throws: WebSocketHandshakeError.self) {
      try agreement(fields, protocols: ["a"], deflate: WebSocketDeflate()).get()
    }
  }

  @Test func `a status but 101, and an extension without an offer are refused`() throws {
    #expect(throws: WebSocketHandshakeError.self) { try agreement(Self.response, status: "200 OK").get() }
    let deflate = Self.response + ["Sec-WebSocket-Extensions: permessage-deflate"]
    #expect(throws: WebSocketHandshakeError.self) { try agreement(deflate).get() }
  }
}

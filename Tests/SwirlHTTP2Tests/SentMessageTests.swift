#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §8.2 and §8.3: what becomes of a head of HTTP/1 when it is sent.
@Suite struct SentMessageTests {
  /// What a server receives of a request.
  private func received(_ head: String, scheme: String = "https") throws -> FieldSection? {
    let client = HTTP2Session(.client)
    let server = try FrameBench(.server) { $0.takesConnectProtocol = true }
    _ = try client.request(Array(head.utf8), scheme: scheme, hasContent: true)
    server.receive(client.takeOutput() ?? [])
    #expect(server.errors.isEmpty)
    return server.sections[1]
  }

  private func text(_ section: FieldSection?) -> String? { section.map { String(decoding: $0.bytes, as: UTF8.self) } }

  @Test func `fields keep their order and values`() throws {
    let section = try received(
      "POST /a?b HTTP/1.1\r\nX-A: 1\r\nHost: a.example:8\r\nX-b:  two words \r\nX-A: 3\r\nX-C:\r\n\r\n")
    #expect(
      text(section) == "POST /a?b HTTP/2.0\r\nHost: a.example:8\r\nx-a: 1\r\nx-b: two words\r\nx-a: 3\r\nx-c: \r\n\r\n")
    #expect(section?.scheme == .https)
    #expect(try received("GET / HTTP/1.1\r\nHost: a\r\n\r\n", scheme: "http")?.scheme == .http)
  }

  @Test func `fields of the connection stay behind`() throws {
    let head = """
      GET / HTTP/1.1
      Host: a
      Connection: close, X-Mine
      X-Mine: 1
      Keep-Alive: 5
      Proxy-Connection: close
      Transfer-Encoding: chunked
      Upgrade: h2c
      TE: trailers, deflate
      X-Other: 1


      """
    #expect(
      try text(received(head.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")))
        == "GET / HTTP/2.0\r\nHost: a\r\nx-other: 1\r\n\r\n")
  }

  @Test func `TE of trailers alone is sent`() throws {
    #expect(
      try text(received("GET / HTTP/1.1\r\nHost: a\r\nTE: Trailers\r\n\r\n"))
        == "GET / HTTP/2.0\r\nHost: a\r\nte: Trailers\r\n\r\n")
  }

  @Test func `CONNECT has an authority and no path`() throws {
    #expect(
      try text(received("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"))
        == "CONNECT b.example:443 HTTP/2.0\r\nHost: b.example:443\r\n\r\n")
  }

  @Test func `one session sends message after message`() throws {
    let client = HTTP2Session(.client)
    let server = try FrameBench(.server)
    for index in 0..<50 {
      let stream = try client.request(
        Array("GET /\(index) HTTP/1.1\r\nHost: a\r\nX-\(index): \(index)\r\n\r\n".utf8), scheme: "https",
        hasContent: false)
      server.receive(client.takeOutput() ?? [])
      #expect(server.head(stream) == "GET /\(index) HTTP/2.0\r\nHost: a\r\nx-\(index): \(index)\r\n\r\n")
    }
  }

  @Test func `an informational response, a response and trailers`() throws {
    let client = try FrameBench(.client)
    let server = try FrameBench(.server)
    _ = try client.session.request(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), scheme: "https", hasContent: false)
    server.receive(client.session.takeOutput() ?? [], takesOutput: false)
    try server.session.respond(Array("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n".utf8), on: 1, hasContent: false)
    try server.session.respond(Array("HTTP/1.1 200 OK\r\nA: b\r\n\r\n".utf8), on: 1, hasContent: true)
    _ = server.session.write(Array("hello".utf8), on: 1)
    server.session.end(1, trailers: [HTTPField.Name("X-Sum")!: "5"])
    while let output = server.session.takeOutput() { client.receive(output) }
    #expect(
      client.events.filter { $0 != "settings" && $0 != "sent 1" } == [
        "informational 1 103", "head 1", "data 1 hello", "trailers 1 x-sum: 5\r\n\r\n", "end 1", "closed 1 0",
      ])
    #expect(client.head() == "HTTP/2.0 200 \r\na: b\r\n\r\n")
  }
}
#endif

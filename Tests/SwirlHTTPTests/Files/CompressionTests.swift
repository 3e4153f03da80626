import Swirl
import SwirlContent
import SwirlPlatform
import SwirlTesting
import Testing

@testable import SwirlHTTPServer

@Suite(.serialized) struct CompressionTests {
  private static let text = String(repeating: "Swirl compresses what repeats. ", count: 100)

  private func server(
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response = { _ in .text(text) }
  ) -> HTTPServer {
    var configuration = HTTPServer.Configuration()
    configuration.compression = .init()
    return HTTPServer(configuration: configuration, handler)
  }

  /// The head, and the bytes behind it.
  private func ask(_ server: HTTPServer, _ fields: String, method: String = "GET") -> (head: String, body: [UInt8]) {
    let transport = ServerMemoryTransport(server, on: Reactor(), high: .max)
    transport.send("\(method) / HTTP/1.0\r\nHost: x\r\n\(fields)\r\n")
    let bytes = transport.received
    let end = bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) } ?? bytes.count
    return (String(decoding: bytes[..<end], as: UTF8.self) + "\r\n", Array(bytes.dropFirst(end + 4)))
  }

  private func decoded(_ bytes: [UInt8], _ coding: String) throws -> [UInt8] {
    var content: [UInt8] = []
    let decoder = try #require(try ContentDecoder(contentEncoding: coding))
    try decoder.decode(bytes.span, into: &content)
    try decoder.finish()
    return content
  }

  @Test(arguments: ["gzip", "br", "zstd"])
  func `a text is sent in the coding that the client accepts`(coding: String) throws {
    let (head, body) = ask(server(), "Accept-Encoding: \(coding)\r\n")
    #expect(head.contains("Content-Encoding: \(coding)\r\n") && head.contains("Vary: Accept-Encoding\r\n"))
    #expect(head.contains("Content-Length: \(body.count)\r\n") && body.count < 300)
    #expect(try decoded(body, coding) == Array(Self.text.utf8))
  }

  @Test(arguments: ["gzip", "br", "zstd"])
  func `a stream can be decoded up to each write`(coding: String) throws {
    var writer: HTTPServer.BodyWriter?
    let transport = ServerMemoryTransport(
      server { _ in .stream(headers: [.contentType: "text/event-stream"]) { writer = $0 } }, on: Reactor())
    transport.send("GET / HTTP/1.0\r\nAccept-Encoding: \(coding)\r\n\r\n")
    #expect(transport.take().contains("Content-Encoding: \(coding)\r\n"))
    let decoder = try #require(try ContentDecoder(contentEncoding: coding))
    var sent = 0
    func read() throws -> String {
      var content: [UInt8] = []
      try decoder.decode(Array(transport.received[sent...]).span, into: &content)
      sent = transport.received.count
      return String(decoding: content, as: UTF8.self)
    }
    writer?.write("hello")
    #expect(try read() == "hello")
    writer?.write("world")
    #expect(try read() == "world" && writer?.bytesWritten == 10)
    writer?.end()
    #expect(try read() == "")
    try decoder.finish()
    #expect(transport.isClosed && !transport.isAborted)
  }

  @Test(arguments: [1999, 2001])
  func `a promised length holds for a compressed stream`(length: Int) {
    let lines = LogLines()
    let server = server { _ in
      .stream(headers: [.contentType: "text/plain"], length: length) { writer in
        writer.write([UInt8](repeating: 65, count: 2000))
        writer.end()
      }
    }
    server.logger = lines.logger()
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/", "Accept-Encoding: gzip\r\n"))
    #expect(transport.isAborted && lines.all.count == 1)
  }

  @Test func `what does not gain, and what must not be changed, is sent as it is`() {
    let text = Self.text
    let responses: [HTTPServer.Response] = [
      .text("short"), .bytes(Array(text.utf8), type: "image/png"), .text(text).with(.contentEncoding, "x"),
      .text(text).with(.cacheControl, "max-age=1, no-transform"), .bytes(Array(text.utf8)),
      .text(text, status: .partialContent).with(.contentRange, "bytes 0-3099/4000"),
    ]
    for response in responses {
      let (head, body) = ask(server { _ in response }, "Accept-Encoding: gzip\r\n")
      #expect(!head.contains("Content-Encoding: gzip") && body == response.body)
    }
    for fields in ["", "Accept-Encoding: identity\r\n", "Accept-Encoding: gzip;q=0\r\n"] {
      let (head, body) = ask(server(), fields)
      #expect(head.contains("Vary: Accept-Encoding\r\n") && body == Array(text.utf8))
    }
    // Without anything that repeats gzip only adds to it.
    var random = SystemRandomNumberGenerator()
    let noise = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(ask(server { _ in .bytes(noise, type: "text/plain") }, "Accept-Encoding: gzip\r\n").body == noise)
  }

  @Test func `a client that refuses content as it is gets a coding, or all the same content as it is`() throws {
    let (head, body) = ask(server { _ in .text("short") }, "Accept-Encoding: gzip, identity;q=0\r\n")
    #expect(head.contains("Content-Encoding: gzip"))
    #expect(try decoded(body, "gzip") == Array("short".utf8))
    // RFC 9110 §12.5.3: the field may be disregarded; an error, too, is better than a 406.
    for (status, text) in [(200, "short"), (404, Self.text), (500, "short")] {
      let answer = ask(server { _ in .text(text, status: .init(code: status)) }, "Accept-Encoding: *;q=0\r\n")
      #expect(answer.head.hasPrefix("HTTP/1.1 \(status) ") && answer.head.contains("Vary: Accept-Encoding\r\n"))
      #expect(answer.body == Array(text.utf8))
    }
    #expect(ask(server { _ in .status(.noContent) }, "Accept-Encoding: *;q=0\r\n").head.contains(" 204 "))
  }

  @Test(arguments: ["shrinks", "grows", "short", "long"])
  func `a HEAD has the fields of a GET`(kind: String) {
    var random = SystemRandomNumberGenerator()
    let content: [UInt8] =
      switch kind {
      case "shrinks": Array(Self.text.utf8)
      case "grows": (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
      case "short": Array("short".utf8)
      default: [UInt8](repeating: 65, count: 200_000)
      }
    let server = server { _ in .bytes(content, type: "text/plain") }
    for fields in ["Accept-Encoding: gzip\r\n", "Accept-Encoding: br\r\n", ""] {
      let lines = ["GET", "HEAD"].map { method in
        ask(server, fields, method: method).head.split(separator: "\r\n").filter { !$0.hasPrefix("Date:") }
      }
      #expect(lines[0] == lines[1])
    }
  }

  @Test func `a file has the same fields for HEAD and GET`() throws {
    let bench = try FileBench()
    try bench.file("a.txt", Self.text)
    var random = SystemRandomNumberGenerator()
    try bench.file("noise.txt", (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) })
    try bench.file("large.txt", [UInt8](repeating: 65, count: 100_000))
    var configuration = HTTPServer.Configuration()
    configuration.compression = .init()
    let files = bench.files()
    let server = HTTPServer(configuration: configuration) { files.respond(to: $0) }
    for path in ["/a.txt", "/noise.txt", "/large.txt"] {
      let answers = try bench.fetch(
        server, [(path, .get, [.acceptEncoding: "gzip"]), (path, .head, [.acceptEncoding: "gzip"])])
      let fields = answers.map { answer in answer.headers.filter { $0.name != .date && $0.name != .transferEncoding } }
      #expect(fields[0] == fields[1], "\(path)")
    }
  }

  @Test(arguments: ["br", "zstd", "gzip"])
  func `streams beyond the memory of encoders are sent as they are`(coding: String) {
    var configuration = HTTPServer.Configuration()
    var compression = HTTPServer.Compression()
    compression.maximumEncoderBytes = 2 * ContentEncoder.memory(of: coding)
    configuration.compression = compression
    var writers: [HTTPServer.BodyWriter] = []
    let server = HTTPServer(configuration: configuration) { request in
      if request.path == "/large" { return .text(String(repeating: "a", count: 100_000)) }
      return .stream(headers: [.contentType: "text/event-stream"]) { writers.append($0) }
    }
    let reactor = Reactor()
    func ask(_ path: String) -> ServerMemoryTransport {
      let transport = ServerMemoryTransport(server, on: reactor)
      transport.send(get(path, "Accept-Encoding: \(coding)\r\n"))
      return transport
    }
    let streams = (0..<4).map { _ in ask("/") }
    #expect(streams.map { $0.text.contains("Content-Encoding: \(coding)") } == [true, true, false, false])
    #expect(streams.allSatisfy { $0.text.contains("Vary: Accept-Encoding") })
    #expect(!ask("/large").text.contains("Content-Encoding"))
    for writer in writers { writer.write("hello") }
    #expect(streams[2].text.contains("hello"))
    // One that has ended, and one whose client has left.
    writers[0].end()
    streams[1].lose()
    writers = []
    #expect(server.encoders?.bytes == 0)
    let next = ask("/")
    #expect(next.text.contains("Content-Encoding: \(coding)"))
    withExtendedLifetime(streams) {}
  }

  @Test func `a tag becomes weak, and ranges are not offered`() {
    let server = server { request in
      .text(Self.text).with(.eTag, "\"a\"").with(.vary, "Cookie").conditional(for: request)
    }
    let (head, _) = ask(server, "Accept-Encoding: gzip\r\n")
    #expect(head.contains("ETag: W/\"a\"\r\n") && !head.contains("Accept-Ranges"))
    #expect(head.contains("Vary: Cookie, Accept-Encoding\r\n"))
    let same = ask(server, "Accept-Encoding: gzip\r\nIf-None-Match: W/\"a\"\r\n").head
    #expect(same.hasPrefix("HTTP/1.1 304") && same.contains("ETag: W/\"a\"\r\n"))
    let part = ask(server, "Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n")
    #expect(part.head.contains("ETag: \"a\"\r\n") && part.body.count == 10)
    // What the 200 would say (RFC 9110 §15.3.7, §15.4.5): its tag is that of the version for this client.
    #expect(part.head.contains("Vary: Cookie, Accept-Encoding\r\n"))
    let plain = ask(server, "If-None-Match: W/\"a\", \"a\"\r\n").head
    #expect(plain.hasPrefix("HTTP/1.1 304") && plain.contains("ETag: \"a\"\r\n"))
    #expect(plain.contains("Vary: Cookie, Accept-Encoding\r\n"))
  }

  @Test func `a HEAD has the length of what a GET sends, and no content`() {
    let (head, body) = ask(server(), "Accept-Encoding: gzip\r\n", method: "HEAD")
    let length = ask(server(), "Accept-Encoding: gzip\r\n").body.count
    #expect(head.contains("Content-Encoding: gzip\r\n") && head.contains("Content-Length: \(length)\r\n"))
    #expect(body.isEmpty)
  }

  @Test func `large content is compressed in pieces, a turn each`() throws {
    let reactor = Reactor(clock: .virtual())
    let content = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 / 100) }
    let transport = ServerMemoryTransport(
      server { _ in .bytes(content, type: "text/plain") }, on: reactor, high: .max)
    transport.send("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    #expect(!transport.isClosed)
    reactor.runUntilIdle()
    let bytes = transport.received
    let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
    #expect(try decoded(Array(bytes.dropFirst(end + 4)), "gzip") == content && transport.isClosed)
  }

  @Test(arguments: ["gzip", "br", "zstd"])
  func `a file is compressed in pieces, however fast its client reads`(coding: String) throws {
    let reactor = Reactor(clock: .virtual())
    let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max)).txt"
    let content = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 / 50) }
    defer { unlink(path) }
    let file = try #require(fopen(path, "w"))
    #expect(fwrite(content, 1, content.count, file) == content.count && fclose(file) == 0)
    let transport = ServerMemoryTransport(
      server { _ in .file(path) }, on: reactor, high: .max)
    transport.send("GET / HTTP/1.0\r\nAccept-Encoding: \(coding)\r\n\r\n")
    // Another callback has its turns meanwhile.
    var counts: Set<Int> = []
    func look() {
      counts.insert(transport.received.count)
      if !transport.isClosed { reactor.callSoon { look() } }
    }
    look()
    reactor.runUntilIdle()
    #expect(counts.contains { $0 > 0 && $0 < transport.received.count } && transport.isClosed)
    let bytes = transport.received
    let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
    #expect(try decoded(Array(bytes.dropFirst(end + 4)), coding) == content)
  }

  @Test func `bodies of requests are decoded within a limit`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.decodedBodyBytes = 10_000
    let server = HTTPServer(configuration: configuration) { .text("\($0.body.count)") }
    func status(_ body: [UInt8], _ coding: String) throws -> (Int, String?) {
      let request = try HTTPServer.Request("/", method: .post, headers: [.contentEncoding: coding], body: body)
      var response: HTTPServer.Response?
      server.respond(to: request, on: Reactor()).addCallback { response = $0 }
      return (response?.status.code ?? 0, response?.text)
    }
    func zipped(_ count: Int) throws -> [UInt8] {
      var bytes: [UInt8] = []
      let encoder = try #require(ContentEncoder("gzip"))
      #expect(encoder.encode([UInt8](repeating: 0, count: count).span, .finish, into: &bytes))
      return bytes
    }
    #expect(try status(zipped(10_000), "gzip") == (200, "10000"))
    #expect(try status(zipped(10_001), "gzip").0 == 413)
    #expect(try status(zipped(100_000_000), "gzip").0 == 413)
    #expect(try status([1, 2, 3], "gzip").0 == 400)
    #expect(try status(Array(zipped(100).dropLast(4)), "gzip").0 == 400)
    #expect(try status([1, 2, 3], "x").0 == 415)
    #expect(try status([1, 2, 3], "identity") == (200, "3"))
  }
}

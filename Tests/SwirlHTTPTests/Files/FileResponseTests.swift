import Foundation
import Swirl
import Testing

@testable import SwirlHTTPServer

@Suite(.serialized) struct FileResponseTests {
  private static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 8) }

  @Test(arguments: [0, 1, 32 * 1024, 32 * 1024 + 1, 1024 * 1024, 3_000_000])
  func `a file goes whole over a socket`(size: Int) throws {
    let bench = try FileBench()
    let path = try bench.file("a.bin", Array(Self.content.prefix(size)))
    var records: [HTTPServer.AccessRecord] = []
    let server = HTTPServer { _ in .file(path) }
    server.onFinish = { records.append($0) }
    let response = try bench.run { [reactor = bench.reactor] in
      let listener = try server.listen(0, on: reactor)
      return HTTPClient(on: reactor).fetch("http://\(listener.localAddress)/").addCallback { response in
        server.stop().addCallback { response }
      }
    }
    #expect(response.status == .ok && response.body == Array(Self.content.prefix(size)))
    #expect(response.headers[.contentLength] == "\(size)")
    #expect(records.map(\.bodyBytes) == [size] && records.map(\.isComplete) == [true])
  }

  @Test func `what is set beside the content holds for the errors in its place`() throws {
    let bench = try FileBench()
    let path = try bench.file("a.bin", [UInt8](repeating: 65, count: 100))
    let fields: HTTPFields = [
      .setCookie: "a=1", .accessControlAllowOrigin: "*", .vary: "Origin", .cacheControl: "max-age=60",
      .contentLanguage: "de", .eTag: "\"v\"",
    ]
    let server = HTTPServer { request in
      let answer: HTTPServer.Response =
        switch request.path {
        case "/file": .file(path)
        case "/missing": .file(path + ".missing")
        default: .text("text")
        }
      let response = answer.with(fields)
      return request.path == "/text" ? response.conditional(for: request) : response
    }
    let responses = try bench.fetch(
      server,
      [
        ("/missing", .get, [:]), ("/file", .get, [.ifMatch: "\"w\""]), ("/file", .get, [.range: "bytes=200-"]),
        ("/text", .get, [.ifMatch: "\"w\""]), ("/text", .get, [.range: "bytes=200-"]),
      ])
    #expect(responses.map(\.status.code) == [404, 412, 416, 412, 416])
    for response in responses {
      #expect(response.headers[.setCookie] == "a=1" && response.headers[.accessControlAllowOrigin] == "*")
      #expect(response.headers[.vary] == "Origin" && response.headers[.cacheControl] == nil)
      #expect(response.headers[.contentLanguage] == nil && response.headers[.eTag] == nil)
    }
  }

  @Test func `answers on one connection keep their order around files`() throws {
    let bench = try FileBench()
    let path = try bench.file("a.bin", [UInt8](repeating: 65, count: 100_000))
    let server = HTTPServer { request in request.path == "/file" ? .file(path) : .text("text") }
    let responses = try bench.fetch(
      server,
      [("/file", .get, [:]), ("/", .get, [:]), ("/file", .get, [.range: "bytes=0-9"]), ("/", .get, [:])])
    #expect(responses.map(\.status.code) == [200, 200, 206, 200])
    #expect(responses.map(\.body.count) == [100_000, 4, 10, 4])
    #expect(Set(responses.map { $0.text.first }) == ["A", "t"])
  }

  @Test func `a client that reads nothing holds no memory, and its end closes the file`() throws {
    let bench = try FileBench()
    let path = try bench.file("a.bin", Self.content + Self.content + Self.content)
    var record: HTTPServer.AccessRecord?
    try bench.run { [reactor = bench.reactor] in
      let finished = Deferred<Void>()
      let server = HTTPServer { _ in .file(path) }
      server.onFinish = {
        record = $0
        finished.callback()
      }
      let listener = try server.listen(0, on: reactor)
      return reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { Reluctant() }.addCallback { client in
        client.begun.addCallback { client.transport?.abort() }
      }.addCallback { finished }.addCallback { server.stop() }
    }
    #expect(record?.isComplete == false)
    #expect(!openFiles().contains { $0.hasSuffix("/a.bin") })
  }

  @Test func `a file that has become shorter breaks the connection`() throws {
    for size in [1000, 3_000_000] {
      let bench = try FileBench()
      let path = try bench.file("a.bin", [UInt8](repeating: 65, count: size))
      let lines = LogLines()
      let file = try ReadableFile.open(SystemPath(path), isCachedOnly: false)
      try #require(truncate(path, off_t(size / 2)) == 0)
      let server = HTTPServer { request in
        try FileAnswer(file: file.0, status: file.1, type: "a/b").response(to: request, on: bench.reactor)
      }
      server.logger = lines.logger()
      #expect(throws: HTTPError.self) { try bench.fetch(server, [("/", .get, [:])]) }
    }
  }

  /// `printf 'GET …' | nc -N`.
  @Test(arguments: ["a.bin", "small.txt", "missing"])
  func `a client that has closed its half gets its file`(name: String) throws {
    let bench = try FileBench()
    let content = Array(Self.content.prefix(500_000))
    try bench.file("a.bin", content)
    try bench.file("small.txt", "small")
    let folder = bench.folder.path
    let server = HTTPServer { _ in .file("\(folder)/\(name)") }
    let transport = ServerMemoryTransport(server, on: bench.reactor)
    if name == "a.bin" { transport.capacity = 300 }
    transport.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(server.openFiles == (name == "a.bin" ? 1 : 0))
    transport.sendEnd()
    for _ in 0..<1000 where transport.bufferedBytes > 0 { transport.drain() }
    // A thread looks for what is missing.
    bench.run(until: { transport.isClosed || transport.isWriteClosed })
    #expect(transport.text.statuses == [name == "missing" ? 404 : 200])
    let end = name == "a.bin" ? content : Array((name == "missing" ? "404 Not Found\n" : "small").utf8)
    #expect(transport.received.suffix(end.count) == end[...])
    #expect(transport.isClosed || transport.isWriteClosed)
    #expect(server.openFiles == 0)
  }

  @Test func `a file that a thread opens is sent to a client that has closed its half`() throws {
    let bench = try FileBench()
    let path = try bench.file("a.txt", "content")
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      openFile(for: request, on: bench.reactor) { (isCachedOnly) throws(DirectoryRootError) in
        if isCachedOnly { throw DirectoryRootError(errno: EAGAIN) }
        return path
      }.addCallback { opened in .text(try opened.get()) }
    }
    let transport = ServerMemoryTransport(server, on: bench.reactor)
    transport.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    transport.sendEnd()
    #expect(!transport.isClosed)
    bench.run(until: { transport.isClosed || transport.isWriteClosed })
    #expect(transport.text.hasSuffix(path))
  }

  @Test func `a status that the program sets is that of the whole file`() throws {
    let bench = try FileBench()
    let path = try bench.file("404.html", "<p>gone")
    let server = HTTPServer { request in
      guard request.path == "/set" else { return .file(path, status: .notFound) }
      var answer = HTTPServer.Response.file(path)
      answer.status = .gone
      return answer
    }
    for (place, status) in [("/", 404), ("/set", 410)] {
      let answer = try bench.ask(server, place, [.range: "bytes=0-1", .ifNoneMatch: "*"])
      #expect(answer.status == status && answer.text == "<p>gone")
      #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
      #expect(answer.headers[.eTag] == nil && answer.headers[.acceptRanges] == nil)
    }
    #expect(try bench.ask(HTTPServer { _ in .file(path + "x", status: .gone) }, "/").status == 404)
  }

  @Test func `what is no file has its status`() throws {
    let bench = try FileBench()
    let fifo = bench.folder.appending(path: "fifo").path
    try #require(mkfifo(fifo, 0o600) == 0)
    for path in [bench.folder.appending(path: "missing").path, bench.folder.path, fifo, "/dev/null", "a\0b"] {
      #expect(try bench.ask(HTTPServer { _ in .file(path) }, "/").status == 404)
    }
  }

  @Test func `a handler's fields hold, and a name is offered`() throws {
    let bench = try FileBench()
    let path = try bench.file("a.txt")
    let server = HTTPServer { _ in .file(path, type: "a/b", downloadName: "ü.txt").with(.cacheControl, "no-store") }
    let answer = try bench.ask(server, "/")
    #expect(answer.headers[.contentType] == "a/b" && answer.headers[.cacheControl] == "no-store")
    #expect(answer.headers[.contentDisposition] == "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt")
    #expect(answer.text == "content")
    let later = HTTPServer { _ in Deferred.succeed(HTTPServer.Response.file(path)) }
    #expect(try bench.ask(later, "/", [.range: "bytes=1-2"]).text == "on")
  }

  @Test(arguments: [
    ("a b.txt", "attachment; filename=\"a b.txt\""), ("a\"b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
    ("a\\b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%5Cb"),
    ("50%", "attachment; filename=\"50_\"; filename*=UTF-8''50%25"),
    ("a\r\nX: 1", "attachment; filename=\"a__X: 1\"; filename*=UTF-8''a%0D%0AX%3A%201"),
  ])
  func `a name to save under_RFC6266`(name: String, value: String) {
    #expect(ContentDisposition.attachment(named: name) == value)
  }

  @Test(arguments: [
    ("a.HTML", "text/html; charset=utf-8"), ("a.tar.gz", "application/gzip"), ("a", "application/octet-stream"),
    (".png", "application/octet-stream"), ("a.", "application/octet-stream"), ("a.own", "x/own"),
  ])
  func `a type is that of the extension`(name: String, type: String) {
    #expect(MediaTypes.type(ofName: name, own: ["own": "x/own"]) == type)
  }
}

/// A client that stops reading with the first bytes.
private final class Reluctant: StreamProtocol {
  private(set) var transport: (any Transport)?
  let begun = Deferred<Void>()

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(get())
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    transport?.pauseReading()
    if !begun.isFired { begun.callback() }
  }
}

/// The files that this process has open.
private func openFiles() -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
  return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
}

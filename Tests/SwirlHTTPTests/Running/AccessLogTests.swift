import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Synchronization
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// The lines of an access log, and where they go.
@Suite struct AccessLogTests {
  /// The lines that a server logs for what a client sends.
  private func lines(
    _ format: HTTPServer.AccessLog.Format, for text: String, _ configuration: HTTPServer.Configuration = .init()
  ) -> [String] {
    let lines = LineBox()
    let server = HTTPServer(configuration: configuration) { _ in .text("hello\n") }
    server.accessLog = HTTPServer.AccessLog(format, to: .lines { lines.append($0) }, isUTC: true)
    let transport = ServerMemoryTransport(server, on: Reactor(clock: .virtual()))
    transport.send(text)
    return lines.all
  }

  private final class LineBox: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
  }

  @Test func `the common format`() {
    #expect(
      lines(.common, for: get("/a?b=1")) == [
        #"192.0.2.1 - - [01/Jan/2026:12:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 6"#
      ])
  }

  @Test func `the combined format has Referer and User-Agent`() {
    #expect(
      lines(.combined, for: get("/", "User-Agent: curl/8.1\r\nReferer: http://x.example/\r\n") + get("/b")) == [
        #"192.0.2.1 - - [01/Jan/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 6 "http://x.example/" "curl/8.1""#,
        #"192.0.2.1 - - [01/Jan/2026:12:00:00 +0000] "GET /b HTTP/1.1" 200 6 "-" "-""#,
      ])
  }

  @Test func `the JSON format leaves out what is not known`() throws {
    let line = try #require(lines(.json, for: get("/a")).first)
    #expect(
      line == """
        {"time":"2026-01-01T12:00:00.000+00:00","client":"192.0.2.1","method":"GET","target":"/a","version":"HTTP/1.1",\
        "status":200,"bytes":6,"duration":0.000000,"complete":true,"host":"x"}
        """)
  }

  @Test func `what is no request has its line, too`() throws {
    #expect(lines(.common, for: "NONSENSE\r\n\r\n").first?.contains(#"] "-" 400 "#) == true)
    let line = try #require(lines(.json, for: "NONSENSE\r\n\r\n").first)
    #expect(line.contains(#""client":"192.0.2.1","status":400,"#) && !line.contains("method"))
  }

  /// Bytes that a field's value may have, and those that ended lines at others: percent-encoded breaks in a path that
  /// is decoded before it is logged, quotes, a tab, DEL, C1 controls, U+2028, and what is not UTF-8.
  @Test(arguments: [
    (#"a" 200 0 "forged"#, #"a\x22 200 0 \x22forged"#, #"a\" 200 0 \"forged"#), (#"\"#, #"\x5C"#, #"\\"#),
    ("a\tb", #"a\x09b"#, #"a\u0009b"#), ("a\u{9B}2J", #"a\xC2\x9B2J"#, #"a\u009B2J"#),
    ("a\u{2028}b", #"a\xE2\x80\xA8b"#, #"a\u2028b"#), ("é", #"\xC3\xA9"#, "é"),
  ])
  func `a value cannot end itself or its line`(value: String, quoted: String, json: String) throws {
    let request = get("/%0d%0aforged", "User-Agent: \(value)\r\n")
    let combined = try #require(lines(.combined, for: request).first)
    #expect(combined.hasSuffix(#" "\#(quoted)""#) && combined.contains(#""GET /%0d%0aforged HTTP/1.1""#))
    let object = try #require(lines(.json, for: request).first)
    #expect(object.contains(#""user_agent":"\#(json)"}"#))
    let parsed = try #require(try JSONSerialization.jsonObject(with: Data(object.utf8)) as? [String: Any])
    #expect(parsed["user_agent"] as? String == value)
  }

  @Test func `any byte in a line is valid`() throws {
    for byte in 0...255 {
      let value = String(decoding: [UInt8(ascii: "x"), UInt8(byte), UInt8(ascii: "y")], as: UTF8.self)
      var line = LogLine()
      line.appendEscaped(value)
      #expect(line.bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") })
      line = LogLine(bytes: [UInt8(ascii: "{")])
      line.appendMember("a", value)
      line.append("}")
      #expect(!line.bytes.contains { $0 < 0x20 || $0 == 0x7F })
      let parsed = try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: String]
      #expect(parsed == ["a": value])
    }
  }

  @Test func `secrets in a query and a referrer are not logged`() throws {
    let request = get("/a?token=t0p", "Referer: http://x.example/?password=t0p\r\n")
    #expect(!lines(.common, for: request)[0].contains("t0p"))
    #expect(!lines(.combined, for: request)[0].contains("t0p"))
    #expect(!lines(.json, for: request)[0].contains("t0p"))
  }

  @Test func `behind a trusted proxy the client is the one that it names`() {
    var configuration = HTTPServer.Configuration()
    let request = get("/", "X-Forwarded-For: 203.0.113.9\r\nX-Request-ID: 7f\r\n")
    #expect(lines(.common, for: request, configuration)[0].hasPrefix("192.0.2.1 "))
    configuration.trustedProxies = .init(["192.0.2.0/24"])
    #expect(lines(.common, for: request, configuration)[0].hasPrefix("203.0.113.9 "))
    let object = lines(.json, for: request, configuration)[0]
    #expect(object.contains(#""client":"203.0.113.9""#) && object.hasSuffix(#","request_id":"7f"}"#))
  }

  @Test func `a line of the program stays one line, and may be left out`() {
    let format = HTTPServer.AccessLog.Format.custom { record in
      record.request?.path == "/health" ? nil : "a\r\nb \(record.status.code)\t\(record.time)"
    }
    #expect(lines(format, for: get("/health") + get("/")) == [#"a\x0D\x0Ab 200"# + "\t1767268800.0 seconds"])
  }

  @Test(arguments: [(3_600, "+01:00"), (-12_600, "-03:30"), (0, "+00:00"), (-1_800, "-00:30")])
  func `times have the offset of the zone`(seconds: Int, offset: String) {
    #expect(LogClock.offset(seconds, ":") == offset)
  }

  // MARK: - Files

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func content(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func `a stop waits for the file, which is opened again after a rotation`() throws {
    try inFolder { folder in
      let path = folder + "/access.log"
      let server = HTTPServer { _ in .text("hello\n") }
      let log = try HTTPServer.AccessLog.common(to: .file(path))
      server.accessLog = log
      try serving(server) { reactor, port in
        let client = HTTPClient(on: reactor)
        return client.fetch("http://127.0.0.1:\(port)/1").addCallback { _ in
          server.accessLogBuffer?.flush(on: reactor) ?? .succeed()
        }.addCallback { _ in
          try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
          try server.reload()
          return client.fetch("http://127.0.0.1:\(port)/2")
        }.addCallback { _ in
          client.close()
          return server.stop()
        }
      }
      #expect(try content(path + ".1").contains("\"GET /1 HTTP/1.1\" 200 6\n"))
      #expect(try content(path).contains("\"GET /2 HTTP/1.1\" 200 6\n"))
      #expect(log.droppedLines == 0)
    }
  }

  @Test func `a file that cannot be opened again stays in use`() throws {
    try inFolder { folder in
      let path = folder + "/logs/access.log"
      try FileManager.default.createDirectory(atPath: folder + "/logs", withIntermediateDirectories: true)
      let writer = LogWriter(try LogFile(path))
      let reactor = Reactor()
      writer.append(Array("1\n".utf8), lines: 1)
      writer.flush(on: reactor).addCallback { _ in
        try FileManager.default.moveItem(atPath: folder + "/logs", toPath: folder + "/old")
        writer.reopen()
        writer.append(Array("2\n".utf8), lines: 1)
        return writer.flush(on: reactor)
      }.addBoth { _ in reactor.stop() }
      reactor.run(handlingSignals: false)
      #expect(try content(folder + "/old/access.log") == "1\n2\n")
      #expect(writer.droppedLines == 0)
    }
  }

  @Test func `the error for a file that cannot be opened names it`() throws {
    let error = #expect(throws: (any Error).self) { _ = try HTTPServer.AccessLog.json(to: .file("/nowhere/a.log")) }
    #expect("\(try #require(error))".contains("/nowhere/a.log"))
    #expect(throws: (any Error).self) { _ = try HTTPServer.AccessLog.json(to: .file("/tmp/a\0b")) }
  }

  @Test func `while a pipe takes nothing, lines wait up to the limit and then are dropped`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    let writer = LogWriter(LogFile(descriptor: ends[1], "a pipe"), limit: 300_000)
    let line = [UInt8](repeating: 65, count: 99_999) + [10]
    // A pipe takes 64 KiB, so that the thread blocks in the first line at the latest, and three lines wait.
    for _ in 0..<20 { writer.append(line, lines: 1) }
    #expect((16...17).contains(writer.droppedLines))
    let kept = 20 - writer.droppedLines
    let reactor = Reactor()
    let drained = Mutex(0)
    let read = reactor.deferToThread { [end = ends[0]] in
      var room = [UInt8](repeating: 0, count: 65_536)
      while drained.withLock({ $0 }) < kept * 100_000 {
        let count = Foundation.read(end, &room, room.count)
        drained.withLock { $0 += max(0, count) }
      }
    }
    read.addCallback { writer.flush(on: reactor) }.addBoth { _ in reactor.stop() }
    reactor.run(handlingSignals: false)
    #expect(drained.withLock { $0 } == kept * 100_000)
    close(ends[1])
  }
}

import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlSystem
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// RFC 9110 §13.1.5, §14.4, §15.3.7: for any response about a part, the file is right or the download fails.
  @Suite(.inBothVersions) final class DownloadResumeTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).bin").path
    private var partPath: String { path + ".part" }
    private var originPath: String { path + ".origin.part" }
    private let bench: ClientBench
    private static let whole = "helloworld"

    init() throws { bench = try ClientBench() }

    deinit {
      bench.end()
      for path in [path, partPath, originPath] { try? FileManager.default.removeItem(atPath: path) }
    }

    private func text(_ path: String) -> String? {
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func put(_ text: String?, _ path: String) throws {
      try? FileManager.default.removeItem(atPath: path)
      if let text { try Data(text.utf8).write(to: URL(filePath: path)) }
    }

    private func origin(_ validator: String, total: Int? = 10, coding: String = "", url: String? = nil) -> String {
      let url = url ?? bench.server.url
      let tag = validator.hasPrefix("\"") ? validator : ""
      // The URL is stored in the standard's canonical form.
      return "swirl-part 1\n\(url)\n\(url)/\n\(validator)\n\(tag)\n\(total.map { "\($0)" } ?? "")\n\(coding)\n"
    }

    private func download(
      _ request: HTTPClient.Request? = nil, resuming: Bool = true, _ answer: @escaping (RawRequest) -> Void
    ) throws -> Result<HTTPClient.Download, any Error> {
      bench.server.answer = answer
      var outcome: Result<HTTPClient.Download, any Error>?
      bench.client.download(request ?? HTTPClient.Request(bench.server.url), to: path, resuming: resuming)
        .addBoth { outcome = $0 }
      bench.run(until: { outcome != nil })
      return try #require(outcome)
    }

    /// RFC 9110 §8.8.2.2: a date is a strong validator only if the Date of its response is at least a second later.
    @Test(
      .http1Only("the form of a head"),
      arguments: [
        ("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n", true),
        ("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", false),
        ("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", false), ("ETag: W/\"1\"\r\n", false),
        ("ETag: \"1\"\r\n", true),
      ])
    func `a download is resumed by a strong validator only`(fields: String, isStrong: Bool) throws {
      // The first connection ends in the middle.
      _ = try download { request in
        request.connection.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 10\r\n\r\nhello")
        request.connection.close()
      }
      var head = ""
      let outcome = try download { request in
        head = request.head
        guard head.contains("\r\nRange: ") else { return request.answer(Self.whole, fields: fields) }
        request.answer("world", status: "206 P", fields: "\(fields)Content-Range: bytes 5-9/10\r\n")
      }
      #expect(try outcome.get().resumedAt == (isStrong ? 5 : 0))
      #expect(head.contains("\r\nRange: bytes=5-\r\n") == isStrong)
      let validator = fields.contains("ETag") ? "\"1\"" : "Sun, 06 Nov 1994 08:49:37 GMT"
      #expect(head.contains("\r\nIf-Range: \(validator)\r\n") == isStrong)
      #expect(text(path) == Self.whole)
    }

    // MARK: - The table

    /// How a server of `helloworld` answers a request with a range; the head without its empty line, and the content.
    private static let rangedAnswers: [(name: String, head: String, content: String)] = [
      ("honest", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-9/10", "world"),
      (
        "without a length", "206 P\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 5-9/10",
        "5\r\nworld\r\n0\r\n\r\n"
      ),
      ("from 0", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 0-9/10", whole),
      ("from 3", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 3-9/10", "loworld"),
      ("from 7", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 7-9/10", "rld"),
      ("a piece", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-7/10", "wor"),
      ("another ETag", "206 P\r\nETag: \"2\"\r\nContent-Range: bytes 5-9/10", "WORLD"),
      ("a weak ETag", "206 P\r\nETag: W/\"1\"\r\nContent-Range: bytes 5-9/10", "WORLD"),
      ("no ETag", "206 P\r\nContent-Range: bytes 5-9/10", "WORLD"),
      ("another total", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-9/12", "WORLD"),
      ("no total", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-9/*", "world"),
      ("no range", "206 P", "world"),
      ("another unit", "206 P\r\nETag: \"1\"\r\nContent-Range: items 5-9/10", "WORLD"),
      ("overflow", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-18446744073709551625/18446744073709551626", "WORLD"),
      ("the wrong length", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes 5-8/10", "WORLD"),
      ("no positions", "206 P\r\nETag: \"1\"\r\nContent-Range: bytes */10", "WORLD"),
      (
        "multipart",
        "206 P\r\nETag: \"1\"\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Range: bytes 5-9/10", "--x--"
      ),
      ("another coding", "206 P\r\nETag: \"1\"\r\nContent-Encoding: gzip\r\nContent-Range: bytes 5-9/10", "WORLD"),
      (
        "too long", "206 P\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 5-9/10",
        "6\r\nworld!\r\n0\r\n\r\n"
      ),
      ("200 with the whole", "200 OK", whole),
      ("200 with the range", "200 OK\r\nContent-Range: bytes 5-9/10", "world"),
      ("416", "416 N", "none"),
      ("416 with the total", "416 N\r\nContent-Range: bytes */10", ""),
      ("500", "500 N", "oops"),
    ]

    /// The part left by an earlier download; `other` is of another version.
    private static let parts: [(part: String?, validator: String?, total: Int?)] = [
      (nil, nil, nil), ("", "\"1\"", 10), ("hello", nil, nil), ("hello", "\"1\"", 10), ("hello", "\"1\"", nil),
      ("HELLO", "\"0\"", 10), ("HELLOWORLD", "\"0\"", 10), ("HELLOWORLD!!", "\"0\"", 10),
      ("HELLOWORLD!!", "\"0\"", nil),
      ("HELLOWORLD!!", nil, nil), (whole, "\"1\"", 10), (whole, "\"1\"", nil), (nil, "\"1\"", 10),
      ("hello", "Sun, 06 Nov 1994 08:49:37 GMT", 10),
    ]

    /// The validators of the full response: only the first and the third are strong.
    private static let validators = [
      "ETag: \"1\"\r\n", "ETag: W/\"1\"\r\n",
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "",
    ]

    @Test(.http1Only("thousands of cases of files"), arguments: DownloadResumeTests.validators)
    func `the file is right, or there is an error and the next download is right`(fields: String) throws {
      bench.server.countsSockets = false
      var wrongs: [String] = []
      for part in Self.parts {
        for ranged in Self.rangedAnswers {
          for cut in [nil, 2] as [Int?] {
            try put("before", path)
            try put(part.part, partPath)
            try put(part.validator.map { origin($0, total: part.total) }, originPath)
            func answer(_ request: RawRequest, honest: Bool) {
              var (head, content) = ("200 OK\r\n\(fields)", Self.whole)
              // A server that honours If-Range sends the part only to a client with the same version.
              let isSame = request.values("if-range").allSatisfy { fields.contains($0) }
              let start = request.values("range").first.flatMap { Int($0.dropFirst(6).dropLast()) }
              if honest {
                if let start, isSame {
                  head = "206 P\r\n\(fields)Content-Range: bytes \(start)-9/10"
                  content = String(Self.whole.dropFirst(start))
                }
              } else if start != nil, ranged.name != "no ETag" || request.values("if-range")[0].hasPrefix("\"") {
                (head, content) = (ranged.head, ranged.content)
              }
              while head.hasSuffix("\r\n") { head.removeLast(2) }
              if !head.contains("chunked") { head += "\r\nContent-Length: \(content.utf8.count)" }
              request.connection.send("HTTP/1.1 \(head)\r\n\r\n")
              if let cut, !honest {
                request.connection.close(after: String(content.prefix(cut)))
              } else {
                request.connection.send(content)
              }
            }
            let first = try download { answer($0, honest: false) }
            let name = "\(part) \(ranged.name) cut \(cut.map { "\($0)" } ?? "never")"
            var file = text(path)
            switch first {
            case .success(let download):
              if file != Self.whole || download.size != 10 { wrongs.append("\(name): \(file ?? "no file")") }
            case .failure: if file != "before" { wrongs.append("\(name): replaced by \(file ?? "no file")") }
            }
            let second = try download { answer($0, honest: true) }
            file = text(path)
            if (try? second.get()) == nil || file != Self.whole {
              wrongs.append("\(name), and then: \(file ?? "no file") \(second)")
            }
            if text(partPath) != nil || text(originPath) != nil { wrongs.append("\(name): something is left") }
          }
        }
      }
      #expect(wrongs.count == 0, "such as \(wrongs.prefix(5))")
    }

    // MARK: - Single rules

    /// RFC 9110 §8.8.3: an entity tag may have bytes beyond ASCII, in no character set.
    @Test(.http1Only("the form of a head")) func `an ETag is kept and sent back in its own bytes`() throws {
      let tag = Array("\"t".utf8) + [0xE9, 0xFF] + Array("\"".utf8)
      let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: ".utf8) + tag + Array("\r\n\r\n".utf8)
      let first = try download {
        $0.connection.send(head)
        $0.connection.close(after: "hello")
      }
      #expect(throws: HTTPError.self) { try first.get() }
      let second = try download { request in
        let part = Array("HTTP/1.1 206 P\r\nContent-Length: 5\r\nContent-Range: bytes 5-9/10\r\nETag: ".utf8)
        request.connection.send(part + tag + Array("\r\n\r\nworld".utf8))
      }
      #expect(try second.get().resumedAt == 5 && text(path) == Self.whole)
      let sent = try #require(bench.server.requests.last).headBytes
      #expect(sent.firstRange(of: Array("If-Range: ".utf8) + tag + Array("\r\n".utf8)) != nil)
    }

    @Test(arguments: [
      ("from 0", 0), ("from 3", 3), ("honest", 5), ("no total", 5), ("without a length", 5),
    ]) func `a range that fits is written where it begins`(name: String, resumedAt: Int) throws {
      try put("hello", partPath)
      try put(origin("\"1\""), originPath)
      let answer = try #require(Self.rangedAnswers.first { $0.name == name })
      let outcome = try download { request in
        let length = name == "without a length" ? "" : "\r\nContent-Length: \(answer.content.utf8.count)"
        request.connection.send("HTTP/1.1 \(answer.head)\(length)\r\n\r\n\(answer.content)")
      }
      #expect(try outcome.get().resumedAt == resumedAt && text(path) == Self.whole)
      #expect(bench.server.requests.count == 1)
    }

    @Test(arguments: [
      "from 7", "another ETag", "no ETag", "another total", "416", "416 with the total", "200 with the range",
    ])
    func `one that does not fit is asked for once more, without a range`(name: String) throws {
      try put("hello", partPath)
      try put(origin("\"1\""), originPath)
      let answer = try #require(Self.rangedAnswers.first { $0.name == name })
      let outcome = try download { request in
        if request.values("range").isEmpty { return request.answer(Self.whole) }
        request.connection.send(
          "HTTP/1.1 \(answer.head)\r\nContent-Length: \(answer.content.utf8.count)\r\n\r\n\(answer.content)")
      }
      #expect(try outcome.get().resumedAt == 0 && text(path) == Self.whole)
      #expect(bench.server.requests.map { $0.values("range").count } == [1, 0])
      #expect(bench.server.requests.map { $0.values("if-range").count } == [1, 0])
    }

    @Test func `a part that was whole is verified by its last byte`() throws {
      try put(Self.whole, partPath)
      try put(origin("\"1\""), originPath)
      let outcome = try download { request in
        #expect(request.values("range") == ["bytes=9-"] && request.values("if-range") == ["\"1\""])
        request.answer("d", status: "206 P", fields: "ETag: \"1\"\r\nContent-Range: bytes 9-9/10\r\n")
      }
      #expect(try outcome.get().size == 10 && text(path) == Self.whole)
    }

    @Test(arguments: ["206 P\r\nContent-Range: bytes 5-9/10", "206 P", "416 N"])
    func `a part that was not asked for is an error`(head: String) throws {
      let outcome = try download { $0.connection.send("HTTP/1.1 \(head)\r\nContent-Length: 5\r\n\r\nworld") }
      #expect { try outcome.get() } throws: { ($0 as? HTTPError)?.status?.code == Int(head.prefix(3)) }
      #expect(text(path) == nil && text(partPath) == nil && text(originPath) == nil)
      #expect(bench.server.requests.count == 1)
    }

    @Test func `a piece of the rest is kept, and no download is complete before its length is the total`() throws {
      try put("hello", partPath)
      try put(origin("\"1\""), originPath)
      for (piece, range, kept) in [("wo", "5-6", "hellowo"), ("r", "7-7", "hellowor")] {
        let outcome = try download {
          $0.answer(piece, status: "206 P", fields: "ETag: \"1\"\r\nContent-Range: bytes \(range)/10\r\n")
        }
        #expect { try outcome.get() } throws: { ($0 as? HTTPError)?.code == .closedEarly }
        #expect(text(partPath) == kept && text(path) == nil)
      }
      let outcome = try download {
        $0.answer("ld", status: "206 P", fields: "ETag: \"1\"\r\nContent-Range: bytes 8-9/10\r\n")
      }
      #expect(try outcome.get().resumedAt == 8 && text(path) == Self.whole)
    }

    @Test func `more than was announced is an error, and the part is not resumed`() throws {
      try put("hello", partPath)
      try put(origin("\"1\""), originPath)
      let outcome = try download {
        $0.connection.send(
          "HTTP/1.1 206 P\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 5-9/10\r\n\r\n6\r\nworld!\r\n0\r\n\r\n"
        )
      }
      #expect { try outcome.get() } throws: { ($0 as? HTTPError)?.code == .invalidResponse }
      #expect(text(path) == nil && text(originPath) == nil)
    }

    @Test(arguments: [
      "swirl-part 1\nURL\nURL\n\"1\"\n\"1\"\n10\n", "swirl-part 1\nURL\nURL\n\n\n10\n\n", "",
      "swirl-part 2\nURL\nURL\n\"1\"\n\"1\"\n10\n\n", "swirl-part 1\nhttp://elsewhere/\nURL\n\"1\"\n\"1\"\n10\n\n",
    ]) func `a part without its whole origin is not resumed`(origin: String) throws {
      try put("HELLO", partPath)
      try put(origin.replacing("URL", with: bench.server.url), originPath)
      let outcome = try download { request in
        #expect(request.values("range").isEmpty && request.values("if-range").isEmpty)
        request.answer(Self.whole)
      }
      #expect(try outcome.get().resumedAt == 0 && text(path) == Self.whole)
    }

    @Test func `a POST is not resumed`() throws {
      try put("HELLO", partPath)
      try put(origin("\"1\""), originPath)
      let outcome = try download(HTTPClient.Request(bench.server.url, method: .post)) { request in
        #expect(request.values("range").isEmpty)
        request.answer(Self.whole)
      }
      #expect(try outcome.get().resumedAt == 0 && text(path) == Self.whole)
    }

    @Test(arguments: [("5-7", true), ("5-9", false), ("4-7", false), ("9-9", false)])
    func `a range of the caller's own is all that the file has`(range: String, isRight: Bool) throws {
      try put("HELLO", partPath)
      try put(origin("\"1\""), originPath)
      var request = HTTPClient.Request(bench.server.url)
      request.setRange(5..<8)
      let ends = range.split(separator: "-").compactMap { Int($0) }
      let content = String(Self.whole.dropFirst(ends[0]).prefix(ends[1] - ends[0] + 1))
      let outcome = try download(request) {
        #expect($0.values("range") == ["bytes=5-7"] && $0.values("if-range").isEmpty)
        $0.answer(content, status: "206 P", fields: "ETag: \"1\"\r\nContent-Range: bytes \(range)/10\r\n")
      }
      if isRight {
        #expect(try outcome.get().size == 3 && text(path) == "wor")
      } else {
        #expect { try outcome.get() } throws: { ($0 as? HTTPError)?.code == .invalidResponse }
      }
    }

    // MARK: - Two at once

    @Test func `of two downloads to one path at once the second is an error, and the first is whole`() throws {
      var waiting: [RawRequest] = []
      bench.server.answer = { waiting.append($0) }
      var (first, second): (Result<HTTPClient.Download, any Error>?, Result<HTTPClient.Download, any Error>?)
      bench.client.download(HTTPClient.Request(bench.server.url), to: path).addBoth { first = $0 }
      bench.run(until: { waiting.count == 1 })
      bench.client.download(HTTPClient.Request(bench.server.url), to: path).addBoth { second = $0 }
      bench.run(until: { second != nil })
      #expect { try second?.get() } throws: { ($0 as? FileError)?.path == partPath }
      waiting[0].answer(Self.whole)
      bench.run(until: { first != nil })
      #expect(try first?.get().size == 10 && text(path) == Self.whole && waiting.count == 1)
    }

    @Test func `after a download was cancelled another begins at once, and nothing of the first is in it`() throws {
      let sent = String(decoding: pattern(2_000_000), as: UTF8.self)
      for _ in 1...10 {
        bench.server.answer = {
          $0.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2000001\r\n\r\n")
          $0.connection.send(sent)
        }
        var received = 0
        var isOver = false
        let cancelled = bench.client.download(HTTPClient.Request(bench.server.url), to: path) { count, _ in
          received = count
        }
        cancelled.addBoth { _ in isOver = true }
        bench.run(until: { received > 300_000 })
        cancelled.cancel()
        #expect(isOver)
        let outcome = try download(resuming: false) { $0.answer(Self.whole) }
        #expect(try outcome.get().size == 10 && text(path) == Self.whole)
      }
    }
  }
}

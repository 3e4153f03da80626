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
  @Suite(.inBothVersions) final class DownloadTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).bin").path
    private var partPath: String { path + ".part" }

    deinit {
      try? FileManager.default.removeItem(atPath: path)
      try? FileManager.default.removeItem(atPath: partPath)
      try? FileManager.default.removeItem(atPath: path + ".origin.part")
    }

    private func content(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }

    /// Downloads from a server with this response.
    private func download(
      resuming: Bool = false, progress: ((Int, Int?) -> Void)? = nil, _ answer: @escaping (RawRequest) -> Void
    ) throws -> Result<HTTPClient.Download, any Error> {
      let bench = try ClientBench()
      defer { bench.end() }
      return try download(on: bench, resuming: resuming, progress: progress, answer)
    }

    private func download(
      on bench: ClientBench, to other: String? = nil, resuming: Bool, progress: ((Int, Int?) -> Void)? = nil,
      _ answer: @escaping (RawRequest) -> Void
    ) throws -> Result<HTTPClient.Download, any Error> {
      bench.server.answer = answer
      var outcome: Result<HTTPClient.Download, any Error>?
      let request = HTTPClient.Request(bench.server.url)
      bench.client.download(request, to: other ?? path, resuming: resuming, progress: progress)
        .addBoth { outcome = $0 }
      bench.run(until: { outcome != nil })
      return try #require(outcome)
    }

    @Test func `the file is there when all of it is, and the progress is reported`() throws {
      let sent = pattern(1_000_000)
      var last = (0, Int?.none)
      let outcome = try download(progress: { last = ($0, $1) }) { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        request.connection.send(sent)
      }
      #expect(try outcome.get().size == 1_000_000 && outcome.get().resumedAt == 0)
      #expect(content(path) == sent && content(partPath) == nil)
      #expect(last == (1_000_000, 1_000_000))
    }

    @Test(arguments: [false, true]) func `what is no file, such as a device, is written to and not replaced`(
      _ resuming: Bool
    ) throws {
      // Through a link, which a wrong implementation would replace in place of the device.
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
      let outcome = try download(resuming: resuming) { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
      }
      #expect(try outcome.get().size == 5)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
      #expect(content(partPath) == nil)
    }

    @Test(arguments: [250, 251, 255])
    func `a name may be as long as names can be, also when it is resumed`(length: Int) throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID())").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      // Characters of three bytes.
      let name = String(repeating: "\u{5b57}", count: 80) + String(repeating: "x", count: length - 240)
      let bench = try ClientBench()
      defer { bench.end() }
      let broken = try download(on: bench, to: folder + "/" + name, resuming: false) { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"a\"\r\n\r\nhello")
        request.connection.close()
      }
      #expect(throws: HTTPError.self) { try broken.get() }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).contains(name) == false)
      let whole = try download(on: bench, to: folder + "/" + name, resuming: true) { request in
        let head = "HTTP/1.1 206 Part\r\nContent-Length: 5\r\nETag: \"a\"\r\nContent-Range: bytes 5-9/10\r\n\r\n"
        request.connection.send(head + "world")
      }
      #expect(try whole.get().size == 10 && whole.get().resumedAt == 5)
      #expect(content(folder + "/" + name).map { String(decoding: $0, as: UTF8.self) } == "helloworld")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
    }

    @Test func `what broke off is resumed where it stopped`() throws {
      let sent = pattern(300_000)
      let bench = try ClientBench()
      defer { bench.end() }
      let broken = try download(on: bench, resuming: false) { request in
        request.connection.send("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 300000\r\n\r\n")
        request.connection.send(Array(sent.prefix(100_000)))
        request.connection.close()
      }
      #expect(throws: HTTPError.self) { try broken.get() }
      #expect(content(path) == nil && content(partPath) == Array(sent.prefix(100_000)))
      #expect(content(path + ".origin.part") != nil)
      let outcome = try download(on: bench, resuming: true) { request in
        #expect(request.values("range") == ["bytes=100000-"])
        #expect(request.values("if-range") == ["\"1\""])
        request.connection.send(
          "HTTP/1.1 206 Part\r\nETag: \"1\"\r\nContent-Range: bytes 100000-299999/300000\r\nContent-Length: 200000\r\n\r\n"
        )
        request.connection.send(Array(sent.dropFirst(100_000)))
      }
      #expect(try outcome.get().resumedAt == 100_000 && outcome.get().size == 300_000)
      #expect(content(path) == sent && content(path + ".origin.part") == nil)
    }

    @Test(.http1Only("a reset of a stream may overtake its content"), arguments: [false, true])
    func `what is written in many goes is whole, and what broke off is kept to the last byte`(breaks: Bool) throws {
      let sent = pattern(5_000_001)
      let outcome = try download { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(sent.count + (breaks ? 1 : 0))\r\n\r\n")
        request.connection.send(sent)
        if breaks { request.connection.close() }
      }
      if breaks {
        #expect(throws: HTTPError.self) { try outcome.get() }
      } else {
        #expect(try outcome.get().size == sent.count)
      }
      #expect(content(breaks ? partPath : path) == sent && content(breaks ? path : partPath) == nil)
    }

    @Test(arguments: [1_000, 3_000_000]) func `a full disk ends it with the error of the write`(count: Int) throws {
      let bench = try ClientBench()
      defer { bench.end() }
      let outcome = try download(on: bench, to: "/dev/full", resuming: false) { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
        request.connection.send(pattern(count))
      }
      #expect(throws: FileError.self) { try outcome.get() }
    }

    @Test func `a server that sends all of it again is taken at its word`() throws {
      try Data("old and longer".utf8).write(to: URL(filePath: partPath))
      let outcome = try download(resuming: true) { $0.answer("all of it") }
      #expect(try outcome.get().resumedAt == 0)
      #expect(content(path) == Array("all of it".utf8))
    }

    @Test(arguments: ["404 No", "500 Oops", "206 Lie"]) func `another status is an error, and nothing is replaced`(
      status: String
    ) throws {
      try Data("before".utf8).write(to: URL(filePath: path))
      if status == "206 Lie" { try Data("part".utf8).write(to: URL(filePath: partPath)) }
      let outcome = try download(resuming: true) {
        $0.answer("page", status: status, fields: "Content-Range: bytes 99-102/103\r\n")
      }
      #expect { try outcome.get() } throws: { ($0 as? HTTPError)?.status?.code == Int(status.prefix(3)) }
      #expect(content(path) == Array("before".utf8))
    }

    @Test func `a folder that is not there is an error before anything is asked`() throws {
      let bench = try ClientBench()
      var error: (any Error)?
      bench.client.download(HTTPClient.Request(bench.server.url), to: "/nowhere/at/all").addBoth { result in
        if case .failure(let failure) = result { error = failure }
      }
      bench.run(until: { error != nil })
      #expect((error as? FileError)?.path == "/nowhere/at/all.part")
      #expect(bench.server.requests.isEmpty)
      bench.end()
    }
  }
}

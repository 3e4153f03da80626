import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlSystem
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct RequestBodyTests {
    /// Sends `body` to a server that answers with the framing, the type and the content it received.
    private func echo(
      _ body: HTTPClient.Body, expectsContinue: Bool = false
    ) throws -> (fields: HTTPFields, content: [UInt8], outcome: Outcome) {
      var fields = HTTPFields()
      let bench = try ClientBench()
      let server = HTTPServer { request in
        fields = request.headers
        return .bytes(request.body)
      }
      let listener = try server.listen(0, on: bench.reactor)
      var request = HTTPClient.Request("http://\(listener.localAddress)/", method: .post, body: body)
      request.expectsContinue = expectsContinue
      let outcome = bench.fetch(request)
      bench.run()
      _ = server.stop()
      bench.end()
      return (fields, outcome.response?.body ?? [], outcome)
    }

    @Test func `text, JSON and forms say what they are`() throws {
      struct Person: Codable { var name: String }
      let text = try echo(.text("hällo"))
      #expect(String(decoding: text.content, as: UTF8.self) == "hällo")
      #expect(text.fields[.contentType] == "text/plain; charset=utf-8" && text.fields[.contentLength] == "6")
      let json = try echo(.json(Person(name: "x")))
      #expect(String(decoding: json.content, as: UTF8.self) == #"{"name":"x"}"#)
      #expect(json.fields[.contentType] == "application/json")
      let form = try echo(.form(["a": "1 2", "a": "&=+%", "ü": ""]))
      #expect(String(decoding: form.content, as: UTF8.self) == "a=1+2&a=%26%3D%2B%25&%C3%BC=")
      #expect(form.fields[.contentType] == "application/x-www-form-urlencoded")
    }

    @Test(arguments: [nil, 300_000]) func `a stream is sent in chunks, or with the length that was given`(
      length: Int?
    ) throws {
      let pieces = AsyncStream<[UInt8]> { stream in
        for index in 0..<3 { stream.yield(Array(pattern(300_000)[index * 100_000..<(index + 1) * 100_000])) }
        stream.yield([])
        stream.finish()
      }
      let echo = try echo(.stream(pieces, length: length))
      #expect(echo.content == pattern(300_000))
      #expect(echo.fields[.contentLength] == length.map { "\($0)" })
    }

    @Test func `a callback is asked for more until it has no more`() throws {
      let echo = try echo(
        .producer {
          var left = 1000
          return {
            left -= 1
            return .succeed(left < 0 ? nil : Array("\(left),".utf8))
          }
        })
      #expect(echo.content == Array((0..<1000).reversed().map { "\($0)," }.joined().utf8))
    }

    @Test func `a callback is not run over: it is asked for no more than the connection takes`() throws {
      let asked = Tally()
      let bench = try ClientBench()
      bench.server.onConnect = { $0.transport.pauseReading() }
      let body = HTTPClient.Body.producer {
        {
          asked.add()
          return .succeed([UInt8](repeating: 0, count: 1 << 16))
        }
      }
      let outcome = bench.fetch(HTTPClient.Request(bench.server.url, method: .post, body: body))
      // The kernel takes some megabytes; then the sender must stop.
      var before = -1
      bench.run(until: {
        let now = asked.count
        defer { before = now }
        return now > 0 && now == before
      })
      #expect(asked.count < 1000)
      outcome.cancel()
      bench.run()
      bench.server.connections.first?.transport.resumeReading()
      bench.end()
    }

    @Test(arguments: [(10, "5 bytes less"), (3, "2 bytes more")])
    func `content that is not as long as was said is an error`(length: Int, words: String) throws {
      let body = HTTPClient.Body.producer(length: length) {
        var isDone = false
        return {
          defer { isDone = true }
          return .succeed(isDone ? nil : Array("hello".utf8))
        }
      }
      let outcome = try echo(body).outcome
      #expect(outcome.httpError?.code == .requestBody && outcome.httpError?.fault == .caller)
      #expect(outcome.httpError?.reason.contains(words) == true)
    }

    @Test func `content that fails is an error, and says why`() throws {
      struct Broken: Error {}
      let outcome = try echo(.producer { { .fail(Broken()) } }).outcome
      #expect(outcome.httpError?.code == .requestBody && outcome.httpError?.reason.contains("Broken") == true)
      let pieces = AsyncThrowingStream<[UInt8], any Error> { stream in
        stream.yield([1])
        stream.finish(throwing: Broken())
      }
      #expect(try echo(.stream(pieces)).outcome.httpError?.code == .requestBody)
    }

    @Test(arguments: Outcome.Form.allCases)
    func `content that fails at once, on a connection that is there, is an error of the same kind`(
      form: Outcome.Form
    ) throws {
      struct Broken: Error {}
      let bench = try ClientBench()
      bench.fetch("/")
      bench.run()
      let request = HTTPClient.Request(
        bench.server.url, method: .post, body: .producer { { .fail(Broken()) } })
      // The fetch returns first.
      let outcome = bench.fetch(request, form)
      #expect(outcome.count == 0)
      bench.run()
      #expect(outcome.httpError?.code == .requestBody && outcome.count == 1)
      bench.end()
    }

    @Test func `a file is read while it is sent, and one that is not there is an error at once`() throws {
      let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).bin").path
      try Data(pattern(1_000_000)).write(to: URL(filePath: path))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let file = try echo(.file(path))
      #expect(file.content == pattern(1_000_000) && file.fields[.contentLength] == "1000000")
      #expect(throws: FileError.self) { try HTTPClient.Body.file("/nowhere/at/all") }
      #expect(throws: FileError.self) { try HTTPClient.Body.file("/") }
    }

    @Test func `a form in parts has each part, whatever its names`() throws {
      let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).txt").path
      try Data("in the file".utf8).write(to: URL(filePath: path))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let multipart = try echo(
        .multipart([
          .init("plain", "text"), .init("evil\"\r\nX: y", "value"),
          .init("page", .text("<p>", contentType: "text/html\r\nX: y"), fileName: "a\"b.html"),
          try .init("file", file: path),
        ]))
      let type = try #require(multipart.fields[.contentType])
      let boundary = try #require(type.split(separator: "boundary=").last)
      let text = String(decoding: multipart.content, as: UTF8.self)
      let name = path.split(separator: "/").last!
      #expect(
        text == """
          --\(boundary)\r
          Content-Disposition: form-data; name="plain"\r
          \r
          text\r
          --\(boundary)\r
          Content-Disposition: form-data; name="evil%22%0D%0AX: y"\r
          \r
          value\r
          --\(boundary)\r
          Content-Disposition: form-data; name="page"; filename="a%22b.html"\r
          \r
          <p>\r
          --\(boundary)\r
          Content-Disposition: form-data; name="file"; filename="\(name)"\r
          Content-Type: application/octet-stream\r
          \r
          in the file\r
          --\(boundary)--\r

          """)
      #expect(multipart.fields[.contentLength] == "\(text.utf8.count)")
    }

    @Test func `a server that says 100 gets the content, and so does one that never says it`() throws {
      let told = try echo(.text("content"), expectsContinue: true)
      #expect(told.content == Array("content".utf8) && told.fields[.expect] == "100-continue")
    }

    @Test func `a server that refuses the head is not sent the content`() throws {
      let bench = try ClientBench()
      bench.server.onConnect = { connection in
        connection.onHead = { _ in connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno") }
      }
      var request = HTTPClient.Request(bench.server.url, method: .put, body: .bytes(pattern(1000)))
      request.expectsContinue = true
      let outcome = bench.fetch(request)
      bench.run()
      #expect("\(outcome)" == "413 no")
      #expect(bench.server.requests.isEmpty)
      bench.end()
    }

    @Test func `an answer before the content is through ends the sending, and the connection`() throws {
      let asked = Tally()
      let bench = try ClientBench(on: .memory)
      bench.server.onConnect = { connection in
        connection.onHead = { _ in connection.send("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno") }
      }
      let body = HTTPClient.Body.producer {
        {
          asked.add()
          return Reactor.current.sleep(.milliseconds(1)).addCallback { _ -> [UInt8]? in [0] }
        }
      }
      let outcome = bench.fetch(HTTPClient.Request(bench.server.url, method: .post, body: body))
      bench.run()
      #expect("\(outcome)" == "401 no")
      let count = asked.count
      bench.run(for: .milliseconds(10))
      #expect(asked.count == count)
      bench.end()
    }

    @Test func `a redirect that asks for a stream again is an error, and for a file it is sent again`() throws {
      let bench = try ClientBench { request in
        request.target == "/old"
          ? request.answer("", status: "307 X", fields: "Location: /new\r\n")
          : request.answer(String(decoding: request.body, as: UTF8.self))
      }
      let stream = AsyncStream<[UInt8]> {
        $0.yield([65]); $0.finish()
      }
      let gone = bench.fetch(
        HTTPClient.Request(bench.server.url + "/old", method: .post, body: .stream(stream, length: 1)))
      bench.run()
      #expect(gone.httpError?.code == .redirect)
      let again = bench.fetch(
        HTTPClient.Request(
          bench.server.url + "/old", method: .post,
          body: .producer(length: 1) {
            var isDone = false
            return {
              defer { isDone = true }
              return .succeed(isDone ? nil : [66])
            }
          }))
      bench.run()
      #expect("\(again)" == "200 B")
      bench.end()
    }

    // MARK: - The rest of a request

    @Test func `query items, credentials and ranges`() throws {
      let bench = try ClientBench()
      func sent(_ request: HTTPClient.Request) -> RawRequest {
        bench.fetch(request)
        bench.run()
        return bench.server.requests.last!
      }
      let url = bench.server.url
      #expect(sent(.init("\(url)/p", query: ["a b": "c&d", "e": "ä"])).target == "/p?a%20b=c%26d&e=%C3%A4")
      #expect(sent(.init("\(url)/p?x=1#f", query: ["y": "2"])).target == "/p?x=1&y=2")
      #expect(sent(.init(url, query: ["y": "2"])).target == "/?y=2")
      var request = HTTPClient.Request(url)
      request.authentication = .basic("Aladdin", "open sesame")
      // RFC 7617 §2.
      #expect(sent(request).values("authorization") == ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="])
      request.authentication = .bearer("t")
      request.setRange(0..<500)
      #expect(sent(request).values("authorization") == ["Bearer t"])
      #expect(bench.server.requests.last!.values("range") == ["bytes=0-499"])
      request.setRange(500...)
      #expect(sent(request).values("range") == ["bytes=500-"])
      bench.end()
    }

    @Test func `a page is asked for again only if it has changed`() throws {
      let bench = try ClientBench { request in
        request.values("if-none-match") == ["\"a\""] && request.values("if-modified-since") == ["then"]
          ? request.connection.send("HTTP/1.1 304 Same\r\n\r\n")
          : request.answer("page", fields: "ETag: \"a\"\r\nLast-Modified: then\r\n")
      }
      let first = bench.fetch("/")
      bench.run()
      var request = HTTPClient.Request(bench.server.url)
      request.setChanged(since: try #require(first.response))
      let second = bench.fetch(request)
      bench.run()
      #expect(second.response?.status == 304)
      bench.end()
    }

    @Test(arguments: ["a\r\nX: y", "a\0b", "a\n"])
    func `what could break out of its field is refused`(value: String) throws {
      let bench = try ClientBench()
      var request = HTTPClient.Request(bench.server.url)
      request.authentication = .bearer(value)
      let bearer = bench.fetch(request)
      let type = bench.fetch(
        HTTPClient.Request(bench.server.url, method: .post, body: .text("x", contentType: "text/plain\(value)")))
      bench.run()
      for outcome in [bearer, type] { #expect(outcome.httpError?.code == .invalidRequest) }
      #expect(bench.server.requests.isEmpty)
      bench.end()
    }

    @Test(.http1Only("requests wait for a connection")) func `each of the times has its say`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration, on: .memory) { request in
        if request.target == "/drip" { request.connection.drip("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") }
      }
      var request = HTTPClient.Request(bench.server.url + "/never")
      request.readTimeout = .milliseconds(30)
      let read = bench.fetch(request)
      request = HTTPClient.Request(bench.server.url + "/waits")
      request.connectTimeout = .milliseconds(10)
      let connect = bench.fetch(request)
      request = HTTPClient.Request(bench.server.url + "/waits")
      request.deadline = bench.reactor.now + .milliseconds(5)
      let deadline = bench.fetch(request)
      bench.run()
      for outcome in [read, connect, deadline] { #expect(outcome.httpError?.code == .timeout) }
      #expect(read.httpError?.reason.contains("no complete answer within 0.03") == true)
      #expect(connect.httpError?.reason.contains("no connection within 0.01") == true)
      bench.end()
    }
  }
}

import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// Forms with files on real sockets, from the client's own bodies.
@Suite struct FormPartsTests {
  /// What a server answers to a form.
  private func answer(
    _ body: HTTPClient.Body, type: String? = nil, bodyBytes: Int = 64 << 20,
    _ handler: @escaping @Sendable (HTTPServer.StreamedRequest) async throws -> String
  ) throws -> (status: Int, text: String) {
    let reactor = Reactor()
    let limit = reactor.callLater(.seconds(30)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    var configuration = HTTPServer.Configuration()
    configuration.limits.bodyBytes = bodyBytes
    let server = HTTPServer.streaming(configuration: configuration) { request in
      Deferred { .text(try await handler(request)) }
    }
    var answer = (status: 0, text: "")
    let client = HTTPClient(on: reactor)
    var request = HTTPClient.Request("http://127.0.0.1:\(try server.listen(0, on: reactor).port)/")
    request.method = .post
    request.body = body
    if let type { request.headers[.contentType] = type }
    client.fetch(request).addCallback { response in
      answer = (response.status.code, response.text)
    }.addErrback { Issue.record($0) }.addBoth { _ in
      limit.cancel()
      client.close()
      reactor.stop()
    }
    reactor.run(handlingSignals: false)
    return answer
  }

  /// Three fields and a file of `size` bytes between them.
  private func form(size: Int) -> HTTPClient.Body {
    .multipart([
      .init("title", "A day"), .init("photo", .bytes([UInt8](repeating: 0x0D, count: size)), fileName: "../../etc/x"),
      .init("note", "second\r\n--line"), .init("empty", ""),
    ])
  }

  @Test(arguments: [0, 1, 5_000_000]) func `a loop reads each part as it arrives`(size: Int) throws {
    let answer = try answer(form(size: size)) { request in
      var words: [String] = []
      for try await part in try request.parts() {
        if let fileName = part.fileName {
          var count = 0
          for try await bytes in part {
            count += bytes.count
            #expect(bytes.allSatisfy { $0 == 0x0D })
          }
          words.append("\(part.name) \(fileName) \(count)")
        } else {
          words.append("\(part.name) \(try await part.text().debugDescription)")
        }
      }
      return words.joined(separator: "; ")
    }
    #expect(answer.text == "title \"A day\"; photo ../../etc/x \(size); note \"second\\r\\n--line\"; empty \"\"")
  }

  @Test func `what is not read is skipped, and a part that is past is empty`() throws {
    let answer = try answer(form(size: 1_000_000)) { request in
      var names: [String] = []
      var first: FormPart?
      for try await part in try request.parts() {
        names.append(part.name)
        if part.name == "photo" {
          // A part of it only.
          for try await bytes in part where !bytes.isEmpty { break }
          names.append(try await first!.text())
        } else if part.name == "title" {
          first = part
        }
      }
      return names.joined(separator: " ")
    }
    #expect(answer.text == "title photo  note empty")
  }

  @Test func `errors are the client's`() throws {
    func status(
      _ text: String, type: String? = "multipart/form-data; boundary=b", bodyBytes: Int = 1 << 20,
      limits: MultipartLimits = MultipartLimits()
    ) throws -> (status: Int, text: String) {
      try answer(.bytes(Array(text.utf8)), type: type ?? "text/plain", bodyBytes: bodyBytes) { request in
        for try await part in try request.parts(limits: limits) { _ = try await part.text(upTo: 10) }
        return "read"
      }
    }
    let head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
    #expect(try status("\(head)1\r\n--b--") == (200, "read"))
    #expect(try status("a=1", type: nil).status == 415)
    #expect(try status("a=1").status == 400)
    #expect(try status("\(head)1\r\n").text.contains("ends before its last boundary"))
    #expect(try status("\(head)\(String(repeating: "x", count: 11))\r\n--b--").status == 413)
    var limits = MultipartLimits()
    limits.parts = 1
    let two = try status("\(head)1\r\n\(head)2\r\n--b--", limits: limits)
    #expect(two.status == 413 && two.text.contains("more than 1 parts"))
    #expect(try status("\(head)\(String(repeating: "x", count: 100))", bodyBytes: 50).status == 413)
  }

  @Test func `a request that is there has its items`() throws {
    let body =
      "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\nContent-Type: x/y\r\n\r\n1\r\n--b--"
    func request(_ body: String) throws -> HTTPServer.Request {
      try HTTPServer.Request(
        "/", method: .post, headers: [.contentType: "multipart/form-data; boundary=b"], body: Array(body.utf8))
    }
    let items = try request(body).multipartItems()
    #expect(items.count == 1 && items[0].name == "a" && items[0].fileName == "f" && items[0].text == "1")
    #expect(items[0].contentType == "x/y" && items[0].headers.count == 2 && items[0].bytes == [0x31])
    #expect { try request(String(body.dropLast())).multipartItems() } throws: {
      ($0 as? HTTPServer.StatusError)?.status == .badRequest
    }
    #expect { try HTTPServer.Request("/").multipartItems() } throws: {
      ($0 as? HTTPServer.StatusError)?.status == .unsupportedMediaType
    }
  }
}

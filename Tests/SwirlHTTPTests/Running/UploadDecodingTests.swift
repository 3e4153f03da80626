import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// Bodies of streamed requests that clients have compressed.
@Suite struct UploadDecodingTests {
  private func coded(_ count: Int, _ coding: String = "gzip") throws -> [UInt8] {
    var bytes: [UInt8] = []
    let encoder = try #require(ContentEncoder(coding))
    #expect(encoder.encode([UInt8](repeating: 65, count: count).span, .finish, into: &bytes))
    return bytes
  }

  /// What a handler that counts answers to clients of both versions.
  private func answers(
    _ body: [UInt8], _ coding: String, limit: Int = 30_000_000, pause: Duration = .zero, most: inout Int
  ) throws -> [String] {
    var configuration = HTTPServer.Configuration()
    configuration.decodedBodyBytes = limit
    var largest = 0
    let server = HTTPServer.streaming(configuration: configuration) { request in
      Deferred {
        var count = 0
        for try await bytes in request.body {
          count += bytes.count
          largest = max(largest, bytes.count)
          if pause > .zero { try await Reactor.current.sleep(pause).value }
        }
        return .text("\(count)")
      }
    }
    var answers: [String] = []
    try serving(server, isVirtual: true) { reactor, port in
      let clients = [HTTPClient(on: reactor), HTTPClient(.secondVersion, on: reactor)]
      return gatherResults(clients, atMost: 1) { client in
        client.fetch(
          HTTPClient.Request(
            "http://127.0.0.1:\(port)/", method: .post, headers: ["Content-Encoding": coding], body: .bytes(body)))
      }.addCallback { pages in
        answers = pages.map { "\($0.status.code) \($0.text.prefix(30))" }
        for client in clients { client.close() }
      }
    }
    most = largest
    return answers
  }

  @Test(arguments: ["gzip", "br", "zstd"])
  func `they arrive decoded, in pieces`(coding: String) throws {
    var most = 0
    #expect(try answers(coded(10_000_000, coding), coding, most: &most) == ["200 10000000", "200 10000000"])
    #expect(most <= 64 * 1024)
  }

  @Test func `a slow handler has what it has not read in its coded form`() throws {
    var most = 0
    // Some 80 pieces, on which the handler spends three seconds.
    let texts = try answers(coded(5_000_000), "gzip", pause: .milliseconds(20), most: &most)
    #expect(texts == ["200 5000000", "200 5000000"])
  }

  @Test(arguments: [
    (10_001, "gzip", "413"), (10_000, "gzip", "200 10000"), (20_000_000, "gzip", "413"), (100, "x", "415"),
    (100, "identity", "200"), (100, "gzip, gzip, gzip, gzip", "4"),
  ])
  func `beyond the limit and for unknown codings they fail with a status`(
    count: Int, coding: String, status: String
  ) throws {
    var most = 0
    let texts = try answers(coded(count), coding, limit: 10_000, most: &most)
    #expect(texts.count == 2 && texts.allSatisfy { $0.hasPrefix(status) })
  }

  @Test func `what is cut or invalid is a 400`() throws {
    var most = 0
    for body in [Array(try coded(1000).dropLast(4)), [1, 2, 3], try coded(1000) + [0]] {
      let texts = try answers(body, "gzip", most: &most)
      #expect(texts.allSatisfy { $0.hasPrefix("400 ") || $0 == "200 1000" })
      if body.count != 1000 + 1, body.count < 30 { #expect(texts.allSatisfy { $0.hasPrefix("400 ") }) }
    }
  }

  @Test func `a client that waits for a 100 gets it when the handler reads`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.decodedBodyBytes = 1 << 20
    let server = HTTPServer.streaming(configuration: configuration) { request in
      Deferred {
        var count = 0
        for try await bytes in request.body { count += bytes.count }
        return .text("\(count)")
      }
    }
    let network = MemoryNetwork(link: .init(latency: .zero))
    let port = try server.listen(0, on: network.reactor).port
    let body = try coded(1000)
    let client = ServerRawClient(
      sending: "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Encoding: gzip\r\n"
        + "Content-Length: \(body.count)\r\n\r\n")
    client.onData = { client in
      client.onData = nil
      #expect(client.text.statuses == [100])
      client.transport?.write(body)
    }
    network.reactor.connectTCP("127.0.0.1", port) { client }
    network.reactor.run(for: .seconds(5))
    #expect(client.text.statuses == [100, 200] && client.text.hasSuffix("1000"))
  }

  @Test func `without the option they arrive as they are sent`() throws {
    let body = try coded(1000)
    let server = HTTPServer.streaming { request in
      Deferred {
        var count = 0
        for try await bytes in request.body { count += bytes.count }
        return .text("\(count)")
      }
    }
    var text = ""
    try serving(server, isVirtual: true) { reactor, port in
      let client = HTTPClient(on: reactor)
      return client.fetch(
        HTTPClient.Request(
          "http://127.0.0.1:\(port)/", method: .post, headers: ["Content-Encoding": "gzip"], body: .bytes(body))
      ).addCallback {
        text = $0.text
        client.close()
      }
    }
    #expect(text == "\(body.count)")
  }
}

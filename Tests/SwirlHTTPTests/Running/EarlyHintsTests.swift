import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Synchronization
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// 103 before an answer (RFC 8297).
@Suite struct EarlyHintsTests {
  private static let link = "</style.css>; rel=preload"

  /// What clients of both versions get.
  private func answers(_ server: HTTPServer) throws -> [String] {
    let seen = Mutex<[String]>([])
    try serving(server, isVirtual: true) { reactor, port in
      let clients = [HTTPClient(on: reactor), HTTPClient(.secondVersion, on: reactor)]
      return gatherResults(clients, atMost: 1) { client in
        var request = HTTPClient.Request("http://127.0.0.1:\(port)/", method: .post, body: .text("abc"))
        request.onInformational = { head in seen.withLock { $0.append("\(head.status.code) \(head["link"] ?? "")") } }
        return client.fetch(request)
      }.addCallback { pages in
        for page in pages { seen.withLock { $0.append("\(page.status.code) \(page.text)") } }
        for client in clients { client.close() }
      }
    }
    return seen.withLock { $0 }
  }

  @Test func `a handler sends several before its answer`() throws {
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      request.earlyHints(["Link": Self.link])
      return Reactor.current.sleep(.seconds(1)).addCallback {
        request.earlyHints(["Link": "</b.js>; rel=preload"])
        return .text("done")
      }
    }
    let hints = ["103 \(Self.link)", "103 </b.js>; rel=preload"]
    #expect(try answers(server) == hints + hints + ["200 done", "200 done"])
  }

  @Test func `so does one that does not wait, one that awaits, and one that streams`() throws {
    let expected = ["103 \(Self.link)", "103 \(Self.link)", "200 done", "200 done"]
    let plain = HTTPServer { request -> HTTPServer.Response in
      request.earlyHints(["Link": Self.link])
      return .text("done")
    }
    #expect(try answers(plain) == expected)
    let awaiting = HTTPServer { request in
      Deferred {
        await Task.yield()
        request.earlyHints(["Link": Self.link])
        return .text("done")
      }
    }
    #expect(try answers(awaiting) == expected)
    let streaming = HTTPServer.streaming { request in
      Deferred {
        request.earlyHints(["Link": Self.link])
        for try await _ in request.body {}
        return .text("done")
      }
    }
    #expect(try answers(streaming) == expected)
  }

  @Test func `they may be sent from another thread`() throws {
    let server = HTTPServer { request in
      Reactor.current.deferToThread { request.earlyHints(["Link": Self.link]) }.addCallback {
        // Behind the call of the thread.
        Reactor.current.sleep(.milliseconds(1)).addCallback { .text("done") }
      }
    }
    #expect(try answers(server) == ["103 \(Self.link)", "103 \(Self.link)", "200 done", "200 done"])
  }

  /// What is on the wire for what a client of HTTP/1 sends.
  private func wire(_ server: HTTPServer, _ text: String) throws -> String {
    var received = ""
    try serving(server, isVirtual: true) { reactor, port in
      let client = ServerRawClient(sending: text)
      return reactor.connectTCP("127.0.0.1", port) { client }.addCallback { _ in reactor.sleep(.seconds(5)) }
        .addCallback {
          received = client.text.withoutDate
          client.transport?.abort()
        }
    }
    return received
  }

  @Test func `not to clients of HTTP 1.0, not behind the head of the answer, not when nobody waits`() throws {
    var kept: HTTPServer.Request?
    let server = HTTPServer { request -> HTTPServer.Response in
      kept?.earlyHints(["Link": "late"])
      request.earlyHints(["Link": "early"])
      kept = request
      return .stream { body in
        request.earlyHints(["Link": "late"])
        body.write("x")
        body.end()
      }
    }
    #expect(try wire(server, "GET / HTTP/1.0\r\n\r\n").components(of: "103 Early") == 0)
    kept = nil
    let text = try wire(server, get("/1") + get("/2"))
    #expect(text.statuses == [103, 200, 103, 200] && !text.contains("late"))
    kept?.earlyHints(["Link": "late"])
    try HTTPServer.Request("/").earlyHints(["Link": "none"])
  }

  @Test func `a pipelined request has its turn first`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.pipelineDepth = 2
    let server = HTTPServer(configuration: configuration) { request -> Deferred<HTTPServer.Response> in
      request.earlyHints(["Link": request.path])
      return Reactor.current.sleep(.seconds(request.path == "/1" ? 2 : 1)).addCallback { .text(request.path) }
    }
    let text = try wire(server, get("/1") + get("/2"))
    #expect(text.statuses == [103, 200, 200] && text.contains("Link: /1\n") && !text.contains("Link: /2"))
  }

  @Test func `fields that cannot be sent are logged, and the answer comes`() throws {
    let lines = LogLines()
    let server = HTTPServer { request -> HTTPServer.Response in
      request.earlyHints(["Content-Length": "7"])
      return .text("done")
    }
    server.logger = lines.logger()
    #expect(try wire(server, get()).statuses == [200])
    #expect(lines.all.count == 1 && lines.all[0].contains("early hints can't be sent"))
  }

  @Test func `a connection that has ended is not held by what a handler keeps of it`() throws {
    var kept: [HTTPServer.Request] = []
    let server = HTTPServer { request -> HTTPServer.Response in
      kept.append(request)
      return .text("")
    }
    _ = try wire(server, get())
    #expect(kept.count == 1 && kept[0].connection.channel?.connection == nil)
  }
}

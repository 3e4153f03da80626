import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// Requests for another protocol.
  @Suite(.inBothVersions, .failsOnUnhandledFailures) struct UpgradeTests {
    private static let switching = "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: Echo\r\n"

    private final class Echo: StreamProtocol {
      private var transport: (any Transport)?
      func connectionMade(_ transport: any Transport) {
        self.transport = transport
        transport.write("hello ")
      }
      func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
    }

    /// Asks for `echo`, and gives the result to `done`.
    private func upgrade(
      _ client: HTTPClient, _ url: String, _ change: (inout HTTPClient.Request) -> Void = { _ in },
      _ done: @escaping (Result<HTTPClient.Upgraded, any Error>) -> Void
    ) -> Deferred<Void> {
      var request = HTTPClient.Request(url)
      change(&request)
      return client.upgrade(request, to: "echo").addBoth { done($0) }
    }

    /// Runs until the echo has come, and to the end of the tunnel: in one run, because its end stops the server.
    private func closeAfterTalk(_ recording: RecordingProtocol, _ bench: ClientBench) {
      var isClosing = false
      bench.run(until: {
        if !isClosing, recording.receivedText == "hello world" {
          isClosing = true
          recording.transport?.close()
        }
        return recording.end != nil
      })
    }

    private func adopt(_ upgraded: HTTPClient.Upgraded, _ successor: any StreamProtocol) {
      upgraded.transport.streamProtocol = successor
      successor.connectionMade(upgraded.transport)
    }

    // MARK: - The tunnel

    @Test(arguments: [false, true]) func `both ends talk in the other protocol`(isSecure: Bool) throws {
      let bench = try ClientBench()
      let authority = TestAuthority()
      let server = HTTPServer { request in
        request.headers[.connection] == "x" ? .text("no") : .upgrade(to: "echo") { _ in Echo() }
      }
      let listener = try server.listen(
        0, tls: isSecure ? .server(authority.identity(for: "127.0.0.1")) : nil, on: bench.reactor)
      var configuration = HTTPClient.Configuration().inCurrentVersion
      configuration.tls.roots = [authority.root]
      let client = HTTPClient(configuration, on: bench.reactor)
      let recording = RecordingProtocol()
      var status = 0
      let url = "\(isSecure ? "https" : "http")://127.0.0.1:\(listener.localAddress.port)/"
      _ = upgrade(client, url) { result in
        guard let upgraded = try? result.get() else { return _ = Issue.record("\(result)") }
        status = upgraded.response.status.code
        adopt(upgraded, recording)
        upgraded.transport.write("world")
      }
      closeAfterTalk(recording, bench)
      #expect(status == (WireVersion.current == .http1 ? 101 : 200))
      #expect(recording.end?.code == .closed, "\(recording.end!)")
      client.close()
      _ = server.stop()
      bench.run(until: { client.connections == 0 })
      bench.end()
    }

    @Test(.http1Only("in HTTP/2 what follows the answer is frames"), arguments: [false, true])
    func `bytes behind the 101 come first, to a protocol that is set late too`(isLate: Bool) throws {
      let bench = try ClientBench { $0.connection.send(Self.switching + "\r\nfirst ") }
      let recording = RecordingProtocol()
      _ = upgrade(bench.client, bench.server.url) { result in
        guard let upgraded = try? result.get() else { return _ = Issue.record("\(result)") }
        let connection = bench.server.connections[0]
        guard isLate else {
          adopt(upgraded, recording)
          return connection.close(after: "then")
        }
        connection.close(after: "then")
        bench.reactor.callLater(.milliseconds(5)) { adopt(upgraded, recording) }
      }
      bench.run(until: { recording.end != nil })
      #expect(recording.receivedText == "first then" && recording.end?.code == .closed)
      #expect(recording.events.filter { $0 == .end }.count == 1)
      #expect(bench.client.connections == 0)
      bench.end()
    }

    @Test func `the tunnel of an HTTP proxy carries it for http, too`() throws {
      let bench = try ClientBench()
      let server = HTTPServer { _ in .upgrade(to: "echo") { _ in Echo() } }
      let listener = try server.listen(0, on: bench.reactor)
      var asked: [String] = []
      let proxy = try bench.reactor.listenTCP(0) { _ in
        Relay(to: Int(listener.localAddress.port), [([], Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))]) {
          asked.append(String(decoding: $0, as: UTF8.self))
        }
      }
      var configuration = HTTPClient.Configuration().inCurrentVersion
      configuration.proxies = .all(.http("127.0.0.1", port: Int(proxy.localAddress.port)))
      let client = HTTPClient(configuration, on: bench.reactor)
      let recording = RecordingProtocol()
      _ = upgrade(client, "http://behind.test:81/") { result in
        guard let upgraded = try? result.get() else { return _ = Issue.record("\(result)") }
        adopt(upgraded, recording)
        upgraded.transport.write("world")
      }
      closeAfterTalk(recording, bench)
      #expect(asked.count == 1 && asked[0].hasPrefix("CONNECT behind.test:81 HTTP/1.1\r\n"))
      client.close()
      _ = server.stop()
      bench.run(until: { client.connections == 0 })
      bench.end()
    }

    // MARK: - Refusals

    /// The error of an upgrade that a server answers with `answer`.
    private func failure(
      _ change: @escaping (inout HTTPClient.Request) -> Void = { _ in },
      cancelling: Bool = false, _ answer: @escaping (RawRequest) -> Void
    ) throws -> any Error {
      let bench = try ClientBench()
      var attempt: Deferred<Void>?
      var failure: (any Error)?
      bench.server.answer = { request in
        if cancelling { attempt?.cancel() } else { answer(request) }
      }
      attempt = upgrade(bench.client, bench.server.url + "/here", change) { result in
        if case .failure(let error) = result { failure = error } else { Issue.record("\(result)") }
      }
      bench.run(until: { failure != nil })
      if bench.client.connections > 0, !cancelling {
        // A connection that has refused serves other requests.
        bench.server.answer = { $0.answer("other") }
        let other = bench.fetch("/other")
        bench.run()
        #expect("\(other)" == "200 other")
      }
      bench.end()
      return try #require(failure)
    }

    @Test(
      .http1Only("the raw server takes no tunnel in HTTP/2: see `HTTP2UpgradeTests`"),
      arguments: [
        ("403 Forbidden", "X-Why: rules\r\n"), ("302 Found", "X-Why: rules\r\nLocation: /there\r\n"),
        ("200 OK", "X-Why: rules\r\n"),
        ("407 Who", "X-Why: rules\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"),
        ("421 Other", "X-Why: rules\r\n"),
      ])
    func `another answer than 101 is an error with the answer`(status: String, fields: String) throws {
      let error = try failure { $0.answer("because", status: status, fields: fields) } as? HTTPStatusError
      #expect(error?.status.code == Int(status.prefix(3)) && error?.response["x-why"] == "rules")
      #expect(error?.response.text == "because")
    }

    @Test(.http1Only("the raw server takes no tunnel in HTTP/2"))
    func `of a long refusal the first part is kept, and its connection is closed`() throws {
      let error =
        try failure { $0.answer(String(repeating: "x", count: 1 << 20), status: "403 No") } as? HTTPStatusError
      #expect(error?.status.code == 403 && error?.response.body.count == 16 * 1024)
    }

    @Test(.http1Only("the raw server takes no tunnel in HTTP/2"))
    func `a 101 for another protocol, and a refusal that is cut off, say so`() throws {
      let other = try failure { $0.connection.send("HTTP/1.1 101 S\r\nUpgrade: chess\r\nConnection: upgrade\r\n\r\n") }
      #expect("\(other)".contains("the protocol chess, which was not asked for"))
      let unnamed = try failure { $0.connection.send("HTTP/1.1 101 S\r\nConnection: upgrade\r\n\r\n") }
      #expect("\(unnamed)".contains("a protocol that it does not name"))
      let cut = try failure { $0.connection.close(after: "HTTP/1.1 500 Bad\r\nContent-Length: 9\r\n\r\nhalf") }
      #expect((cut as? HTTPStatusError)?.response.text == "half")
    }

    @Test(.http1Only("the raw server takes no tunnel in HTTP/2"))
    func `it ends by cancelling, in time, and before it is sent if it has content`() throws {
      #expect(try failure(cancelling: true) { _ in } is CancelledError)
      let late = try failure({ $0.timeout = .milliseconds(20) }) { _ in } as? HTTPError
      #expect(late?.code == .timeout)
      let content = try failure({ $0.body = .text("x") }) { _ in } as? HTTPError
      #expect(content?.code == .invalidRequest)
    }
  }
}

#if HTTP2
extension HTTPClientTests {
  /// Which connection is asked for another protocol, where HTTP/2 is spoken.
  @Suite(.failsOnUnhandledFailures) struct HTTP2UpgradeTests {
    private func upgrade(_ bench: HTTP2Bench, _ done: @escaping (Result<HTTPClient.Upgraded, any Error>) -> Void) {
      bench.client.upgrade(HTTPClient.Request(bench.url + "/tunnel"), to: "echo").addBoth { done($0) }
    }

    /// What an upgrade fails with; nil if it succeeds.
    private func refusal(_ bench: HTTP2Bench) -> (any Error)? {
      var result: Result<HTTPClient.Upgraded, any Error>?
      upgrade(bench) { result = $0 }
      bench.run(until: { result != nil })
      if case .failure(let error) = result { return error }
      return nil
    }

    @Test func `a server whose SETTINGS do not allow it is asked by HTTP/1.1`() throws {
      let bench = try HTTP2Bench()
      bench.acceptsHTTP1 = true
      #expect((refusal(bench) as? HTTPStatusError)?.response.text == "one")
      #expect(bench.requests.isEmpty && bench.connections.count == 1)
    }

    @Test func `HTTP_1_1_REQUIRED for a tunnel leaves other requests in HTTP/2`() throws {
      let bench = try HTTP2Bench(takesTunnels: true)
      bench.acceptsHTTP1 = true
      bench.answer = { $0.reset(.http11Required) }
      #expect((refusal(bench) as? HTTPStatusError)?.response.text == "one")
      bench.answer = { $0.answer("two") }
      let other = bench.fetch("/other")
      bench.run()
      #expect(other.text == "two" && bench.connections.count == 1)
    }

    @Test(arguments: [false, true])
    func `a connection that is there and takes tunnels is shared, otherwise it is HTTP/1.1`(takesTunnels: Bool) throws {
      let bench = try HTTP2Bench(takesTunnels: takesTunnels, authority: TestAuthority())
      bench.answer = { $0.answer("no", status: 403) }
      bench.fetch("/first")
      bench.run()
      let error = refusal(bench)
      if takesTunnels {
        #expect((error as? HTTPStatusError)?.status.code == 403)
        #expect(bench.connections.count == 1 && bench.requests.count == 2)
        #expect(bench.requests[1].head.lowercased().contains("upgrade: echo"))
      } else {
        // This one speaks HTTP/2 only.
        #expect((error as? HTTPError)?.code == .cannotConnect)
      }
    }

    @Test func `what ends the stream or its connection ends the tunnel`() throws {
      let bench = try HTTP2Bench(takesTunnels: true)
      var tunnels: [RecordingProtocol] = []
      bench.answer = { $0.begin("HTTP/1.1 101 \r\n", hasContent: true) }
      for _ in 0..<3 {
        upgrade(bench) { result in
          guard let upgraded = try? result.get() else { return _ = Issue.record("\(result)") }
          let tunnel = RecordingProtocol()
          tunnels.append(tunnel)
          upgraded.transport.streamProtocol = tunnel
          tunnel.connectionMade(upgraded.transport)
        }
      }
      bench.run(until: { tunnels.count == 3 })
      #expect(bench.connections.count == 1)
      bench.requests[0].reset(.cancel)
      bench.requests[1].write(Array("bye".utf8))
      bench.requests[1].end()
      bench.run(until: { tunnels[0].end != nil && tunnels[1].end != nil })
      #expect(tunnels[0].end?.code == .failed && "\(tunnels[0].end!)".contains("CANCEL"))
      #expect(tunnels[1].receivedText == "bye" && tunnels[1].end?.code == .closed)
      bench.connections[0].transport?.abort()
      bench.run(until: { tunnels[2].end != nil })
      #expect(tunnels[2].end?.code == .failed)
      #expect(bench.client.connections == 0)
    }
  }
}
#endif

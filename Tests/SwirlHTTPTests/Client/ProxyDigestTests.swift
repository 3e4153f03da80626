import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// RFC 9110 §11.7 with RFC 7616. A proxy is asked in HTTP/1.1, for requests and for tunnels: what goes through these
  /// in both versions is in `ProxyTests`.
  @Suite struct ProxyDigestTests {
    private static let challenge = #"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#

    private func client(_ port: Int, _ bench: ClientBench, _ authority: TestAuthority? = nil) -> HTTPClient {
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(
        .http("127.0.0.1", port: port, user: "me", password: "secret", authentication: .digest))
      if let authority { configuration.tls.roots = [authority.root] }
      return HTTPClient(configuration, on: bench.reactor)
    }

    /// Fetches them one after the other, and gives the status and the text of each, or the error.
    private func fetch(_ urls: [String], _ client: HTTPClient, _ bench: ClientBench) -> [String] {
      var outcomes: [String] = []
      func next() {
        client.fetch(HTTPClient.Request(urls[outcomes.count])) { result in
          switch result {
          case .success(let response): outcomes.append("\(response.status.code) \(response.text)")
          case .failure(let error): outcomes.append("\(error)")
          }
          if outcomes.count < urls.count { next() }
        }
      }
      next()
      bench.run(until: { outcomes.count == urls.count })
      client.close()
      return outcomes
    }

    /// Whether `field` proves the password, by the formula of RFC 7616 §3.4.1.
    private func isProof(_ field: String, _ method: String, _ target: String, count: Int) -> Bool {
      func hash(_ text: String) -> String { MessageDigest.sha256(Array(text.utf8)).hexadecimal }
      guard let start = field.firstRange(of: "cnonce=\""), let end = field[start.upperBound...].firstIndex(of: "\"")
      else { return false }
      let clientNonce = field[start.upperBound..<end]
      let proof = hash("\(hash("me:r:secret")):n:0000000\(count):\(clientNonce):auth:\(hash("\(method):\(target)"))")
      return field.hasPrefix("Digest username=\"me\"") && field.contains("response=\"\(proof)\"")
        && field.contains("uri=\"\(target)\"") && field.contains("nc=0000000\(count)")
    }

    @Test func `a proxy's challenge is answered, and later requests bring the proof at once`() throws {
      var fields: [[String]] = []
      var leaked: [String] = []
      let bench = try ClientBench { request in
        fields.append(request.values("proxy-authorization"))
        leaked += request.values("authorization")
        if fields.last!.isEmpty {
          return request.answer("out", status: "407 Who", fields: "Proxy-Authenticate: \(Self.challenge)\r\n")
        }
        request.answer("in")
      }
      let urls = ["http://nowhere.test/a?b", "http://other.test/"]
      #expect(fetch(urls, client(bench.server.port, bench), bench) == ["200 in", "200 in"])
      #expect(fields.map(\.count) == [0, 1, 1] && leaked.isEmpty)
      #expect(isProof(fields[1][0], "GET", urls[0], count: 1) && isProof(fields[2][0], "GET", urls[1], count: 2))
      bench.end()
    }

    @Test(arguments: [("", 2), (", stale=true", 3), (", stale=false", 2)])
    func `a proof that is refused is not sent again, unless its nonce was too old`(more: String, count: Int) throws {
      var requests = 0
      let bench = try ClientBench { request in
        requests += 1
        request.answer("out", status: "407 Who", fields: "Proxy-Authenticate: \(Self.challenge)\(more)\r\n")
      }
      #expect(fetch(["http://nowhere.test/"], client(bench.server.port, bench), bench) == ["407 out"])
      #expect(requests == count)
      bench.end()
    }

    @Test(arguments: ["Basic realm=\"r\"", "Digest realm=\"r\"", "Digest nonce=\"n\", realm=\"r\", algorithm=X", ""])
    func `a challenge that cannot be answered is the response`(challenge: String) throws {
      var requests = 0
      let bench = try ClientBench { request in
        requests += 1
        request.answer("out", status: "407 Who", fields: "Proxy-Authenticate: \(challenge)\r\n")
      }
      #expect(fetch(["http://nowhere.test/"], client(bench.server.port, bench), bench) == ["407 out"])
      #expect(requests == 1)
      bench.end()
    }

    @Test func `an origin without a proxy gets no proof`() throws {
      var fields: [String] = []
      let bench = try ClientBench { request in
        fields += request.values("proxy-authorization")
        request.answer("out", status: "407 Who", fields: "Proxy-Authenticate: \(Self.challenge)\r\n")
      }
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(
        .http("127.0.0.1", port: 1, user: "me", password: "secret", authentication: .digest), except: ["127.0.0.1"])
      let client = HTTPClient(configuration, on: bench.reactor)
      #expect(fetch([bench.server.url + "/"], client, bench) == ["407 out"] && fields.isEmpty)
      bench.end()
    }

    // MARK: - Tunnels

    private func tunnel(_ answers: [String], to port: Int, _ bench: ClientBench, _ asked: @escaping (String) -> Void)
      throws -> Int
    {
      let listener = try bench.reactor.listenTCP(0) { _ in
        Relay(to: port, answers.map { ([], Array($0.utf8)) }) { asked(String(decoding: $0, as: UTF8.self)) }
      }
      return Int(listener.localAddress.port)
    }

    @Test func `a tunnel is asked for with the proof, which the origin behind it does not get`() throws {
      let authority = TestAuthority()
      let bench = try ClientBench()
      // The origin asks for the proxy's password, too.
      let server = HTTPServer { request in
        let field = request.headers[.proxyAuthorization] ?? "nothing"
        var response = HTTPServer.Response.text(field, status: HTTPResponse.Status(code: 407))
        response.headers[.proxyAuthenticate] = Self.challenge
        return response
      }
      let listener = try server.listen(0, tls: .server(authority.identity(for: "behind.test")), on: bench.reactor)
      var asked: [String] = []
      let port = try tunnel(
        [
          "HTTP/1.1 407 Who\r\nProxy-Authenticate: \(Self.challenge)\r\nContent-Length: 5\r\n\r\npage!",
          "HTTP/1.1 200 Connected\r\n\r\n",
        ], to: Int(listener.localAddress.port), bench
      ) { asked.append($0) }
      let outcomes = fetch(["https://behind.test/"], client(port, bench, authority), bench)
      #expect(outcomes == ["407 nothing"])
      #expect(asked.count == 2 && !asked[0].contains("Proxy-Authorization"))
      let line = asked.last?.split(separator: "\r\n").first { $0.hasPrefix("Proxy-Authorization: ") } ?? ""
      #expect(isProof(String(line.dropFirst(21)), "CONNECT", "behind.test:443", count: 1))
      _ = server.stop()
      bench.end()
    }

    @Test(arguments: [(["", ""], 2), (["Connection: close\r\n", ""], 2)])
    func `a tunnel that is refused all the same is an error`(fields: [String], count: Int) throws {
      let bench = try ClientBench()
      var asked = 0
      let answers = fields.map {
        "HTTP/1.1 407 Who\r\nProxy-Authenticate: \(Self.challenge)\r\n\($0)Content-Length: 0\r\n\r\n"
      }
      let listener = try bench.reactor.listenTCP(0) { _ in
        Relay(to: bench.server.port, answers.dropFirst(asked).map { ([], Array($0.utf8)) }) { _ in asked += 1 }
      }
      let outcomes = fetch(["https://nowhere.test/"], client(Int(listener.localAddress.port), bench), bench)
      #expect(outcomes.count == 1 && outcomes[0].contains("wants a name and password"))
      #expect(!outcomes[0].contains("secret") && asked == count)
      bench.end()
    }

    /// How a proxy ends the connection on which it asked for a proof.
    enum Ending: CaseIterable {
      case http10, announced, unannounced, reset

      var head: String {
        switch self {
        case .http10: "HTTP/1.0 407 Who\r\n"
        case .announced: "HTTP/1.1 407 Who\r\nConnection: close\r\nContent-Length: 4\r\n"
        case .unannounced, .reset: "HTTP/1.1 407 Who\r\nContent-Length: 4\r\n"
        }
      }
    }

    private func challenge(_ request: RawRequest, _ ending: Ending) {
      request.connection.send("\(ending.head)Proxy-Authenticate: \(Self.challenge)\r\n\r\npage")
      switch ending {
      case .http10, .announced, .unannounced: request.connection.close()
      // When the repeated request comes.
      case .reset: break
      }
    }

    @Test(arguments: Ending.allCases)
    func `a request whose challenge closes the connection is proved on another`(ending: Ending) throws {
      var proofs: [Bool] = []
      let bench = try ClientBench { request in
        proofs.append(!request.values("proxy-authorization").isEmpty)
        if proofs == [false] { return challenge(request, ending) }
        if ending == .reset, request.number == 2 { return request.connection.reset() }
        request.answer("in")
      }
      #expect(fetch(["http://nowhere.test/"], client(bench.server.port, bench), bench) == ["200 in"])
      #expect(proofs == [false, true] + (ending == .reset ? [true] : []) && bench.server.accepted == 2)
      bench.end()
    }

    @Test(arguments: Ending.allCases)
    func `a tunnel whose challenge closes the connection is proved on another`(ending: Ending) throws {
      var proofs: [Bool] = []
      let bench = try ClientBench { request in
        proofs.append(!request.values("proxy-authorization").isEmpty)
        if proofs == [false] { return challenge(request, ending) }
        if ending == .reset, request.number == 2 { return request.connection.reset() }
        request.answer("no", status: "503 Reached")
      }
      let outcomes = fetch(["https://nowhere.test/"], client(bench.server.port, bench), bench)
      #expect(outcomes[0].contains("cannot make the connection (503 Reached)"))
      #expect(proofs == [false, true] + (ending == .reset ? [true] : []) && bench.server.accepted == 2)
      bench.end()
    }

    @Test func `a proxy that closes each connection without an answer is asked twice at most`() throws {
      var asked = 0
      let bench = try ClientBench { request in
        asked += 1
        if asked == 1 { return challenge(request, .unannounced) }
        request.connection.close()
      }
      let outcomes = fetch(["https://nowhere.test/"], client(bench.server.port, bench), bench)
      #expect(outcomes[0].contains("it closed the connection without an answer") && asked == 2)
      bench.end()
    }
  }
}

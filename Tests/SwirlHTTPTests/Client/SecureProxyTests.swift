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
  /// Proxies that are reached over TLS. They are asked in HTTP/1.1: what goes through their tunnels runs in both
  /// versions.
  @Suite struct SecureProxyTests {
    private let authority = TestAuthority()
    private let connected = Array("HTTP/1.1 200 Connected\r\n\r\n".utf8)

    private func client(
      _ port: Int, _ bench: ClientBench, host: String = "127.0.0.1", trusting roots: [TestAuthority]? = nil
    ) throws -> HTTPClient {
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(try Proxy("https://u:p@\(host):\(port)"))
      configuration.proxyTLS.roots = (roots ?? [authority]).map(\.root)
      // Of the origin only: the proxy has another key.
      configuration.tls.roots = [authority.root]
      return HTTPClient(configuration.inCurrentVersionOverTLS, on: bench.reactor)
    }

    private func fetch(_ requests: [HTTPClient.Request], _ client: HTTPClient, _ bench: ClientBench) -> [String] {
      outcomes(requests, client, bench).map { result in
        switch result {
        case .success(let response): "\(response.status.code) \(response.text)"
        case .failure(let error): "\(error)"
        }
      }
    }

    /// Sends them one after the other, in one run, after which the servers are closed.
    private func outcomes(
      _ requests: [HTTPClient.Request], _ client: HTTPClient, _ bench: ClientBench
    ) -> [Result<HTTPClient.Response, any Error>] {
      var results: [Result<HTTPClient.Response, any Error>] = []
      func next() {
        client.fetch(requests[results.count]) { result in
          results.append(result)
          if results.count < requests.count { next() }
        }
      }
      next()
      bench.run(until: { results.count == requests.count })
      client.close()
      return results
    }

    /// A proxy that answers each CONNECT with the next of `answers`, and then forwards bytes to `port`.
    private func proxy(
      _ answers: [[UInt8]], to port: Int, _ bench: ClientBench, as name: String = "127.0.0.1",
      _ asked: @escaping (String) -> Void = { _ in }
    ) throws -> Int {
      let tls = TLSConfiguration.server(authority.identity(for: name))
      let listener = try bench.reactor.listenTCP(0, tls: tls) { _ in
        Relay(to: port, answers.map { ([], $0) }) { asked(String(decoding: $0, as: UTF8.self)) }
      }
      return Int(listener.localAddress.port)
    }

    @Test func `http is asked of the proxy by its whole URL, over one kept connection`() throws {
      let bench = try ClientBench(authority: authority) { request in
        request.answer("\(request.target) \(request.values("proxy-authorization")) \(request.number)")
      }
      let urls = ["http://nowhere.test/a?b", "http://nowhere.test/again"]
      let outcomes = fetch(urls.map { .init($0) }, try client(bench.server.port, bench), bench)
      #expect(outcomes == ["200 \(urls[0]) [\"Basic dTpw\"] 1", "200 \(urls[1]) [\"Basic dTpw\"] 2"])
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    /// More than one record and one read each way, so that either TLS has bytes that the kernel does not report.
    @Test(.inBothVersions, arguments: [0, 1, 16 * 1024, 100_000, 1 << 20])
    func `https goes through a CONNECT in TLS, with a TLS of its own inside`(size: Int) throws {
      let bench = try ClientBench()
      let server = HTTPServer { request in
        .text(request.body.isEmpty ? "empty" : String(decoding: request.body, as: UTF8.self))
      }
      let listener = try server.listen(0, tls: .server(authority.identity(for: "behind.test")), on: bench.reactor)
      var asked: [String] = []
      let port = try proxy([connected], to: Int(listener.localAddress.port), bench) { asked.append($0) }
      let text = String(repeating: "abcdefg", count: size / 7)
      let request = HTTPClient.Request("https://behind.test/", method: .post, body: .text(text))
      let outcomes = fetch([request, request], try client(port, bench), bench)
      #expect(outcomes == Array(repeating: "200 \(text.isEmpty ? "empty" : text)", count: 2))
      #expect(
        asked == [
          "CONNECT behind.test:443 HTTP/1.1\r\nHost: behind.test:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
        ])
      _ = server.stop()
      bench.end()
    }

    @Test(arguments: [("http://nowhere.test/", "proxy.test"), ("https://nowhere.test/", "nowhere.test")])
    func `the proxy's certificate is for the proxy, and its error names the proxy`(url: String, name: String) throws {
      let bench = try ClientBench()
      let port = try proxy([connected], to: bench.server.port, bench, as: name)
      let results = outcomes([.init(url)], try client(port, bench), bench)
      guard case .failure(let error as HTTPError) = results[0] else { return #expect(Bool(false), "\(results)") }
      #expect(error.code == .cannotConnect && error.network?.code == .proxy)
      #expect(error.network?.certificate == .wrongHost && error.reason.contains("127.0.0.1:\(port)"))
      bench.end()
    }

    @Test func `the roots for origins are not those for proxies`() throws {
      let bench = try ClientBench(authority: authority)
      let client = try client(bench.server.port, bench, trusting: [TestAuthority("Other Root")])
      let results = outcomes([.init("http://nowhere.test/")], client, bench)
      guard case .failure(let error as HTTPError) = results[0] else { return #expect(Bool(false), "\(results)") }
      #expect(error.network?.certificate == .unknownAuthority && bench.server.requests.isEmpty, "\(error)")
      bench.end()
    }

    @Test func `the origin's certificate is for the origin`() throws {
      let bench = try ClientBench()
      let server = HTTPServer { _ in .text("not reached") }
      let listener = try server.listen(0, tls: .server(authority.identity(for: "127.0.0.1")), on: bench.reactor)
      let port = try proxy([connected], to: Int(listener.localAddress.port), bench)
      let results = outcomes([.init("https://behind.test/")], try client(port, bench), bench)
      guard case .failure(let error as HTTPError) = results[0] else { return #expect(Bool(false), "\(results)") }
      #expect(error.network?.code == .handshake && error.network?.certificate == .wrongHost, "\(error)")
      #expect(error.network?.peer == "behind.test:443")
      _ = server.stop()
      bench.end()
    }

    @Test func `a proxy that does not speak TLS is an error that says so`() throws {
      let bench = try ClientBench { $0.answer("plain") }
      let listener = try bench.reactor.listenTCP(0) { _ in Relay(to: 1, [([], Array("HTTP/1.1 400 No\r\n\r\n".utf8))]) }
      let port = Int(listener.localAddress.port)
      let outcome = fetch([.init("http://nowhere.test/")], try client(port, bench), bench)[0]
      #expect(outcome.contains("use the proxy 127.0.0.1:\(port)") && outcome.contains("does not speak TLS"))
      bench.end()
    }

    @Test func `a proxy that cuts the tunnel is an error of the network, not of the origin's TLS`() throws {
      let bench = try ClientBench()
      // Nothing listens there: the relay closes after its answer.
      let gone = try bench.reactor.listenTCP(0) { _ in Relay(to: 1, []) }
      let free = Int(gone.localAddress.port)
      gone.stop()
      let port = try proxy([connected], to: free, bench)
      let results = outcomes([.init("https://behind.test/")], try client(port, bench), bench)
      guard case .failure(let error as HTTPError) = results[0] else { return #expect(Bool(false), "\(results)") }
      #expect(error.code == .cannotConnect)
      bench.end()
    }

    @Test func `a proxy of https is read from its address and from the environment`() throws {
      #expect(try "\(Proxy("https://me:pw@[::1]:8443"))" == "https://me@[::1]:8443")
      #expect(try Proxy("HTTPS://proxy.test").port == 443)
      #expect(try Proxy("https://proxy.test:443") == .https("proxy.test", port: 443))
      let settings = try ProxySettings { $0 == "https_proxy" ? "https://proxy.test:1" : nil }
      #expect(settings.proxy(for: try HTTPURL("https://a/").origin) == .https("proxy.test", port: 1))
      #expect(settings.proxy(for: try HTTPURL("http://a/").origin) == nil)
    }
  }
}

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
  /// A proxy is asked in HTTP/1.1: what goes through its tunnels runs in both versions.
  @Suite struct ProxyTests {
    // MARK: - Selection

    @Test func `a proxy is read from its address`() throws {
      #expect(try "\(Proxy("http://127.0.0.1:8080"))" == "http://127.0.0.1:8080")
      #expect(try "\(Proxy("127.0.0.1:8080/"))" == "http://127.0.0.1:8080")
      #expect(try "\(Proxy("proxy.test"))" == "http://proxy.test:3128")
      #expect(try "\(Proxy("socks5h://[::1]"))" == "socks5://[::1]:1080")
      let proxy = try Proxy("http://us%3Aer:p%40ss@h:1")
      #expect(proxy.credentials?.user == "us:er" && proxy.credentials?.password == "p@ss")
      #expect("\(proxy)" == "http://us:er@h:1", "without the password")
      for bad in ["ftp://h:1", "http://", "http://h:99999", "http://a%zz@h", "socks4://h"] {
        #expect(throws: ProxyError.self) { try Proxy(bad) }
      }
      for bad in ["https://u:secret@h:1/path", "http://h:1/?a", "http://h#a", "h/secret", "http://u:secret/x@h:1"] {
        #expect { try Proxy(bad) } throws: { "\($0)".contains("a proxy has no path") }
      }
      for bad in [
        "http://u:secret/x@h:1", "https://u:secret@h:1/path", "ftp://u:secret@h:1", "http://u:secret%zz@h",
        "http://u:secret@h:x", "u:secret@x://h", "u:secret@[h",
      ] {
        #expect { try Proxy(bad) } throws: { !"\($0)".contains("secret") }
      }
    }

    @Test func `the environment says which, and who is excepted`() throws {
      let variables = [
        "http_proxy": "h:1", "HTTPS_PROXY": "s:2", "HTTP_PROXY": "evil:3",
        "no_proxy": "example.org, .test,127.0.0.1, other.net:8080,[::1]",
      ]
      let settings = try ProxySettings { variables[$0] }
      func proxy(_ url: String) throws -> Int? { try settings.proxy(for: HTTPURL(url).origin)?.port }
      #expect(try proxy("http://a/") == 1 && proxy("https://a/") == 2)
      for excepted in [
        "example.org", "sub.example.org", "EXAMPLE.org", "a.test", "127.0.0.1", "other.net:8080", "[::1]:9",
      ] {
        #expect(try proxy("http://\(excepted)/") == nil)
      }
      for other in ["badexample.org", "other.net", "127.0.0.2", "test.de"] {
        #expect(try proxy("http://\(other)/") == 1)
      }
      #expect(try ProxySettings { $0 == "no_proxy" ? "*" : "h:1" }.proxy(for: HTTPURL("http://a/").origin) == nil)
      #expect(try ProxySettings { $0 == "HTTP_PROXY" ? "h:1" : nil } == .none)
      #expect(throws: ProxyError.self) { try ProxySettings { _ in "ftp://x" } }
    }

    /// As in curl and Go.
    @Test(arguments: [
      ("127.0.0.0/8", ["127.9.9.9", "0x7f.1", "[::ffff:127.0.0.1]"], ["128.0.0.1", "127.test"]),
      ("10.0.0.0/9", ["10.127.255.255"], ["10.128.0.0"]), ("0.0.0.0/0", ["1.2.3.4"], ["a.test", "[::1]"]),
      ("fd00::/8", ["[fd12::1]"], ["[fe80::1]", "10.0.0.1"]), ("[::1]", ["[0:0::1]", "[::1]:81"], ["[::2]"]),
      ("::1", ["[::1]"], []),
      ("[::1]:81", ["[::1]:81"], ["[::1]"]), ("2130706433", ["127.0.0.1"], ["127.0.0.2"]),
      ("bücher.example", ["xn--bcher-kva.example", "a.bücher.example"], ["bucher.example"]),
      ("Example.ORG.", ["example.org", "example.org.", "a.example.org"], ["badexample.org"]),
      ("*.example.org", ["a.example.org", "example.org"], ["org"]),
      (".example.org:81", ["a.example.org:81"], ["a.example.org"]),
      ("1.2.3.4", ["1.2.3.4"], ["5.1.2.3.4.test", "1.2.3.5"]),
      ("10.0.0.0/33, 10.0.0.0/-1, /8, [, :80, a/8", [], ["10.0.0.0", "a"]),
      ("*", ["anything", "[::1]", "1.2.3.4"], []),
    ])
    func `exceptions are names, addresses and blocks of them`(list: String, excepted: [String], others: [String]) throws
    {
      let settings = try ProxySettings { $0 == "no_proxy" ? list : "proxy:1" }
      let same = ProxySettings.all(
        .http("proxy", port: 1), except: list.split(separator: ",").map { String($0.drop { $0 == " " }) })
      for host in excepted + others {
        let origin = try HTTPURL("http://\(host)/").origin
        #expect((settings.proxy(for: origin) == nil) == excepted.contains(host), "\(host)")
        #expect((same.proxy(for: origin) == nil) == excepted.contains(host), "\(host)")
      }
    }

    // MARK: - HTTP

    @Test func `a proof is over what the server gets to see, not over what the proxy is asked for`() throws {
      let server = try ClientBench { request in
        let proof = request.values("authorization").first
        if let proof { return request.answer("\(request.target) \(proof.contains("uri=\"/a?b\""))") }
        request.answer(
          "out", status: "401 Who", fields: "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n")
      }
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: server.server.port))
      let client = HTTPClient(configuration, on: server.reactor)
      var request = HTTPClient.Request("http://nowhere.test:81/a?b")
      request.authentication = .digest("me", "secret")
      var texts: [String] = []
      client.fetch(request) { try texts.append($0.get().text) }
      server.run(until: { [count = texts.count] in texts.count > count })
      #expect(texts == ["http://nowhere.test:81/a?b true"])
      client.close()
      server.end()
    }

    @Test func `a page of http is asked of the proxy by its whole URL`() throws {
      let server = try ClientBench { request in
        request.answer("\(request.target) \(request.values("host")) \(request.values("proxy-authorization"))")
      }
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: server.server.port, user: "u", password: "p"))
      let client = HTTPClient(configuration, on: server.reactor)
      var texts: [String] = []
      for path in ["/a?b", "/again"] {
        client.fetch(HTTPClient.Request("http://nowhere.test:81\(path)")) { try texts.append($0.get().text) }
        server.run(until: { [count = texts.count] in texts.count > count })
      }
      #expect(
        texts == ["/a?b", "/again"].map { "http://nowhere.test:81\($0) [\"nowhere.test:81\"] [\"Basic dTpw\"]" })
      client.close()
      server.end()
    }

    @Test(arguments: ["http", "https", "socks5"], ["http", "https"])
    func `a proxy that cannot be reached is named as the proxy`(kind: String, scheme: String) throws {
      let reactor = Reactor()
      let refusing = RefusingPort()
      let port = refusing.number
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(try Proxy("\(kind)://127.0.0.1:\(port)"))
      let client = HTTPClient(configuration, on: reactor)
      let error = #expect(throws: HTTPError.self) {
        try reactor.result(of: client.fetch("\(scheme)://origin.test/"))
      }
      let said = "\(error as Any)"
      #expect(said.contains("use the proxy \(kind)://127.0.0.1:\(port): connect to"), "\(said)")
      client.close()
      withExtendedLifetime(refusing) {}
    }

    // MARK: - Tunnels

    /// A proxy that follows `script`, and then forwards bytes both ways to `port`.
    private func tunnel(_ bench: ClientBench, to port: Int, _ script: [(asked: [UInt8], answer: [UInt8])]) throws -> Int
    {
      let listener = try bench.reactor.listenTCP(0) { _ in Relay(to: port, script) }
      return Int(listener.localAddress.port)
    }

    private func fetch(
      _ proxy: (Int) -> Proxy, _ script: (Int) -> [(asked: [UInt8], answer: [UInt8])], host: String = "127.0.0.1",
      timeout: Duration = .seconds(30)
    ) throws -> String {
      let bench = try ClientBench()
      let port = try tunnel(bench, to: bench.server.port, script(bench.server.port))
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(proxy(port))
      configuration.connectTimeout = timeout
      let client = HTTPClient(configuration.inCurrentVersion, on: bench.reactor)
      var outcome = ""
      client.fetch(HTTPClient.Request("http://\(host):\(bench.server.port)/")) { result in
        switch result {
        case .success(let page): outcome = page.text
        case .failure(let error): outcome = "\(error)"
        }
      }
      bench.run(until: { !outcome.isEmpty })
      client.close()
      return outcome
    }

    private func portBytes(_ port: Int) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xFF)] }

    @Test(.inBothVersions) func `SOCKS5 without a name, to an address`() throws {
      let text = try fetch({ .socks5("127.0.0.1", port: $0) }) {
        [([5, 1, 0], [5, 0]), ([5, 1, 0, 1, 127, 0, 0, 1] + portBytes($0), [5, 0, 0, 1, 0, 0, 0, 0, 0, 0])]
      }
      #expect(text == "hello")
    }

    @Test(.inBothVersions) func `SOCKS5 with a name and password, the host resolved there`() throws {
      let name = Array("nowhere.test".utf8)
      let text = try fetch(
        { .socks5("127.0.0.1", port: $0, user: "me", password: "pw") },
        { port in
          [
            ([5, 2, 0, 2], [5, 2]), ([1, 2, 109, 101, 2, 112, 119], [1, 0]),
            ([5, 1, 0, 3, 12] + name + portBytes(port), [5, 0, 0, 3, 1, 65, 0, 0]),
          ]
        }, host: "nowhere.test")
      #expect(text == "hello")
    }

    @Test(
      arguments: [
        ([5, 0xFF], "it wants a name and password"), ([4, 0], "does not speak SOCKS5"), ([5, 9], "was not offered"),
        ([5, 0, 0], "does not speak SOCKS5"), (Array("HTTP/1.1 400".utf8), "does not speak SOCKS5"),
        ([], "closed the connection"),
      ] as [([UInt8], String)])
    func `a SOCKS proxy that refuses or lies is an error that says so`(answer: [UInt8], words: String) throws {
      let text = try fetch({ .socks5("127.0.0.1", port: $0) }) { _ in [([5, 1, 0], answer)] }
      #expect(text.contains("use the proxy 127.0.0.1:") || text.contains("use the proxy socks5://"))
      #expect(text.contains(words))
    }

    @Test(
      arguments: [(2, "rules"), (4, "unreachable from there"), (5, "connection refused"), (99, "it answered 99")]
        as [(UInt8, String)])
    func `what a SOCKS proxy could not do is said`(code: UInt8, words: String) throws {
      let text = try fetch({ .socks5("127.0.0.1", port: $0) }) {
        [([5, 1, 0], [5, 0]), ([5, 1, 0, 1, 127, 0, 0, 1] + portBytes($0), [5, code, 0, 1, 0, 0, 0, 0, 0, 0])]
      }
      #expect(text.contains(words))
    }

    @Test func `a proxy that hangs is given up in time`() throws {
      let text = try fetch(
        { .socks5("127.0.0.1", port: $0) }, { _ in [([5, 1, 0], [5])] }, timeout: .milliseconds(50))
      #expect(text.contains("no connection through it within 0.05"))
    }

    @Test(arguments: [
      ("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "wants a name and password"),
      ("HTTP/1.0 401 Who\r\nContent-Length: 0\r\n\r\n", "did not take the name and password"),
      ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "cannot make the connection (500 No)"),
      ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "does not allow"),
      ("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", "cannot make the connection (502 Bad)"),
      ("garbage\r\n\r\n", "cannot be read"), ("HTTP/1.1 200 OK\r\n\r\nearly", "before it was asked"),
    ])
    func `a proxy that does not connect is an error that says why`(answer: String, words: String) throws {
      let bench = try ClientBench()
      let port = try tunnel(bench, to: bench.server.port, [([], Array(answer.utf8))])
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: port))
      let client = HTTPClient(configuration, on: bench.reactor)
      var error: HTTPError?
      client.fetch(HTTPClient.Request("https://nowhere.test/")) { result in
        if case .failure(let failure) = result { error = failure as? HTTPError }
      }
      bench.run(until: { error != nil })
      #expect(error?.code == .cannotConnect && error?.network?.code == .proxy)
      #expect(error?.reason.contains(words) == true)
      client.close()
      bench.end()
    }

    @Test(.inBothVersions) func `https goes through a CONNECT, with the certificate of who is behind it`() throws {
      let authority = TestAuthority()
      let bench = try ClientBench()
      let server = HTTPServer { _ in .text("secret") }
      let listener = try server.listen(0, tls: .server(authority.identity(for: "behind.test")), on: bench.reactor)
      let expected =
        "CONNECT behind.test:443 HTTP/1.1\r\nHost: behind.test:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
      let port = try tunnel(
        bench, to: Int(listener.localAddress.port),
        [(Array(expected.utf8), Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))])
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(.http("127.0.0.1", port: port, user: "u", password: "p"))
      configuration.tls.roots = [authority.root]
      let client = HTTPClient(configuration.inCurrentVersionOverTLS, on: bench.reactor)
      var texts: [String] = []
      // The end of a run stops the server, so both requests are in one run.
      func fetch() {
        client.fetch(HTTPClient.Request("https://behind.test/")) { result in
          texts.append((try? result.get().text) ?? "\(result)")
          if texts.count < 2 { fetch() }
        }
      }
      fetch()
      bench.run(until: { texts.count == 2 })
      #expect(texts == ["secret", "secret"])
      client.close()
      _ = server.stop()
      bench.end()
    }

    /// RFC 9110 §11.7.2.
    @Test(.inBothVersions, arguments: ["http", "https"], ["request", "configuration"])
    func `credentials for a proxy that the program sets itself do not go through a tunnel`(
      _ scheme: String, _ place: String
    ) throws {
      let authority = TestAuthority()
      let bench = try ClientBench()
      let name = HTTPField.Name.proxyAuthorization
      // The proxy of http is the server itself.
      let server = HTTPServer { .text("\($0.headers[values: name]) \($0.headers[values: .accept])") }
      let plain = try server.listen(0, on: bench.reactor).localAddress.port
      let secure = try server.listen(0, tls: .server(authority.identity(for: "behind.test")), on: bench.reactor)
      let answer = Array("HTTP/1.1 200 Connected\r\n\r\n".utf8)
      let asked = Array("CONNECT behind.test:443 HTTP/1.1\r\nHost: behind.test:443\r\n\r\n".utf8)
      var configuration = HTTPClient.Configuration()
      configuration.proxies = .all(
        .http(
          "127.0.0.1",
          port: scheme == "http" ? plain : try tunnel(bench, to: secure.localAddress.port, [(asked, answer)])))
      configuration.tls.roots = [authority.root]
      configuration.headers = [.accept: "all"]
      var request = HTTPClient.Request("\(scheme)://behind.test/")
      if place == "request" { request.headers[name] = "Basic eA==" } else { configuration.headers[name] = "Basic eA==" }
      let client = HTTPClient(configuration.inCurrentVersionOverTLS, on: bench.reactor)
      var text = ""
      client.fetch(request) { result in text = (try? result.get().text) ?? "\(result)" }
      bench.run(until: { !text.isEmpty })
      #expect(text == (scheme == "http" ? "[\"Basic eA==\"] [\"all\"]" : "[] [\"all\"]"))
      client.close()
      _ = server.stop()
      bench.end()
    }

    // MARK: - Unix sockets

    @Test func `a Unix socket is asked by its path`() throws {
      let bench = try ClientBench()
      let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max)).sock"
      let server = HTTPServer { .text("\($0.path) \($0.headers[HTTPField.Name("Host")!] ?? "")") }
      _ = try server.listenUnix(path, on: bench.reactor)
      let encoded = path.replacing("/", with: "%2F")
      var second: Outcome?
      let first = bench.fetch("http+unix://\(encoded)/a") { _ in second = bench.fetch("http+unix://\(encoded)/again") }
      bench.run()
      #expect("\(first)" == "200 /a localhost")
      #expect(second?.description == "200 /again localhost")
      let gone = bench.fetch("http+unix://%2Fnowhere%2Fat%2Fall/")
      let malformed = bench.fetch("http+unix:///x")
      bench.run()
      #expect(gone.httpError?.code == .cannotConnect && malformed.httpError?.code == .invalidURL)
      _ = server.stop()
      bench.end()
    }
  }
}

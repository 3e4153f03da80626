import SwirlHTTPServer
import SwirlNet
import SwirlTesting
import Testing

@testable import SwirlReverseProxy

/// What an upstream gets of a request.
@Suite(.failsOnUnhandledFailures) struct RequestFieldsTests {
  private func received(
    _ request: String, _ configuration: ReverseProxy.Configuration = .init(), trusting: HTTPServer.TrustedProxies? = nil
  ) throws -> String {
    var serving = HTTPServer.Configuration()
    serving.trustedProxies = trusting
    let bench = try ProxyBench(configuration, serving: serving)
    #expect(bench.send(request).statuses == [200])
    #expect(bench.end() == [])
    return bench.received
  }

  @Test func `a plain request passes with Via and with what the proxy sees of the client`() throws {
    let head = try received("GET /a?b=1 HTTP/1.1\r\nHost: site.test\r\nX-Own: 1\r\nAccept: x/y\r\n\r\n")
    #expect(head.hasPrefix("GET /a?b=1 HTTP/1.1\r\nHost: site.test\r\n"))
    #expect(head.values("x-own") == ["1"] && head.values("accept") == ["x/y"])
    #expect(head.values("via") == ["1.1 here"])
    #expect(head.values("x-forwarded-for").count == 1 && head.values("x-forwarded-for")[0].hasPrefix("10.0."))
    #expect(head.values("x-forwarded-proto") == ["http"] && head.values("x-forwarded-host") == ["site.test"])
    #expect(head.values("forwarded") == ["for=\(head.values("x-forwarded-for")[0]);host=\"site.test\";proto=http"])
    // Nothing of the client's own.
    #expect(head.values("user-agent") == [] && head.values("accept-encoding") == [] && head.values("connection") == [])
  }

  /// RFC 9110 §7.6.1, and what was done with it: CVE-2021-33197 (Connection removes what a proxy writes), httpoxy.
  @Test func `fields of the connection stay, and those that Connection names`() throws {
    let head = try received(
      """
      GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Mine, close, X-Forwarded-For, Via, Forwarded\r\nconnection: x-other\r\n\
      X-Mine: 1\r\nx-OTHER: 2\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n\
      Proxy: http://evil\r\nTrailer: x\r\nTE: gzip\r\nVia: 1.0 first\r\nX-Kept: 3\r\n\r\n
      """)
    for name in [
      "x-mine", "x-other", "keep-alive", "proxy-connection", "proxy-authorization", "proxy", "trailer", "te",
    ] {
      #expect(head.values(name) == [], "\(name)")
    }
    #expect(head.values("connection") == [] && head.values("x-kept") == ["3"])
    #expect(head.values("x-forwarded-for").count == 1 && head.values("forwarded").count == 1)
    #expect(head.values("via") == ["1.0 first, 1.1 here"])
  }

  @Test func `what a client says of itself is replaced, in any spelling`() throws {
    let head = try received(
      """
      GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\nX_Forwarded_For: 3.3.3.3\r\n\
      X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 4.4.4.4\r\n\
      Forwarded: for=5.5.5.5\r\nX-Real_IP: 6.6.6.6\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n\
      X-Forwarded_Proto: https\r\nX_Own: kept\r\n\r\n
      """)
    for address in ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4", "5.5.5.5", "6.6.6.6", "evil", "https", "Content_"] {
      #expect(!head.contains(address), "\(address)")
    }
    #expect(head.values("x-forwarded-port") == [] && head.values("transfer_encoding") == [])
    #expect(head.values("x_own") == ["kept"])
  }

  @Test func `what trusted proxies say is extended`() throws {
    let request =
      "GET / HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 1.1.1.1, 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
      + "X-Forwarded-Host: site.test\r\nX-Forwarded-Port: 444\r\nForwarded: for=5.5.5.5\r\n\r\n"
    let all: HTTPServer.TrustedProxies = .init(["10.0.0.0/8"])
    let head = try received(request, trusting: all)
    let chain = try #require(head.values("x-forwarded-for").first)
    #expect(chain.hasPrefix("1.1.1.1, 203.0.113.9, 10.0."))
    #expect(head.values("x-forwarded-proto") == ["https"] && head.values("x-forwarded-host") == ["site.test"])
    #expect(head.values("x-forwarded-port") == ["444"])
    #expect(head.values("forwarded") == ["for=203.0.113.9;host=\"site.test\";proto=https"])

    let other = try received(request, trusting: .init(["10.0.0.0/8"], fields: .forwarded))
    #expect(other.values("forwarded")[0].hasPrefix("for=5.5.5.5, for=10.0."))
    #expect(other.values("x-forwarded-for") == ["5.5.5.5"] && other.values("x-forwarded-port") == [])
  }

  @Test func `Host is as chosen`() throws {
    let request = "GET http://site.test:81/p HTTP/1.1\r\nHost: other.test\r\n\r\n"
    var configuration = ReverseProxy.Configuration()
    // RFC 9112 §3.2.2: the target's host counts.
    #expect(try received(request, configuration).hasPrefix("GET /p HTTP/1.1\r\nHost: site.test:81\r\n"))
    configuration.host = .upstream
    let head = try received(request, configuration)
    #expect(head.values("host") == ["back.test:9000"] && head.values("x-forwarded-host") == ["site.test:81"])
    configuration.host = .fixed("app.test")
    #expect(try received(request, configuration).values("host") == ["app.test"])
    // A 1.0 client without Host.
    #expect(try received("GET / HTTP/1.0\r\n\r\n").values("host") == ["back.test:9000"])
  }

  @Test func `trailers are asked for if the client takes them`() throws {
    let head = try received("GET / HTTP/1.1\r\nHost: x\r\nTE: trailers, deflate\r\nConnection: TE\r\n\r\n")
    #expect(head.values("te") == ["trailers"] && head.values("connection") == ["TE"])
  }

  @Test func `bytes beyond ASCII in values pass as they are`() throws {
    let bench = try ProxyBench()
    let client = bench.connect()
    bench.run()
    client.transport?.write(Array("GET / HTTP/1.1\r\nHost: x\r\nX-Name: caf".utf8) + [0xE9] + Array("\r\n\r\n".utf8))
    bench.run()
    #expect(bench.upstream.first?.bytes.firstRange(of: Array("X-Name: caf".utf8) + [0xE9, 0x0D]) != nil)
    client.transport?.abort()
    #expect(bench.end() == [])
  }
}

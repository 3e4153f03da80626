import SwirlHTTPServer
import SwirlTesting
import Testing

@testable import SwirlReverseProxy

/// Where a request goes.
@Suite(.failsOnUnhandledFailures) struct RequestTargetTests {
  private func target(
    _ sent: String, method: String = "GET", _ configuration: ReverseProxy.Configuration = .init(),
    to upstream: String = "http://back.test:9000"
  ) throws -> String {
    let bench = try ProxyBench(configuration, to: [upstream])
    let answer = bench.send("\(method) \(sent) HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(bench.end() == [])
    if bench.received.isEmpty { return "\(answer.statuses)" }
    return String(bench.received.split(separator: " ", maxSplits: 2)[1])
  }

  /// Go's CVE-2022-2880: parameters that one parser drops and the next one takes.
  @Test(
    arguments: [
      "/", "/a//b///c", "/%41%2f%2F%20", "/a?b=1&b=2;c=3&d", "/?a=%zz&%&=;?x", "/a%", "/a;b=c;/d", "/*", "/a?http://x/",
      "/a?../../b", "/a..b/.c/...", "/{}|^`\"<>\\",
    ])
  func `path and query pass byte by byte`(sent: String) throws { #expect(try target(sent) == sent) }

  @Test(
    arguments: [
      "/../a", "/a/..", "/a/./b", "/.", "/%2e%2e/a", "/a/.%2E/b", "/a/..%2fb", "/a/..%5cb", "/a\\..\\b",
      "/public/..;/b",
      "/a/%2e;x=y/b", "http://x/../a",
    ])
  func `a path that leads elsewhere is refused, unless it may pass`(sent: String) throws {
    #expect(try target(sent) == "[400]")
    var configuration = ReverseProxy.Configuration()
    configuration.passesDotSegments = true
    #expect(try target(sent, configuration) == (sent.hasPrefix("http") ? "/../a" : sent))
  }

  @Test(
    arguments: [
      ("/api", "/"), ("/api/", "/"), ("/api/x?y", "/x?y"), ("/api?y", "/?y"), ("/%61pi/%2fx", "/%2fx"),
      ("/apis", "[404]"),
      ("/", "[404]"), ("/ap%2Fi/x", "[404]"), ("/api%2fx", "[404]"), ("/api//x", "//x"),
    ])
  func `a prefix is removed at the end of a segment only`(sent: String, arrives: String) throws {
    var configuration = ReverseProxy.Configuration()
    configuration.strippedPrefix = "/api"
    #expect(try target(sent, configuration) == arrives)
  }

  @Test func `the upstream's path comes first`() throws {
    #expect(try target("/x?y", to: "http://back.test:9000/base/") == "/base/x?y")
    #expect(try target("http://x?y") == "/?y")
    #expect(try target("*", method: "OPTIONS", to: "http://back.test:9000/base") == "*")
    #expect(try target("http://x", method: "OPTIONS") == "*")
  }

  @Test func `CONNECT and TRACE are not passed on`() throws {
    #expect(try target("x:443", method: "CONNECT") == "[405]")
    #expect(try target("/", method: "TRACE") == "[405]")
  }

  @Test func `Max-Forwards counts down, RFC 9110 7.6.2`() throws {
    let bench = try ProxyBench()
    func ask(_ forwards: String) -> [Int] {
      bench.send("OPTIONS / HTTP/1.1\r\nHost: x\r\nMax-Forwards: \(forwards)\r\n\r\n").statuses
    }
    #expect(ask("0") == [204] && bench.received.isEmpty)
    #expect(ask("2") == [200] && bench.received.values("max-forwards") == ["1"])
    #expect(ask("x") == [400])
    #expect(bench.end() == [])
  }

  @Test func `a request that has come back is a 508`() throws {
    let bench = try ProxyBench(to: ["http://front.test"])
    #expect(bench.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Via\r\n\r\n").statuses == [508])
    #expect(bench.end() == [])
  }

  @Test func `a route passes on what has no other route`() throws {
    let bench = try ProxyBench(
      .init(), .init(), to: ["http://back.test:9000"], { connection, _ in connection.answer("hello") }
    ) {
      proxy, configuration in
      let router = Router()
      router.get("/api/own") { _ in .text("own") }
      router.any("/api/{path*}", bodyLimit: 4, proxy)
      return HTTPServer(configuration: configuration, router)
    }
    #expect(bench.send("GET /api/own HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("own"))
    #expect(bench.send("POST /api/own HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab").hasSuffix("hello"))
    #expect(bench.send("OPTIONS /api/x HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("hello"))
    #expect(bench.send("GET /else HTTP/1.1\r\nHost: x\r\n\r\n").statuses == [404])
    #expect(bench.send("POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n").statuses == [413])
    #expect(bench.end() == [])
  }
}

import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlReverseProxy

/// What is one request to one program and two to the next one, on either side: the proxy refuses it.
@Suite(.failsOnUnhandledFailures) struct SmugglingTests {
  private static let inner = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

  /// The vectors are those of CVE-2021-40346 (a name longer than a counter), CVE-2023-25725 (an empty name),
  /// CVE-2019-18277, CVE-2020-15049, and of the papers on request smuggling since 2005.
  @Test(
    arguments: [
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Content-Length: 0\r\nContent-Length: 44\r\n\r\n", "Content-Length: 0, 44\r\n\r\n", "Content-Length: +0\r\n\r\n",
      "Content-Length: 0x0\r\n\r\n", "Content-Length: 00000000000000000000000000018446744073709551616\r\n\r\n",
      "Content-Length : 0\r\n\r\n", " Content-Length: 0\r\n\r\n", "X: y\r\n Content-Length: 0\r\n\r\n",
      "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding:\u{0B}chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding\u{00}: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
      ": empty\r\nContent-Length: 0\r\n\r\n", "Content-Length0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
      "X\nContent-Length: 44\r\n\r\n", "X: a\rContent-Length: 44\r\n\r\n", "Host: y\r\n\r\n", "X: a\u{00}b\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n5;x\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 44\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF0\r\n\r\n",
    ])
  func `an ambiguous request is refused, and what is behind it is no request`(fields: String) throws {
    let bench = try ProxyBench()
    let answer = bench.send("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\(Self.inner)")
    #expect(answer.statuses.allSatisfy { $0 >= 400 } && answer.statuses.count <= 1, "\(answer)")
    #expect(!bench.received.contains("/smuggled"), "\(bench.received)")
    // Where the head is good, the upstream has it, and no end of the content.
    #expect(!bench.received.contains("0\r\n\r\n"), "\(bench.received)")
    #expect(bench.end() == [])
  }

  @Test func `a chunk extension does not reach the upstream`() throws {
    let bench = try ProxyBench()
    bench.answer = { connection, _ in
      connection.transport.reactor.callLater(.milliseconds(9)) { connection.answer("a") }
    }
    let sent =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"x\"\r\nabc\r\n0\r\nX-End: 1\r\n\r\n"
    #expect(bench.send(sent).statuses == [200])
    #expect(bench.received.hasSuffix("\r\n\r\n3\r\nabc\r\n0\r\nX-End: 1\r\n\r\n"))
    #expect(bench.end() == [])
  }

  /// `Upgrade: h2c` passed on gives the client a connection past all routes and rules.
  @Test(arguments: ["h2c", "websocket2", "TLS/1.0, HTTP/1.1", "h2c, foo"])
  func `a protocol other than websocket is not switched to`(name: String) throws {
    let bench = try ProxyBench()
    let answer = bench.send(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: \(name)\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    )
    #expect(answer.statuses == [200])
    #expect(bench.received.values("upgrade") == [] && bench.received.values("http2-settings") == [])
    #expect(bench.received.values("connection") == [])
    #expect(bench.end() == [])
  }

  /// Answers that are one message to one program and two to the next; a lenient client takes some of them.
  @Test(
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nX: a\u{00}b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "<html>hello</html>", "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\nContent-Length: 3\r\n\r\nabc",
    ])
  func `an ambiguous answer is a 502, which is logged`(bytes: String) throws {
    let bench = try ProxyBench { connection, _ in
      connection.send(bytes)
      connection.transport.close()
    }
    let answer = bench.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(answer.statuses == [502], "\(answer)")
    #expect(bench.log.all.count == 1 && bench.log.all[0].contains("\"GET /x HTTP/1.1\""), "\(bench.log.all)")
    #expect(bench.log.all.first?.contains("http://back.test:9000/") == true)
    #expect(bench.end() == [])
  }
}

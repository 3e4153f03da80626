import SwirlHTTPServer
import SwirlNet
import SwirlTesting
import Testing

@testable import SwirlReverseProxy

/// How connections to upstreams are used, and which upstream is asked.
@Suite(.failsOnUnhandledFailures) struct UpstreamConnectionTests {
  private static func request(_ method: String, _ content: String = "") -> String {
    let length = method == "GET" ? "" : "Content-Length: \(content.utf8.count)\r\n"
    return "\(method) / HTTP/1.1\r\nHost: x\r\n\(length)\r\n\(content)"
  }

  @Test func `a connection is kept for the next request, of any client`() throws {
    let bench = try ProxyBench()
    for _ in 0..<3 { #expect(bench.send(Self.request("GET")).statuses == [200]) }
    #expect(bench.upstream.count == 1)
    #expect(bench.end() == [])
  }

  /// The upstream closes a kept connection while the next request is on its way to it.
  @Test(arguments: [("GET", "", [200]), ("PUT", "abc", [502]), ("POST", "abc", [502])], [true, false])
  func `a request that crosses the close of its connection is repeated if that is harmless`(
    _ vector: (String, String, [Int]), isReset: Bool
  ) throws {
    let bench = try ProxyBench()
    #expect(bench.send(Self.request("GET")).statuses == [200])
    bench.answer = { [unowned bench] connection, _ in
      if connection === bench.upstream[0] {
        isReset ? connection.transport.abort() : connection.transport.close()
      } else {
        connection.answer("again")
      }
    }
    #expect(bench.send(Self.request(vector.0, vector.1)).statuses == vector.2)
    // And no request twice.
    #expect(bench.upstream.count == (vector.2 == [200] ? 2 : 1))
    #expect(bench.end() == [])
  }

  @Test func `a request is repeated once, and not after a byte of its answer`() throws {
    let bench = try ProxyBench()
    #expect(bench.send(Self.request("GET")).statuses == [200])
    bench.answer = { connection, _ in
      connection.send("HTTP/1.1 2")
      connection.transport.close()
    }
    #expect(bench.send(Self.request("GET")).statuses == [502] && bench.upstream.count == 1)
    bench.answer = { connection, _ in connection.transport.close() }
    #expect(bench.send(Self.request("GET")).statuses == [502] && bench.upstream.count == 2)
    #expect(bench.end() == [])
  }

  @Test func `an answer before the whole request is passed on`() throws {
    let bench = try ProxyBench { connection, _ in
      connection.answer("no", "Connection: close\r\n", status: "413 Too Large")
    }
    let client = bench.connect(sending: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nabc")
    bench.run()
    #expect(client.receivedText.statuses == [413] && client.receivedText.hasSuffix("no"))
    client.transport?.abort()
    #expect(bench.end() == [])
  }

  @Test func `both directions flow at once`() throws {
    let bench = try ProxyBench { connection, _ in
      connection.isHTTP = false
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    }
    let client = bench.connect(sending: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n")
    bench.run()
    #expect(client.receivedText.hasSuffix("1\r\na\r\n") && bench.received.hasSuffix("1\r\nA\r\n"))
    client.transport?.write("1\r\nB\r\n0\r\n\r\n")
    bench.upstream[0].send("1\r\nb\r\n")
    bench.run()
    #expect(bench.received.hasSuffix("1\r\nB\r\n0\r\n\r\n"))
    bench.upstream[0].send("0\r\n\r\n")
    bench.run()
    #expect(client.receivedText.hasSuffix("1\r\nb\r\n0\r\n\r\n") && client.end == nil)
    client.transport?.close()
    #expect(bench.end() == [])
  }

  // MARK: - 100 (Continue), RFC 9110 §10.1.1

  private static let expecting = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"

  @Test func `a client may send its content when the upstream says so`() throws {
    let bench = try ProxyBench { _, _ in }
    let client = bench.connect(sending: Self.expecting)
    bench.run(for: .milliseconds(500))
    #expect(bench.received.values("expect") == ["100-continue"] && client.receivedText.isEmpty)
    bench.upstream[0].send("HTTP/1.1 100 Continue\r\n\r\n")
    bench.run(for: .milliseconds(10))
    #expect(client.receivedText == "HTTP/1.1 100 Continue\r\n\r\n")
    client.transport?.write("abc")
    bench.run(for: .milliseconds(10))
    #expect(bench.received.hasSuffix("\r\n\r\nabc"))
    bench.upstream[0].answer("ok")
    bench.run()
    #expect(client.receivedText.statuses == [100, 200])
    client.transport?.close()
    #expect(bench.end() == [])
  }

  @Test func `an upstream that refuses spares the client its content`() throws {
    let bench = try ProxyBench { connection, _ in connection.answer("", status: "401 Unauthorized") }
    #expect(bench.send(Self.expecting).statuses == [401])
    #expect(bench.end() == [])
  }

  @Test func `an upstream that knows no 100 gets the content after a second`() throws {
    let bench = try ProxyBench { _, _ in }
    let client = bench.connect(sending: Self.expecting)
    bench.run(for: .milliseconds(1500))
    #expect(client.receivedText.statuses == [100])
    client.transport?.write("abc")
    bench.run(for: .milliseconds(10))
    #expect(bench.received.hasSuffix("abc"))
    client.transport?.abort()
    #expect(bench.end() == [])
  }

  // MARK: - Back-pressure

  @Test func `an upstream that takes nothing stops the client`() throws {
    var serving = HTTPServer.Configuration()
    serving.limits.bodyBytes = nil
    let bench = try ProxyBench(serving: serving) { connection, _ in
      connection.isHTTP = false
      connection.transport.pauseReading()
    }
    let client = bench.connect(sending: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
    bench.run(for: .milliseconds(10))
    client.transport?.write([UInt8](repeating: 0x61, count: 20_000_000))
    bench.run(for: .seconds(5))
    let taken = 20_000_000 - (client.transport?.bufferedBytes ?? 0)
    #expect(taken > 100_000 && taken < 1_000_000, "\(taken) bytes")
    bench.upstream[0].transport.resumeReading()
    bench.run(for: .seconds(60))
    #expect(bench.upstream[0].bytes.count > 20_000_000 && client.transport?.bufferedBytes == 0)
    bench.upstream[0].answer("all")
    bench.run()
    #expect(client.receivedText.hasSuffix("all"))
    client.transport?.close()
    #expect(bench.end() == [])
  }

  @Test(arguments: [true, false]) func `a client that takes nothing stops the upstream`(isChunked: Bool) throws {
    let size = 20_000_000
    let bench = try ProxyBench { connection, _ in
      connection.send(
        "HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)")\r\n\r\n"
          + (isChunked ? "\(String(size, radix: 16))\r\n" : ""))
      connection.transport.write([UInt8](repeating: 0x61, count: size))
      if isChunked { connection.send("\r\n0\r\n\r\n") }
    }
    let client = bench.connect(sending: Self.request("GET"))
    bench.run(for: .milliseconds(3))
    client.transport?.pauseReading()
    bench.run(for: .seconds(5))
    let taken = size - bench.upstream[0].transport.bufferedBytes
    #expect(taken > 10_000 && taken < 1_000_000, "\(taken) bytes")
    client.transport?.resumeReading()
    bench.run(for: .seconds(30))
    #expect(client.received.count > size && client.end == nil)
    client.transport?.close()
    #expect(bench.end() == [])
  }

  // MARK: - Several upstreams

  @Test func `upstreams take turns, and one that is not there is passed over`() throws {
    let bench = try ProxyBench(to: ["http://back.test:9000", "http://other.test:9000"]) { connection, _ in
      connection.answer(connection.host)
    }
    let other = try bench.listenUpstream("other.test")
    func ask(_ count: Int) -> Set<String> {
      Set((0..<count).map { _ in String(bench.send(Self.request("POST", "abc")).suffix(9)) })
    }
    #expect(ask(2) == ["back.test", "ther.test"])
    other.stop()
    bench.upstream.last?.transport.abort()
    for connection in bench.upstream where connection.host == "other.test" { connection.transport.abort() }
    bench.run()
    #expect(ask(4) == ["back.test"])
    // It was asked once, and then left out.
    #expect(bench.log.all.count == 1, "\(bench.log.all)")
    _ = try bench.listenUpstream("other.test")
    bench.run(for: .seconds(11))
    #expect(ask(2) == ["back.test", "ther.test"])
    #expect(bench.end().count <= 1)
  }

  @Test func `with no upstream there a request fails after each was asked`() throws {
    let bench = try ProxyBench(to: ["http://one.test:1", "http://two.test:2"])
    bench.network.addHost("one.test")
    bench.network.addHost("two.test")
    #expect(bench.send(Self.request("GET")).statuses == [502])
    #expect(bench.log.all.count == 2)
    // The one that failed first is asked again where there is no other.
    #expect(bench.send(Self.request("GET")).statuses == [502])
    #expect(bench.end() == [])
  }
}

import SwirlHTTPServer
import SwirlNet
import SwirlTesting
import Testing

@testable import SwirlReverseProxy

/// What a client gets of an answer.
@Suite(.failsOnUnhandledFailures) struct AnswerTests {
  private static let get = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"

  private func answer(
    _ bytes: String, to request: String = get, closes: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let bench = try ProxyBench { connection, _ in
      connection.send(bytes)
      if closes { connection.transport.close() }
    }
    defer { #expect(bench.end() == [], sourceLocation: sourceLocation) }
    return bench.send(request)
  }

  @Test func `fields of the upstream's connection stay on it, others pass`() throws {
    let text = try answer(
      "HTTP/1.1 404 Gone Away\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        + "Content-Encoding: gzip\r\nServer: them\r\nDate: then\r\nLocation: /y\r\nContent-Length: 3\r\n\r\nabc")
    #expect(text.hasPrefix("HTTP/1.1 404 Gone Away\r\n") && text.hasSuffix("\r\n\r\nabc"))
    #expect(text.values("connection") == [] && text.values("x-hop") == [] && text.values("keep-alive") == [])
    #expect(text.values("set-cookie") == ["a=1", "b=2"] && text.values("content-encoding") == ["gzip"])
    #expect(text.values("server") == ["them"] && text.values("date") == ["then"] && text.values("via") == ["1.1 here"])
    #expect(text.values("content-type") == [] && text.values("content-length") == ["3"])
  }

  @Test func `early hints pass, other information stays`() throws {
    let text = try answer(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(text.hasPrefix("HTTP/1.1 103 Early Hints\r\n") && text.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"))
    #expect(text.values("link") == ["</a.css>; rel=preload"] && text.values("x-hop") == [] && text.hasSuffix("ok"))
  }

  @Test func `a redirect is not followed`() throws {
    let text = try answer("HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    #expect(text.statuses == [302] && text.values("location") == ["/y"])
  }

  @Test func `answers without content keep the length that they state`() throws {
    let head = "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n"
    let stated = try answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", to: head)
    #expect(stated.values("content-length") == ["1000"] && stated.hasSuffix("\r\n\r\n"))
    let chunked = try answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", to: head)
    #expect(
      chunked.statuses == [200] && chunked.values("content-length") == [] && chunked.values("transfer-encoding") == [])
    #expect(
      try answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n").values("content-length") == [
        "7"
      ])
    let empty = try answer("HTTP/1.1 204 No Content\r\n\r\n")
    #expect(empty.statuses == [204] && empty.values("content-length") == [])
  }

  @Test func `chunks and trailers pass, those to clients that take them`() throws {
    let bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n"
    let request = "GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n"
    #expect(try answer(bytes, to: request).hasSuffix("3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n"))
    #expect(try !answer(bytes).contains("X-Sum"))
  }

  @Test func `an answer that ends with its connection is whole`() throws {
    let text = try answer("HTTP/1.0 200 OK\r\n\r\nabc", closes: true)
    #expect(text.statuses == [200] && text.hasSuffix("3\r\nabc\r\n0\r\n\r\n") && text.values("via") == ["1.0 here"])
    let old = try answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", to: "GET / HTTP/1.0\r\n\r\n")
    #expect(old.hasSuffix("\r\n\r\nabc"))
  }

  @Test func `an informational answer is no answer`() throws {
    let text = try answer(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    #expect(text.statuses.last == 200 && text.hasSuffix("hi"))
  }

  // MARK: - Upstreams that fail

  /// A part of a body is never taken for the whole.
  @Test(
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "HTTP/1.1"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.0"),
    ], [true, false])
  func `an upstream that dies in a body breaks the client's connection`(_ vector: (String, String), isReset: Bool)
    throws
  {
    let bench = try ProxyBench { connection, _ in connection.send(vector.0) }
    let client = bench.connect(sending: "GET / \(vector.1)\r\nHost: x\r\n\r\n")
    bench.run()
    #expect(client.receivedText.hasSuffix("abc") || client.receivedText.hasSuffix("abc\r\n"))
    #expect(client.end == nil)
    if isReset { bench.upstream[0].transport.abort() } else { bench.upstream[0].transport.close() }
    bench.run()
    #expect(client.end?.code == .failed && !client.receivedText.hasSuffix("0\r\n\r\n"))
    #expect(bench.log.all.count == 1)
    #expect(bench.end() == [])
  }

  @Test func `an upstream that is not there is a 502 with the server's page`() throws {
    let bench = try ProxyBench()
    bench.stopUpstream()
    bench.server.onError = { failure in .text("sorry \(failure.status.code)", status: failure.status) }
    #expect(bench.send(Self.get).hasSuffix("sorry 502"))
    #expect(bench.log.all.count == 1 && bench.log.all[0].contains("refused"), "\(bench.log.all)")
    #expect(bench.end() == [])
  }

  @Test func `an upstream that is silent is a 504, before its answer or in it`() throws {
    let bench = try ProxyBench { _, _ in }
    let client = bench.connect(sending: Self.get)
    bench.run(for: .seconds(59))
    #expect(client.receivedText.isEmpty)
    bench.run(for: .seconds(2))
    #expect(client.receivedText.statuses == [504] && bench.upstream[0].end != nil)
    bench.answer = { connection, _ in connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") }
    client.transport?.write(Self.get)
    bench.run(for: .seconds(59))
    #expect(client.end == nil)
    bench.run(for: .seconds(2))
    #expect(client.end?.code == .failed)
    #expect(bench.end() == [])
  }

  @Test func `the time in which a client sends does not count, that behind it does`() throws {
    var serving = HTTPServer.Configuration()
    serving.bodyTimeout = .seconds(1000)
    let bench = try ProxyBench(serving: serving) { _, _ in }
    let client = bench.connect(sending: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
    for _ in 0..<4 {
      bench.run(for: .seconds(70))
      #expect(client.receivedText.isEmpty && bench.upstream[0].end == nil)
      client.transport?.write("a")
    }
    bench.run(for: .seconds(59))
    #expect(client.receivedText.isEmpty && bench.received.hasSuffix("\r\n\r\naaaa"))
    bench.run(for: .seconds(62))
    #expect(client.receivedText.statuses == [504])
    client.transport?.abort()
    #expect(bench.end() == [])
  }

  // MARK: - Clients that leave

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
  func `a client that leaves ends its request to the upstream at once`(bytes: String) throws {
    let bench = try ProxyBench { connection, _ in connection.send(bytes) }
    let client = bench.connect(sending: Self.get)
    bench.run()
    #expect(bench.upstream[0].end == nil)
    client.transport?.abort()
    bench.run(for: .milliseconds(10))
    #expect(bench.upstream[0].end != nil)
    #expect(bench.log.all == [])
    #expect(bench.end() == [])
  }

  @Test func `a client that leaves in its upload leaves the upstream no whole request`() throws {
    let bench = try ProxyBench { _, _ in }
    let client = bench.connect(sending: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    bench.run()
    #expect(bench.received.hasSuffix("3\r\nabc\r\n") && bench.upstream[0].end == nil)
    client.transport?.close()
    bench.run(for: .milliseconds(10))
    #expect(bench.upstream[0].end != nil && !bench.received.hasSuffix("0\r\n\r\n"))
    #expect(bench.log.all == [])
    #expect(bench.end() == [])
  }
}

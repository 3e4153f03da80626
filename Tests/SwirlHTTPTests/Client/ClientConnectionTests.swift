import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite struct ClientConnectionTests {
    /// A response as bytes, and the expected result.
    struct Answer: Sendable, CustomTestStringConvertible {
      let testDescription: String
      var method = HTTPRequest.Method.get
      let bytes: String
      /// Whether the server closes after it.
      var closes = false
      let expected: String
      /// Whether the connection is reused, RFC 9112 §9.3.
      let isKept: Bool
    }

    static let answers = [
      Answer(
        testDescription: "Content-Length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        expected: "200 hello", isKept: true),
      Answer(
        testDescription: "empty", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", expected: "200 ", isKept: true),
      Answer(
        testDescription: "Connection: close",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", expected: "200 hello",
        isKept: false),
      Answer(
        testDescription: "HTTP/1.0", bytes: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", expected: "200 hello",
        isKept: false),
      Answer(
        testDescription: "HTTP/1.0 with keep-alive",
        bytes: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", expected: "200 hello",
        isKept: true),
      Answer(
        testDescription: "until the close", bytes: "HTTP/1.1 200 OK\r\n\r\nhello", closes: true, expected: "200 hello",
        isKept: false),
      Answer(
        testDescription: "HTTP/1.0 until the close", bytes: "HTTP/1.0 200 OK\r\n\r\nhello", closes: true,
        expected: "200 hello", isKept: false),
      Answer(
        testDescription: "nothing until the close", bytes: "HTTP/1.1 200 OK\r\n\r\n", closes: true, expected: "200 ",
        isKept: false),
      Answer(
        testDescription: "HEAD", method: .head, bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n",
        expected: "200 ", isKept: true),
      Answer(
        testDescription: "HEAD of a chunked body", method: .head,
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", expected: "200 ", isKept: true),
      Answer(
        testDescription: "HEAD without any framing", method: .head, bytes: "HTTP/1.1 200 OK\r\n\r\n", expected: "200 ",
        isKept: true),
      Answer(testDescription: "204", bytes: "HTTP/1.1 204 No Content\r\n\r\n", expected: "204 ", isKept: true),
      Answer(
        testDescription: "304", bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", expected: "304 ",
        isKept: true),
      Answer(
        testDescription: "1xx before the answer",
        bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
          + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        expected: "200 hello", isKept: true),
      Answer(
        testDescription: "1xx before the answer to HEAD", method: .head,
        bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", expected: "200 ",
        isKept: true),
      Answer(
        testDescription: "chunked",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        expected: "200 hello", isKept: true),
      Answer(
        testDescription: "chunked with trailers",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        expected: "200 hello", isKept: true),
      Answer(
        testDescription: "chunked and Connection: close",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        closes: true, expected: "200 hello", isKept: false),
      Answer(
        testDescription: "bytes behind the answer",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!", expected: "200 hello", isKept: false),
      Answer(
        testDescription: "half a head behind the answer",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nX: ", expected: "200 hello",
        isKept: false),
      Answer(
        testDescription: "a second answer behind the answer",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        expected: "200 hello", isKept: false),
      Answer(
        testDescription: "a second answer behind a chunked one",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
          + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", expected: "200 hello", isKept: false),
      Answer(
        testDescription: "a body behind the answer to HEAD", method: .head,
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", expected: "200 ", isKept: false),
      Answer(
        testDescription: "a body behind 204", bytes: "HTTP/1.1 204 No Content\r\n\r\nhello", expected: "204 ",
        isKept: false),
    ]

    enum Cut: CaseIterable {
      case whole
      case byteByByte
    }

    /// RFC 9112 §6.3 and §9.3. The next request is queued already, so that it gets the connection at once if allowed.
    @Test(arguments: answers, Cut.allCases)
    func `an answer ends where its framing says, and only a clean connection is used again`(
      _ answer: Answer, _ cut: Cut
    ) throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration) { request in
        guard request.target == "/1" else { return request.answer("next") }
        let finish = { (connection: RawConnection) in if answer.closes { connection.close() } }
        switch cut {
        case .whole:
          request.connection.send(answer.bytes)
          finish(request.connection)
        case .byteByByte: request.connection.drip(answer.bytes, then: finish)
        }
      }
      let first = bench.fetch("/1", method: answer.method)
      let next = bench.fetch("/2")
      bench.run()
      #expect("\(first)" == answer.expected)
      // Single bytes behind a response may arrive after the next request was sent: they cannot be distinguished from
      // its response then.
      if answer.isKept || answer.closes || cut == .whole {
        #expect("\(next)" == "200 next")
        #expect(bench.server.accepted == (answer.isKept ? 1 : 2))
      }
      bench.end()
    }

    @Test func `an answer may be cut at every point`() throws {
      let bytes = Array(
        ("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\nhel\r\n2;x\r\nlo\r\n0\r\nX: y\r\n\r\n").utf8)
      let bench = try ClientBench { request in
        let cut = Int(request.target.dropFirst())!
        request.connection.send(pieces: [Array(bytes[..<cut]), Array(bytes[cut...])])
      }
      for cut in 0...bytes.count {
        let outcome = bench.fetch("/\(cut)")
        bench.run()
        #expect("\(outcome)" == "200 hello", "cut at \(cut)")
      }
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test(arguments: ["x", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 408 Request Timeout\r\n\r\n"])
    func `bytes that come between requests end the connection and answer nothing`(_ bytes: String) throws {
      let bench = try ClientBench()
      bench.fetch("/1")
      bench.run()
      bench.server.connections[0].send(bytes)
      bench.run { bench.server.connections.isEmpty }
      let next = bench.fetch("/2", method: .post)
      bench.run()
      #expect("\(next)" == "200 hello")
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    /// The order of the reactor's events decides: here the connection's EOF comes in the turn in which the next request
    /// is made.
    @Test(arguments: [false, true])
    func `a kept connection is not used from the moment its end is seen`(_ sendsBytes: Bool) throws {
      let bench = try ClientBench()
      bench.fetch("/1")
      bench.run()
      if sendsBytes { bench.server.connections[0].send("x") } else { bench.server.connections[0].close() }
      var next: Outcome?
      // Any turn may be the one: query the pool in the same turn as the event.
      func look() {
        guard bench.client.counts.idle == 0 else { return bench.reactor.callSoon { look() } }
        #expect(bench.client.connections == 1, "it is closed in this turn, after this")
        next = bench.fetch("/2", method: .post)
      }
      bench.reactor.callSoon { look() }
      bench.run { next?.result != nil }
      #expect(next.map { "\($0)" } == "200 hello")
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    @Test(arguments: [100_000, 1 << 20, 1 << 20 + 1, 10 << 20])
    func `a large body arrives byte for byte, read directly`(_ count: Int) throws {
      let content = pattern(count)
      let bench = try ClientBench { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
        request.connection.send(content)
      }
      for _ in 0..<2 {
        let outcome = bench.fetch("/")
        bench.run()
        #expect(outcome.response.map { $0.body == content } == true)
      }
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test(arguments: [1000, 70_000])
    func `a large chunked body arrives byte for byte`(_ size: Int) throws {
      let content = pattern(10 << 20)
      let bench = try ClientBench { request in
        var bytes = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        for start in stride(from: 0, to: content.count, by: size) {
          let chunk = content[start..<min(start + size, content.count)]
          bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
        request.connection.send(bytes + Array("0\r\n\r\n".utf8))
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response.map { $0.body == content } == true)
      bench.end()
    }

    @Test func `bytes behind a body that is read directly are seen, and the connection is not used again`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let content = pattern(300_000)
      let bench = try ClientBench(configuration) { request in
        guard request.target == "/1" else { return request.answer("next") }
        request.connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n".utf8) + content)
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      }
      let first = bench.fetch("/1")
      let next = bench.fetch("/2")
      bench.run()
      #expect(first.response.map { $0.body == content } == true)
      #expect("\(next)" == "200 next")
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    // MARK: - Requests with content

    @Test func `content is sent as it is, with its length, RFC 9110 §8.6`() throws {
      let bench = try ClientBench { $0.answer("\($0.body.count)") }
      let content = pattern(5000)
      for (method, body, lengths) in [
        (.post, nil, ["0"]), (.put, nil, ["0"]), (.patch, nil, ["0"]), (.get, nil, []), (.delete, nil, []),
        (.head, nil, []), (.options, nil, []), (.post, [], ["0"]), (.get, [], ["0"]), (.post, [1], ["1"]),
        (.put, content, ["5000"]), (.delete, [1, 2], ["2"]),
      ] as [(HTTPRequest.Method, [UInt8]?, [String])] {
        let outcome = bench.fetch("/", method: method, body: body)
        bench.run()
        #expect(outcome.response?.status == 200)
        #expect(bench.server.requests.last?.values("content-length") == lengths)
        #expect(bench.server.requests.last?.body == body ?? [])
      }
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test func `five megabytes to a server that reads slowly wait here, and all arrive`() throws {
      let content = pattern(5_000_000)
      let bench = try ClientBench { $0.answer("thanks") }
      bench.server.onConnect = { connection in
        // Unowned: a pending timer must not retain its own reactor.
        func readALittle() {
          connection.transport.resumeReading()
          guard connection.isOpen, connection.received < content.count else { return }
          connection.transport.reactor.callLater(.milliseconds(1)) {
            connection.transport.pauseReading()
            connection.transport.reactor.callLater(.milliseconds(1)) { readALittle() }
          }
        }
        connection.transport.pauseReading()
        connection.transport.reactor.callLater(.milliseconds(20)) { readALittle() }
      }
      let outcome = bench.fetch("/", method: .post, body: content)
      let next = bench.fetch("/next")
      bench.run()
      #expect("\(outcome)" == "200 thanks")
      #expect("\(next)" == "200 thanks")
      #expect(bench.server.requests.contains { $0.body == content })
      bench.end()
    }

    /// RFC 9112 §9.5: the response counts; the rest of the content would precede the next request.
    @Test(arguments: ["", "Connection: close\r\n"])
    func `an answer that comes before the content was read is taken, and the connection not used again`(
      _ fields: String
    ) throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration)
      bench.server.onConnect = { connection in
        guard connection.number == 1 else { return }
        connection.transport.pauseReading()
        connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\(fields)\r\nno")
      }
      let outcome = bench.fetch("/", method: .post, body: pattern(20_000_000))
      let next = bench.fetch("/next")
      bench.run()
      #expect("\(outcome)" == "413 no")
      #expect("\(next)" == "200 hello")
      #expect(bench.server.accepted == 2)
      // A server that does not read does not see EOF.
      bench.server.connections.first?.reset()
      bench.end()
    }

    /// RFC 9112 §9.6.
    @Test func `after a request that says close no other is sent on the connection, whatever the server says`() throws {
      let bench = try ClientBench()
      for _ in 0..<2 {
        bench.fetch("/", headers: [.connection: "Close"])
        bench.run()
      }
      #expect(bench.server.accepted == 2)
      bench.fetch("/", headers: [.connection: "keep-alive"])
      bench.run()
      bench.fetch("/", headers: [.accept: "close"])
      bench.run()
      #expect(bench.server.accepted == 3)
      bench.end()

      var configuration = HTTPClient.Configuration()
      configuration.headers[.connection] = "x, close"
      let closing = try ClientBench(configuration)
      for _ in 0..<2 {
        closing.fetch("/")
        closing.run()
      }
      #expect(closing.server.accepted == 2)
      closing.end()
    }

    // MARK: - Connections that the server has closed

    /// Answers the first request of each connection, and closes it at the second, `attempts` times.
    static func staleBench(_ end: @escaping (RawConnection) -> Void) throws -> ClientBench {
      try ClientBench { request in
        if request.number == 1, request.connection.number != 2 { return request.answer("hello") }
        if request.target == "/again", request.connection.number == 2 { return request.answer("again") }
        end(request.connection)
      }
    }

    /// RFC 9110 §9.2.2: only idempotent requests are repeated.
    @Test(
      arguments: [
        (.get, true), (.head, true), (.put, true), (.delete, true), (.options, true), (.post, false), (.patch, false),
      ] as [(HTTPRequest.Method, Bool)], [false, true])
    func `on a kept connection that ends without an answer, idempotent requests are sent once more`(
      _ method: (HTTPRequest.Method, isRepeated: Bool), _ isReset: Bool
    ) throws {
      let bench = try Self.staleBench { isReset ? $0.reset() : $0.close() }
      bench.fetch("/")
      bench.run()
      let outcome = bench.fetch("/again", method: method.0, body: [1, 2, 3])
      bench.run()
      if method.isRepeated {
        #expect(outcome.response?.status == 200)
        #expect(bench.server.targets == ["/", "/again", "/again"])
        #expect(bench.server.requests.last?.body == [1, 2, 3])
      } else {
        #expect(outcome.httpError?.code == (isReset ? .connectionLost : .closedEarly))
        #expect(bench.server.targets == ["/", "/again"])
      }
      bench.end()
    }

    @Test func `a request is sent once more, never twice`() throws {
      let bench = try ClientBench { $0.target == "/" ? $0.answer("hello") : $0.connection.close() }
      bench.fetch("/")
      bench.run()
      let outcome = bench.fetch("/again")
      bench.run()
      #expect("\(outcome)" == "closedEarly")
      #expect(bench.server.targets == ["/", "/again", "/again"])
      bench.end()
    }

    @Test func `on a fresh connection nothing is sent twice`() throws {
      let bench = try ClientBench { $0.connection.close() }
      let outcome = bench.fetch("/")
      bench.run()
      #expect("\(outcome)" == "closedEarly")
      #expect(bench.server.targets == ["/"])
      bench.end()
    }

    @Test(arguments: [
      "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    ])
    func `nothing is sent again when bytes of the answer had come`(_ bytes: String) throws {
      let bench = try Self.staleBench { $0.close(after: bytes) }
      bench.fetch("/")
      bench.run()
      let outcome = bench.fetch("/x")
      bench.run()
      #expect("\(outcome)" == "closedEarly")
      #expect(bench.server.targets == ["/", "/x"])
      bench.end()
    }

    @Test func `a request that is sent once more goes before those that came later`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let bench = try ClientBench(configuration) { request in
        if request.number == 2, request.connection.number == 1 { return request.connection.close() }
        request.answer("hello")
      }
      bench.fetch("/0")
      bench.run()
      for index in 1...100 { bench.fetch("/\(index)") }
      bench.run()
      #expect(bench.server.targets == ["/0"] + (1...100).map { "/\($0 == 1 ? 1 : $0 - 1)" } + ["/100"])
      #expect(bench.log.count == 101)
      bench.end()
    }

    @Test func `a request that is sent once more has its old deadline, and can be cancelled`() throws {
      let bench = try Self.staleBench { connection in
        if connection.number == 1 { connection.close() }
      }
      bench.fetch("/")
      bench.run()
      let late = bench.fetch("/late", timeout: .milliseconds(40))
      bench.run()
      #expect("\(late)" == "timeout")
      #expect(bench.server.targets == ["/", "/late", "/late"])
      bench.end()

      var cancelled: Outcome?
      let cancelling = try Self.staleBench { connection in
        if connection.number == 1 { connection.close() } else { cancelled?.cancel() }
      }
      cancelling.fetch("/")
      cancelling.run()
      cancelled = cancelling.fetch("/x")
      cancelling.run()
      #expect(cancelled.map { "\($0)" } == "CancellationError()")
      cancelling.end()
    }
  }
}

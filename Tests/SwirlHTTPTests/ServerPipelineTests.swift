import Swirl
import Testing

@Suite struct HTTPServerPipelineTests {
  /// A server that collects requests, for the test to answer.
  final class Asked {
    var paths: [String] = []
    var waiting: [String: Deferred<HTTPServer.Response>] = [:]
    var cancelled: [String] = []

    func answer(_ path: String) { waiting[path]?.callback(.text(path)) }

    func server(depth: Int? = nil, _ configuration: HTTPServer.Configuration = .init()) -> HTTPServer {
      var configuration = configuration
      if let depth { configuration.pipelineDepth = depth }
      return HTTPServer(configuration: configuration) { [self] request in
        let path = request.path
        paths.append(path)
        let deferred = Deferred<HTTPServer.Response>(canceller: { _ in self.cancelled.append(path) })
        waiting[path] = deferred
        return deferred
      }
    }
  }

  @Test func answersGoOutInTheOrderOfTheRequests_RFC9112_9_3_2() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(depth: 3), on: Reactor())
    transport.send(get("/1") + get("/2") + get("/3"))
    #expect(asked.paths == ["/1", "/2", "/3"])
    asked.answer("/3")
    asked.answer("/2")
    #expect(transport.received.isEmpty)
    asked.answer("/1")
    let bodies = transport.text.withoutDate.split(separator: "\n").map(String.init).filter { $0.hasPrefix("/") }
    #expect(bodies.map { $0.prefix(2) } == ["/1", "/2", "/3"])
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1000])
  func howReadsCutTheRequestsChangesNothing(_ size: Int) {
    let bytes = Array(
      (get("/1") + "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        + "HEAD /3 HTTP/1.1\r\nHost: x\r\n\r\n"
        + "POST /4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        + get("/5", "Connection: close\r\n") + "GARBAGE").utf8)
    let server = HTTPServer { .text("\($0.path) \($0.text)\n") }
    let transport = ServerMemoryTransport(server, on: Reactor())
    for start in stride(from: 0, to: bytes.count, by: size) {
      transport.send(String(decoding: bytes[start..<min(start + size, bytes.count)], as: UTF8.self))
    }
    let lines = transport.text.withoutDate.split(separator: "\n").filter { $0.hasPrefix("/") }
    #expect(transport.text.statuses == [200, 200, 200, 200, 200])
    #expect(lines == ["/1 ", "/2 hello", "/4 abc", "/5 "])
  }

  @Test func whatIsReadyTogetherIsOneWrite() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(depth: 2), on: Reactor())
    transport.send(get("/1") + get("/2"))
    asked.answer("/2")
    asked.answer("/1")
    #expect(transport.writes == 1)
    let plain = ServerMemoryTransport(HTTPServer { _ in .text("x") }, on: Reactor())
    plain.send(String(repeating: get(), count: 100))
    #expect(plain.writes == 1)
    #expect(plain.text.statuses.count == 100)
  }

  @Test func noMoreHandlersAreCalledWhenEnoughRequestsWait() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(depth: 3), on: Reactor())
    transport.send((1...9).map { get("/\($0)") }.joined())
    #expect(asked.paths == ["/1", "/2", "/3"])
    asked.answer("/1")
    #expect(asked.paths == ["/1", "/2", "/3", "/4"])
    for path in 2...9 { asked.answer("/\(path)") }
    #expect(asked.paths.count == 9)
    #expect(transport.text.statuses.count == 9)
  }

  @Test func readingStopsWhenEnoughIsReadAhead() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(), on: Reactor())
    transport.send(String(repeating: get("/1"), count: 5000))
    #expect(transport.isReadingPaused)
    #expect(asked.paths.count == 1)
    for _ in 0..<5000 { asked.answer("/1") }
    #expect(asked.paths.count == 5000)
    #expect(transport.text.statuses.count == 5000)
    #expect(!transport.isReadingPaused)
  }

  @Test func handlersAreCalledOneAtATimeSoThatAnswersDoNotPileUp() {
    let asked = Asked()
    let size = 20_000_000
    let transport = ServerMemoryTransport(asked.server(), on: Reactor())
    transport.capacity = 0
    transport.send((1...16).map { get("/\($0)") }.joined())
    #expect(asked.paths == ["/1"])
    asked.waiting["/1"]?.callback(.bytes([UInt8](repeating: 65, count: size)))
    // The server waits for the client: it runs no further handler meanwhile.
    #expect(asked.paths == ["/1"])
    #expect(transport.mostBuffered < size + 1000)
    transport.drain()
    #expect(asked.paths == ["/1", "/2"])
  }

  @Test func answersThatWaitForTheirTurnCountAgainstTheBound() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(depth: 4), on: Reactor())
    transport.send((1...3).map { get("/\($0)") }.joined())
    #expect(asked.paths == ["/1", "/2", "/3"])
    asked.waiting["/2"]?.callback(.bytes([UInt8](repeating: 65, count: 100_000)))
    transport.send(get("/4") + get("/5"))
    #expect(asked.paths == ["/1", "/2", "/3"])
    asked.answer("/1")
    #expect(asked.paths == ["/1", "/2", "/3", "/4", "/5"])
  }

  @Test(arguments: [1, 2, 15, 16, 17, 1000], [1, 16])
  func aClientThatGoesIsNoticedWithAnyNumberUnderWay(count: Int, depth: Int) {
    let asked = Asked()
    let server = asked.server(depth: depth)
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send((1...count).map { get("/\($0)") }.joined())
    #expect(asked.paths.count == min(count, depth))
    #expect(!transport.isReadingPaused, "the end of the client's side would not be read")
    transport.sendEnd()
    #expect(asked.cancelled == asked.paths)
  }

  @Test func noMoreHandlersAreCalledWhenTheBodiesThatWaitAreLarge() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(depth: 16), on: Reactor())
    let body = String(repeating: "x", count: 40_000)
    for path in 1...4 {
      transport.send("POST /\(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n\(body)")
    }
    #expect(asked.paths == ["/1", "/2"])
    asked.answer("/1")
    #expect(asked.paths == ["/1", "/2", "/3"])
  }

  @Test func aClientThatDoesNotReadIsNotServedOn() {
    var served = 0
    let server = HTTPServer { _ in
      served += 1
      return .text(String(repeating: "x", count: 10_000))
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.capacity = 0
    transport.send(String(repeating: get(), count: 5000))
    // As many as one buffer holds.
    #expect(served < 10)
    #expect(transport.isReadingPaused)
    #expect(transport.mostBuffered < 100_000)
    while served < 5000, transport.bufferedBytes > 0 { transport.drain() }
    #expect(served == 5000)
    #expect(transport.mostBuffered < 100_000)
  }

  @Test func anErrorIsAnsweredAfterTheAnswersBeforeIt() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(), on: Reactor())
    transport.send(get("/1") + "GET / HTTP/9.9\r\n\r\n")
    #expect(transport.received.isEmpty)
    asked.answer("/1")
    #expect(transport.text.statuses == [200, 505])
  }

  @Test func aPlainHandlersAnswerWaitsForAStreamBeforeIt() {
    var writer: HTTPServer.BodyWriter?
    let server = HTTPServer { request in
      request.path == "/s" ? .stream(length: 3) { writer = $0 } : .text("after")
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/s") + get("/t"))
    #expect(transport.text.statuses == [200])
    writer?.write("abc")
    #expect(!transport.text.contains("after"))
    writer?.end()
    #expect(transport.text.statuses == [200, 200])
    #expect(transport.text.hasSuffix("after"))
  }

  @Test func aClientThatGoesCancelsWhatItWaitsFor() {
    let asked = Asked()
    let server = asked.server(depth: 2)
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/1") + get("/2"))
    transport.lose()
    #expect(asked.cancelled == ["/1", "/2"])
    #expect(server.connectionCount == 0)
  }

  @Test func theEndOfTheClientsSideCountsAsDisconnectedByDefault() {
    let asked = Asked()
    let transport = ServerMemoryTransport(asked.server(), on: Reactor())
    transport.send(get("/1"))
    transport.sendEnd()
    #expect(asked.cancelled == ["/1"])
    #expect(transport.isClosed)

    var configuration = HTTPServer.Configuration()
    configuration.answersHalfClosedClients = true
    let patient = Asked()
    let other = ServerMemoryTransport(patient.server(depth: nil, configuration), on: Reactor())
    other.send(get("/1"))
    other.sendEnd()
    #expect(!other.isClosed)
    patient.answer("/1")
    #expect(other.text.statuses == [200])
    #expect(other.isClosed)
  }

  @Test func whatComesAfterTheLastRequestIsDropped_RFC9112_9_6() {
    var paths: [String] = []
    let server = HTTPServer { request in
      paths.append(request.path)
      return .text("x")
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get("/1", "Connection: close\r\n") + get("/2"))
    #expect(paths == ["/1"])
    #expect(transport.text.statuses == [200])
  }
}

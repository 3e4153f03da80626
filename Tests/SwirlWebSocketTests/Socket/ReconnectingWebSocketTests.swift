import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// A server that can refuse, and what both ends have seen.
final class ReconnectingBench {
  let bench: WebSocketBench
  let client: HTTPClient
  /// The status of the answers; nil opens sockets.
  var refusal: Int? {
    get { box.refusal }
    set { box.refusal = newValue }
  }
  /// Each text that the server has received, in order.
  var received: [String] { box.received }
  var requests: Int { box.requests }
  /// The server's socket of the last connection.
  var peer: WebSocket? { box.peer }
  var reactor: Reactor { bench.reactor }

  final class Box {
    var refusal: Int?
    var retryAfter: String?
    var received: [String] = []
    var requests = 0
    var peer: WebSocket?
    var onOpen: (WebSocket) -> Void = { _ in }
    var tokens: [String] = []
  }
  let box: Box

  init(
    link: MemoryNetwork.Link = .init(latency: .milliseconds(1)),
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration()
  ) throws {
    let box = Box()
    self.box = box
    let server = HTTPServer { request -> HTTPServer.Response in
      box.requests += 1
      box.tokens.append(request["X-Token"] ?? "")
      if let refusal = box.refusal {
        var response = HTTPServer.Response.status(.init(code: refusal))
        if let field = box.retryAfter { response = response.with("Retry-After", field) }
        return response
      }
      var configuration = WebSocket.Configuration()
      configuration.pingInterval = nil
      return HTTPServer.Response.webSocket(configuration: configuration) { socket in
        box.peer = socket
        socket.onText { box.received.append($0) }
        box.onOpen(socket)
      }
    }
    bench = try WebSocketBench(server, link: link)
    client = HTTPClient(configuration, on: bench.reactor)
  }

  func open(_ configure: (inout ReconnectingWebSocket.Configuration) -> Void = { _ in }) -> ReconnectingWebSocket {
    var configuration = ReconnectingWebSocket.Configuration()
    configure(&configuration)
    return client.reconnectingWebSocket("ws://server.test/", configuration: configuration)
  }

  /// Both ends read errors from now on.
  func reset() { bench.network.reset("server.test") }

  func run(for time: Duration = .milliseconds(100)) { bench.run(for: time) }

  /// Starts a task on the reactor; gives its Deferred when the reactor has run.
  @discardableResult
  func begin(_ body: @escaping () async throws -> Void) -> () -> Deferred<Void> {
    var begun: Deferred<Void>?
    reactor.callSoon { begun = Deferred { try await body() } }
    return { begun! }
  }

  func end() {
    client.close()
    box.peer = nil
    bench.end()
  }
}

@Suite(.failsOnUnhandledFailures) struct ReconnectingWebSocketTests {
  @Test func `after a break it connects again, and tells what may be lost`() throws {
    let bench = try ReconnectingBench(link: .init(latency: .milliseconds(10)))
    let socket = bench.open()
    var outages: [ReconnectingWebSocket.Outage?] = []
    var texts: [String] = []
    socket.onConnect { connection, outage in
      outages.append(outage)
      connection.send("subscribe")
    }
    socket.onText { texts.append($0) }
    socket.send("early")
    bench.run(for: .seconds(5))
    #expect(bench.received == ["subscribe", "early"] && outages.count == 1 && outages[0] == nil)
    bench.peer?.send("one")
    bench.run()
    // Never reaches the server, and the pong that would confirm it never comes.
    socket.send("lost")
    socket.send([7])
    bench.reset()
    bench.run(for: .seconds(5))
    let outage = try #require(outages.last ?? nil)
    #expect(outage.inFlight == [.text("lost"), .binary([7])] && outage.unwritten == [] && outage.attempts == 1)
    #expect(outage.close.code == .abnormalClosure && outage.duration > .zero && outage.duration < .seconds(2))
    // Not sent again by itself.
    #expect(bench.received == ["subscribe", "early", "subscribe"])
    bench.peer?.send("two")
    bench.run()
    #expect(texts == ["one", "two"])
    var closes: [WebSocket.Close] = []
    socket.onClose { closes.append($0) }
    socket.close()
    bench.run(for: .seconds(1))
    #expect(closes.map(\.code) == [.normalClosure] && closes[0].isClean)
    bench.end()
  }

  @Test func `messages that a pong has confirmed are not in flight`() throws {
    let bench = try ReconnectingBench(link: .init(latency: .milliseconds(10)))
    let socket = bench.open()
    var last: ReconnectingWebSocket.Outage?
    socket.onConnect { _, outage in last = outage }
    for number in 1...20 {
      socket.send("\(number)")
      bench.run(for: .milliseconds(200))
    }
    bench.reset()
    bench.run(for: .seconds(5))
    // A pong a second, and a round trip of 20 ms.
    let numbers = last?.inFlight.compactMap(\.text).compactMap { Int($0) } ?? []
    #expect(numbers.last == 20 && numbers.count < 8 && numbers == Array((numbers.first ?? 0)...20))
    socket.close()
    bench.end()
  }

  @Test func `without traffic there is no ping for a confirmation`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open { $0.connection.pingInterval = nil }
    bench.run(for: .seconds(3))
    let segments = bench.bench.network.segments
    bench.run(for: .seconds(600))
    #expect(bench.bench.network.segments == segments)
    socket.send("one")
    bench.run(for: .seconds(5))
    let confirmed = bench.bench.network.segments
    bench.run(for: .seconds(600))
    #expect(confirmed > segments && bench.bench.network.segments == confirmed)
    socket.close()
    bench.end()
  }

  @Test func `what is in flight is bounded, and what does not fit is counted`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open { $0.connection.sendBufferSize = 100 }
    var last: ReconnectingWebSocket.Outage?
    socket.onConnect { _, outage in last = outage }
    bench.run()
    for number in 10..<60 { socket.send("message \(number)") }
    bench.reset()
    bench.run(for: .seconds(5))
    #expect(last?.inFlight == (50..<60).map { .text("message \($0)") } && last?.unlistedInFlight == 40)
    socket.close()
    bench.end()
  }

  @Test func `messages are queued without a connection, and sent in order behind those of onConnect`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    // Its Deferred is that of a message.
    socket.onConnect { connection, outage in
      connection.send("hello")
      socket.send("again")
    }
    bench.run()
    bench.refusal = 503
    bench.reset()
    bench.run(for: .seconds(60))
    var fired: [Int] = []
    for number in 1...3 { socket.send("\(number)").addCallback { fired.append(number) } }
    let cancelled = socket.send("cancelled")
    cancelled.addErrback { #expect($0 is CancelledError) }
    cancelled.cancel()
    #expect(fired == [] && socket.queuedBytes == 3 && bench.received == ["hello", "again"])
    bench.refusal = nil
    bench.run(for: .seconds(60))
    #expect(bench.received == ["hello", "again", "hello", "again", "1", "2", "3"])
    #expect(fired == [1, 2, 3] && socket.queuedBytes == 0)
    socket.close()
    bench.end()
  }

  @Test(arguments: [ReconnectingWebSocket.Resend.nothing, .unwritten, .all])
  func `what a break leaves is sent again as the configuration says`(resend: ReconnectingWebSocket.Resend) throws {
    let bench = try ReconnectingBench(link: .init(latency: .milliseconds(5), bufferSize: 10_000))
    let socket = bench.open { $0.resend = resend }
    var last: ReconnectingWebSocket.Outage?
    socket.onConnect { _, outage in last = outage }
    bench.run(for: .seconds(1))
    var results: [String] = []
    let long = String(repeating: "x", count: 500_000)
    for text in [long, "a", "b"] {
      socket.send(text).addCallback { results.append("passed on") }.addErrback { results.append("\($0)") }
    }
    #expect(socket.queuedBytes == 2)
    bench.reset()
    bench.run(for: .seconds(30))
    #expect(last?.inFlight.map(\.bytes.count) == [500_000] && last?.unwritten == [.text("a"), .text("b")])
    let expected: [ReconnectingWebSocket.Resend: [String]] = [
      .nothing: [], .unwritten: ["a", "b"], .all: [long, "a", "b"],
    ]
    #expect(bench.received == expected[resend])
    #expect(results.filter { $0.contains("was not sent") }.count == (resend == .nothing ? 2 : 0) && results.count == 3)
    socket.close()
    bench.end()
  }

  @Test func `the queue is bounded, with the policy of the configuration`() throws {
    for overflow in [WebSocket.Overflow.wait, .drop, .close] {
      let bench = try ReconnectingBench()
      bench.refusal = 503
      let socket = bench.open {
        $0.connection.sendBufferSize = 10
        $0.connection.overflow = overflow
      }
      var results: [String] = []
      for text in ["123456", "7890", "x"] {
        socket.send(text).addCallback { results.append("\(text) sent") }.addErrback { error in
          if case .bufferIsFull? = error as? WebSocket.SendError { results.append("\(text) full") }
          if case .isClosed? = error as? WebSocket.SendError { results.append("\(text) closed") }
        }
      }
      switch overflow {
      case .wait: #expect(results == ["x full"])
      case .drop: #expect(results == ["x sent"] && socket.droppedMessages == 1)
      case .close:
        #expect(results == ["123456 closed", "7890 closed", "x closed"])
        if case .closed(let close) = socket.state { #expect(close.code == .policyViolation) } else { Issue.record() }
      }
      bench.refusal = nil
      bench.run(for: .seconds(60))
      #expect(bench.received == (overflow == .close ? [] : ["123456", "7890"]))
      socket.close()
      bench.end()
    }
  }

  private struct Unexpected: Error { let state: ReconnectingWebSocket.State }

  // MARK: - Attempts

  @Test func `pauses grow up to their limit, are random, and the attempts are bounded`() throws {
    let bench = try ReconnectingBench()
    bench.refusal = 502
    let socket = bench.open {
      $0.backoff = Backoff(attempts: 8, firstDelay: .seconds(1), maximumDelay: .seconds(10))
    }
    var pauses: [Duration] = []
    socket.onStateChange { state in
      if case .waiting(let pause, let error) = state {
        pauses.append(pause)
        #expect((error as? HTTPStatusError)?.status == .badGateway)
      }
    }
    var close: WebSocket.Close?
    socket.onClose { close = $0 }
    bench.run(for: .seconds(100))
    #expect(bench.requests == 8 && pauses.count == 7 && Set(pauses).count == 7)
    for (pause, most) in zip(pauses, [1, 2, 4, 8, 10, 10, 10]) { #expect(pause <= .seconds(most)) }
    #expect((close?.error as? HTTPStatusError)?.status == .badGateway && close?.isClean == false)
    #expect(try failureResult(of: socket.send("late")) is WebSocket.SendError)
    bench.end()
  }

  @Test func `a connection that lasted resets the attempts, and one that broke at once does not`() throws {
    let bench = try ReconnectingBench()
    var lifetime = Duration.milliseconds(10)
    bench.box.onOpen = { peer in
      peer.reactor.callLater(lifetime) { [weak peer] in peer?.close(.internalError) }
    }
    let socket = bench.open()
    var attempts: [Int] = []
    socket.onStateChange { if case .connecting(let attempt) = $0 { attempts.append(attempt) } }
    bench.run(for: .seconds(400))
    #expect(attempts.count > 10 && attempts == Array(2...attempts.count + 1))
    lifetime = .seconds(15)
    bench.run(for: .seconds(100))
    #expect(attempts.last == 1)
    socket.close()
    bench.end()
  }

  @Test(arguments: [400, 401, 403, 404, 410, 426, 302, 200, 408, 429, 500, 503])
  func `a refusal that does not pass ends it`(status: Int) throws {
    let bench = try ReconnectingBench()
    bench.refusal = status
    let socket = bench.open()
    var close: WebSocket.Close?
    socket.onClose { close = $0 }
    bench.run(for: .seconds(300))
    let passes = [408, 429, 500, 503].contains(status)
    #expect((bench.requests > 3) == passes && (bench.requests == 1) != passes)
    #expect(passes ? close == nil : (close?.error as? HTTPStatusError)?.status.code == status)
    socket.close()
    bench.end()
  }

  @Test(arguments: [("120", 120), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("99999999999999999", 86400), ("soon", 0)])
  func `Retry-After is obeyed`(field: String, seconds: Int) throws {
    let bench = try ReconnectingBench()
    bench.refusal = 429
    bench.box.retryAfter = field
    let socket = bench.open()
    bench.run(for: .milliseconds(20))
    guard case .waiting(let pause, _) = socket.state else { throw Unexpected(state: socket.state) }
    #expect(pause >= .seconds(seconds) && pause <= .seconds(seconds + 1))
    bench.refusal = nil
    bench.run(for: .seconds(seconds) - .seconds(1))
    #expect(socket.isOpen == false || seconds == 0)
    bench.run(for: .seconds(3))
    #expect(socket.isOpen)
    socket.close()
    bench.end()
  }

  @Test func `a network that loses everything is noticed, and what was in flight may arrive all the same`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    var outages: [ReconnectingWebSocket.Outage] = []
    socket.onConnect { _, outage in outage.map { outages.append($0) } }
    socket.onMessage { _ in }
    bench.run()
    bench.bench.network.cut("server.test")
    socket.send("one")
    bench.run(for: .seconds(300))
    #expect(!socket.isOpen && bench.received == [])
    socket.send("two")
    bench.bench.network.mend("server.test")
    bench.run(for: .seconds(120))
    #expect(outages.map(\.inFlight) == [[.text("one")]] && outages[0].duration > .seconds(200))
    #expect("\(outages[0].close)".contains("has not answered a ping"))
    // "one" by the segments of the first connection.
    #expect(bench.received == ["one", "two"])
    socket.close()
    bench.end()
  }

  @Test func `a server that cannot be reached is tried until it can`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    bench.run()
    #expect(socket.isOpen)
    _ = bench.bench.server.stop()
    bench.run(for: .seconds(300))
    guard case .waiting(_, let error) = socket.state else { throw Unexpected(state: socket.state) }
    #expect((error as? HTTPError)?.code == .cannotConnect)
    let other = HTTPServer { _ in .webSocket { $0.send("back") } }
    try other.listen(80, interface: "server.test", on: bench.reactor)
    var texts: [String] = []
    socket.onText { texts.append($0) }
    bench.run(for: .seconds(60))
    #expect(texts == ["back"])
    socket.close()
    bench.run(for: .seconds(1))
    _ = other.stop()
    bench.end()
  }

  @Test func `each attempt has a request of its own`() throws {
    let bench = try ReconnectingBench()
    var number = 0
    let socket = bench.client.reconnectingWebSocket { [unowned reactor = bench.reactor] in
      number += 1
      let request = HTTPClient.Request("ws://server.test/", headers: ["X-Token": "\(number)"])
      return reactor.sleep(.seconds(1)).addCallback { request }
    }
    bench.run(for: .seconds(2))
    bench.reset()
    bench.run(for: .seconds(4))
    #expect(bench.box.tokens == ["1", "2"])
    socket.close()
    bench.end()
  }

  @Test func `a request that the program cannot make ends it`() throws {
    struct NoToken: Error {}
    let bench = try ReconnectingBench()
    let socket = bench.client.reconnectingWebSocket { throw NoToken() }
    var close: WebSocket.Close?
    socket.onClose { close = $0 }
    #expect(close?.error is NoToken)
    bench.end()
  }

  // MARK: - Ends

  @Test(arguments: [(1000, true), (1001, false), (1012, false), (4000, false), (4001, true)])
  func `a close of the peer with a final code ends it`(code: UInt16, ends: Bool) throws {
    let bench = try ReconnectingBench()
    let socket = bench.open { $0.finalCodes = [.normalClosure, 4001] }
    bench.run()
    var close: WebSocket.Close?
    socket.onClose { close = $0 }
    bench.peer?.close(.init(rawValue: code))
    bench.run(for: .seconds(30))
    #expect(ends ? close?.code.rawValue == code : close == nil)
    #expect(bench.requests == (ends ? 1 : 2) && socket.isOpen == !ends)
    socket.close()
    bench.end()
  }

  @Test func `closing ends it for good, at any time, and releases it`() throws {
    for milliseconds in 0...14 {
      for refusal in [nil, 503] {
        let bench = try ReconnectingBench()
        bench.refusal = refusal
        var closes = 0
        weak var released: ReconnectingWebSocket?
        do {
          let socket = bench.open()
          released = socket
          socket.onClose { _ in closes += 1 }
          socket.onMessage { message in socket.send(message) }
          socket.onConnect { connection, _ in connection.send("\(socket.queuedBytes)") }
          bench.run(for: .milliseconds(milliseconds))
          socket.close()
          socket.close()
        }
        bench.run(for: .seconds(300))
        #expect(closes == 1 && released == nil && bench.requests <= 1)
        bench.end()
      }
    }
  }

  @Test func `closing sends what is queued before`() throws {
    let bench = try ReconnectingBench(link: .init(latency: .milliseconds(5), bufferSize: 10_000))
    let socket = bench.open()
    bench.run(for: .seconds(1))
    for number in 0..<9 { socket.send("\(number)" + String(repeating: "x", count: 90_000)) }
    #expect(socket.queuedBytes > 90_000)
    socket.close()
    bench.run(for: .seconds(9))
    #expect(bench.received.map(\.first) == Array("012345678"))
    bench.end()
  }

  @Test func `a callback that throws ends it with 1011`() throws {
    struct Bad: Error {}
    for place in 0...2 {
      let bench = try ReconnectingBench()
      bench.box.onOpen = { $0.send("hello") }
      let socket = bench.open()
      var close: WebSocket.Close?
      socket.onClose { close = $0 }
      socket.onConnect { connection, _ in
        if place == 0 { throw Bad() }
      }
      if place == 1 { socket.onText { _ in throw Bad() } }
      if place == 2 { socket.onMessage { _ -> Deferred<Void> in .fail(Bad()) } }
      bench.run(for: .seconds(30))
      #expect(close?.code == .internalError && bench.requests == 1)
      bench.end()
    }
  }

  @Test func `the queue waits for the Deferred of onConnect`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    let login = Deferred<Void>()
    socket.onConnect { connection, _ -> Deferred<Void> in
      connection.send("login")
      return login
    }
    socket.send("one")
    bench.run(for: .seconds(5))
    socket.send("two")
    bench.run(for: .seconds(5))
    #expect(bench.received == ["login"])
    login.callback()
    bench.run()
    #expect(bench.received == ["login", "one", "two"])
    socket.close()
    bench.end()
  }

  @Test func `a stop of the reactor ends it`() throws {
    for milliseconds in [0, 2, 3, 50] {
      let bench = try ReconnectingBench()
      let socket = bench.open()
      var close: WebSocket.Close?
      socket.onClose { close = $0 }
      bench.reactor.callLater(.milliseconds(milliseconds)) { [unowned reactor = bench.reactor] in reactor.stop() }
      bench.reactor.run()
      #expect(close?.code == .goingAway)
      bench.end()
    }
  }

  // MARK: - Receiving

  @Test func `messages that nothing has taken at a break come before those of the next connection`() throws {
    let bench = try ReconnectingBench()
    var connection = 0
    bench.box.onOpen = { peer in
      connection += 1
      for number in 1...4 { peer.send("\(connection).\(number)") }
    }
    let socket = bench.open()
    var texts: [String] = []
    var waiting: Deferred<Void>?
    socket.onText { text -> Deferred<Void> in
      texts.append(text)
      let done = Deferred<Void>()
      waiting = done
      return done
    }
    bench.run()
    bench.reset()
    bench.run(for: .seconds(30))
    #expect(texts == ["1.1"] && socket.isOpen)
    for _ in 1...8 { waiting.take()?.callback() }
    #expect(texts == (1...2).flatMap { connection in (1...4).map { "\(connection).\($0)" } })
    socket.close()
    bench.end()
  }

  @Test func `a consumer that is paused stops the peer, and loses nothing`() throws {
    let bench = try ReconnectingBench(link: .init(latency: .milliseconds(1), bufferSize: 10_000))
    bench.box.onOpen = { peer in
      for number in 0..<100 { peer.send("\(number) " + String(repeating: "x", count: 9_000)).addErrback { _ in } }
    }
    let socket = bench.open()
    bench.run(for: .seconds(60))
    let waiting = bench.peer?.bufferedBytes ?? 0
    #expect(waiting > 400_000 && socket.isOpen)
    var numbers: [String] = []
    socket.onText { numbers.append(String($0.prefix { $0 != " " })) }
    bench.run(for: .seconds(60))
    #expect(numbers == (0..<100).map { "\($0)" })
    socket.close()
    bench.end()
  }

  @Test func `a loop goes over connections, and ends when it is closed`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    var texts: [String] = []
    var end = ""
    bench.begin {
      for try await message in socket {
        texts.append(message.text ?? "")
        try await socket.send("got \(texts.count)")
      }
      end = "ended"
    }
    bench.run()
    bench.peer?.send("one")
    bench.run(for: .seconds(3))
    bench.reset()
    bench.run(for: .seconds(3))
    bench.peer?.send("two")
    bench.run(for: .seconds(3))
    #expect(texts == ["one", "two"] && bench.received == ["got 1", "got 2"] && end == "")
    bench.peer?.close()
    bench.run(for: .seconds(3))
    #expect(end == "ended")
    bench.end()
  }

  @Test func `a loop throws what ended it`() throws {
    let bench = try ReconnectingBench()
    bench.refusal = 404
    let socket = bench.open()
    let loop = bench.begin {
      for try await _ in socket {}
    }
    bench.run()
    #expect(try "\(failureResult(of: loop()))".contains("404 Not Found"))
    bench.end()
  }

  @Test func `cancelling a loop or a send leaves the socket`() throws {
    let bench = try ReconnectingBench()
    let socket = bench.open()
    var ends: [String] = []
    let loop = bench.begin {
      for try await _ in socket {}
    }
    bench.refusal = 503
    let send = bench.begin { try await socket.send("never") }
    bench.run()
    loop().addErrback { ends.append("loop \($0 is CancelledError)") }
    send().addErrback { ends.append("send \($0 is CancelledError)") }
    #expect(socket.queuedBytes == 5)
    loop().cancel()
    send().cancel()
    bench.run()
    #expect(ends.sorted() == ["loop true", "send true"] && socket.queuedBytes == 0)
    bench.refusal = nil
    bench.run(for: .seconds(30))
    var texts: [String] = []
    socket.onText { texts.append($0) }
    bench.peer?.send("later")
    bench.run()
    #expect(texts == ["later"] && bench.received == [])
    socket.close()
    bench.end()
  }

  #if HTTP2
  @Test func `over HTTP 2 it is a stream of one connection after another`() throws {
    var configuration = HTTPClient.Configuration()
    configuration.http2 = .priorKnowledge
    let bench = try ReconnectingBench(configuration)
    let socket = bench.open()
    var outages = 0
    socket.onConnect { _, outage in if outage != nil { outages += 1 } }
    var texts: [String] = []
    socket.onText { texts.append($0) }
    for number in 1...3 {
      socket.send("\(number)")
      bench.run(for: .seconds(15))
      bench.peer?.send("answer \(number)")
      bench.run()
      bench.reset()
      bench.run(for: .seconds(15))
    }
    #expect(bench.received == ["1", "2", "3"] && texts == (1...3).map { "answer \($0)" } && outages == 3)
    socket.close()
    bench.end()
  }
  #endif

  // MARK: - Released reactors

  enum Phase: CaseIterable { case connecting, open, openOverHTTP2, waiting }

  @Test(arguments: Phase.allCases)
  func `a reactor that is released releases it`(phase: Phase) throws {
    weak var released: ReconnectingWebSocket?
    weak var connection: WebSocket?
    weak var reactor: Reactor?
    do {
      var configuration = HTTPClient.Configuration()
      #if HTTP2
      if phase == .openOverHTTP2 { configuration.http2 = .priorKnowledge }
      #endif
      configuration.timeout = .seconds(10)
      let bench = try ReconnectingBench(configuration)
      if phase == .waiting { bench.refusal = 503 }
      let socket = bench.open()
      released = socket
      reactor = bench.reactor
      socket.onMessage { message in socket.send(message) }
      socket.onConnect { _, _ in socket.send("hello") }
      bench.run(for: phase == .connecting ? .milliseconds(1) : .milliseconds(100))
      connection = socket.connection
      #expect((connection != nil) == (phase == .open || phase == .openOverHTTP2))
      #expect(bench.reactor.openHandles.contains { $0.kind == .reconnectingWebSocket })
      bench.box.peer = nil
    }
    #expect(reactor == nil && released == nil && connection == nil)
  }
}

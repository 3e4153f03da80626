import Swirl
import SwirlTesting
import Testing

/// A server of events and a client for them, on a network in memory and in virtual time.
private final class EventBench {
  let network = MemoryNetwork(seed: 92, link: .init(latency: .milliseconds(1)))
  let server: HTTPServer
  let client: HTTPClient
  var reactor: Reactor { network.reactor }
  /// Of each request: its `Last-Event-ID`, `-` without one.
  private(set) var requests: [String] = []
  /// The streams of the server that are open.
  var writers: [HTTPServer.EventWriter] = []
  private(set) var disconnects = 0

  init(_ version: HTTPVersion = .http11, _ answer: @escaping (EventBench, HTTPServer.Request) -> HTTPServer.Response)
    throws
  {
    weak var this: EventBench?
    server = HTTPServer { request in
      this!.requests.append(request["Last-Event-ID"] ?? "-")
      return answer(this!, request)
    }
    client = HTTPClient(EventBench.configuration(version), on: network.reactor)
    this = self
    try listen()
  }

  /// Those that the package is built with.
  static var versions: [HTTPVersion] {
    #if HTTP2
    return [.http11, .http2]
    #else
    return [.http11]
    #endif
  }

  static func configuration(_ version: HTTPVersion) -> HTTPClient.Configuration {
    #if HTTP2
    var configuration = HTTPClient.Configuration()
    if version == .http2 { configuration.http2 = .priorKnowledge }
    return configuration
    #else
    return HTTPClient.Configuration()
    #endif
  }

  func listen() throws { try server.listen(80, interface: "server.test", on: reactor) }

  /// Keeps each stream open.
  convenience init(_ version: HTTPVersion = .http11) throws { try self.init(version) { bench, _ in bench.open() } }

  func open() -> HTTPServer.Response {
    .events { [self] events in
      writers.append(events)
      events.onDisconnect = { [unowned self, unowned events] in
        disconnects += 1
        writers.removeAll { $0 === events }
      }
    }
  }

  func source(_ configure: (inout EventSource.Configuration) -> Void = { _ in }) -> EventSource {
    var configuration = EventSource.Configuration()
    configure(&configuration)
    return client.events("http://server.test/", configuration: configuration)
  }

  func run(for time: Duration = .milliseconds(100)) { reactor.run(for: time) }

  /// Nothing is left open.
  func end() {
    client.close()
    _ = server.stop()
    writers = []
    reactor.runUntilIdle()
    #expect(reactor.openHandles.map(\.kind).filter { $0 != .client } == [])
  }
}

@Suite(.failsOnUnhandledFailures) struct EventSourceTests {
  @Test(arguments: EventBench.versions) func `events come as they are sent`(_ version: HTTPVersion) throws {
    let bench = try EventBench(version)
    var events: [ServerSentEvent] = []
    var opened: [HTTPVersion] = []
    let source = bench.source().onOpen { opened.append($0.version) }
    bench.run()
    #expect(bench.requests == [])
    source.onEvent { events.append($0) }
    bench.run()
    #expect(source.isOpen && opened == [version] && bench.requests == ["-"])
    bench.writers[0].send("one")
    bench.writers.broadcast("two\nlines", type: "note", id: "2")
    bench.run()
    #expect(events == [ServerSentEvent("one"), ServerSentEvent("two\nlines", type: "note", id: "2")])
    #expect(source.lastEventID == "2")
    source.close()
    bench.run()
    #expect(source.isClosed && bench.disconnects == 1)
    bench.end()
  }

  @Test func `it reconnects behind the last event, after the server's pause`() throws {
    let bench = try EventBench()
    var data: [String] = []
    var delays: [Duration] = []
    let source = bench.source { $0.reconnectionTime = .seconds(100) }
    source.onInterruption { delays.append($0.delay) }.onEvent { data.append($0.data) }
    bench.run()
    bench.writers[0].send(ServerSentEvent("a", id: "é…", retry: .seconds(5)))
    bench.run()
    bench.writers[0].end()
    bench.writers = []
    bench.run(for: .seconds(4))
    #expect(bench.requests == ["-"] && !source.isOpen && delays.count == 1)
    bench.run(for: .seconds(7))
    #expect(bench.requests == ["-", "é…"] && source.isOpen)
    #expect(delays.allSatisfy { (.seconds(5) ... .seconds(10)).contains($0) })
    bench.writers[0].send("b")
    bench.run()
    #expect(data == ["a", "b"])
    source.close()
    bench.end()
  }

  @Test func `while attempts fail the pauses grow, and the last error ends it`() throws {
    let bench = try EventBench { _, _ in .text("down", status: .serviceUnavailable) }
    var interruptions: [EventSource.Interruption] = []
    var failure: (any Error)?
    let source = bench.source {
      $0.reconnectionTime = .seconds(1)
      $0.attempts = 4
    }
    source.closed().addErrback { failure = $0 }
    source.onInterruption { interruptions.append($0) }.onEvent { _ in }
    bench.run(for: .seconds(60))
    #expect(interruptions.map(\.failures) == [1, 2, 3] && bench.requests.count == 4)
    #expect((failure as? HTTPStatusError)?.status == .serviceUnavailable)
    for (interruption, longest) in zip(interruptions, [2, 3, 5]) { #expect(interruption.delay <= .seconds(longest)) }
    bench.end()
  }

  @Test func `Retry-After is obeyed`() throws {
    let bench = try EventBench { bench, _ in
      bench.requests.count == 1
        ? .text("later", status: .tooManyRequests, headers: [.retryAfter: "90"]) : bench.open()
    }
    let source = bench.source().onEvent { _ in }
    bench.run(for: .seconds(89))
    #expect(bench.requests.count == 1)
    bench.run(for: .seconds(2))
    #expect(source.isOpen)
    source.close()
    bench.end()
  }

  @Test func `a server that is gone and comes back`() throws {
    let bench = try EventBench()
    var errors: [String] = []
    let source = bench.source { $0.maximumDelay = .seconds(2) }
    source.onInterruption { errors.append($0.error.map { "\($0)" } ?? "ended") }.onEvent { _ in }
    bench.run()
    var stopped = false
    bench.server.stop().addCallback { stopped = true }
    bench.run()
    // A graceful stop ends the streams, and waits for nothing.
    #expect(stopped)
    #expect(bench.disconnects == 1)
    #expect(errors == ["ended"])
    bench.run(for: .seconds(10))
    #expect(errors.count > 2 && errors[1].contains("http://server.test/"))
    try bench.listen()
    bench.run(for: .seconds(5))
    #expect(source.isOpen)
    source.close()
    bench.end()
  }

  @Test func `a silent connection counts as dead, one with comments does not`() throws {
    let bench = try EventBench { _, request in
      .stream(headers: [.contentType: "text/event-stream; charset=utf-8"]) { writer in
        writer.write(":\n\n")
        // The writer is kept, and writes nothing.
        writer.onDisconnect = { _ = writer }
      }
    }
    let source = bench.source { $0.idleTimeout = .seconds(30) }.onEvent { _ in }
    bench.run(for: .seconds(29))
    #expect(bench.requests.count == 1)
    bench.run(for: .seconds(8))
    #expect(bench.requests.count == 2)
    source.close()
    bench.end()
    let lively = try EventBench()
    let other = lively.source { $0.idleTimeout = .seconds(30) }.onEvent { _ in }
    lively.run(for: .seconds(300))
    #expect(lively.requests.count == 1 && other.isOpen)
    other.close()
    lively.end()
  }

  // web-platform-tests: request-status-error, format-mime-bogus, format-mime-valid-bogus.
  @Test(
    arguments: [
      (410, "text/plain", "answered 410 Gone: content"),
      (200, "text/plain; charset=utf-8", "its Content-Type is \"text/plain; charset=utf-8\""),
      (200, nil, "its Content-Type is missing"), (200, "text/event-streams", "\"text/event-streams\""),
      (200, "TEXT/Event-Stream;x bogus", nil), (204, nil, ""),
    ] as [(Int, String?, String?)])
  func `what ends it, and what does not`(_ status: Int, _ type: String?, _ error: String?) throws {
    let bench = try EventBench { _, _ in
      var response = HTTPServer.Response.text("content", status: HTTPResponse.Status(code: status))
      response.headers[.contentType] = type
      return response
    }
    var end: String?
    let source = bench.source().onEvent { _ in Issue.record("an event") }
    source.closed().addCallbacks({ end = "" }, { end = "\($0)" })
    bench.run()
    if let error, !error.isEmpty {
      #expect(end?.contains(error) == true, "\(end ?? "")")
    } else {
      #expect(end == error)
    }
    #expect(bench.requests.count == 1)
    source.close()
    bench.end()
  }

  @Test func `a callback's Deferred makes the server wait`() throws {
    let bench = try EventBench()
    var taken: [String] = []
    var busy = Deferred<Void>()
    let source = bench.source()
    source.onEvent { event in
      taken.append(event.data)
      return busy
    }
    bench.run()
    let text = String(repeating: "x", count: 10_000)
    for number in 0..<100 { bench.writers[0].send("\(number)" + text) }
    bench.run(for: .seconds(1))
    #expect(taken.count == 1 && bench.writers.count == 1)
    for _ in 0..<100 {
      let fired = busy
      busy = Deferred()
      fired.callback()
      bench.run(for: .milliseconds(20))
    }
    #expect(taken.map { String($0.dropLast(10_000)) } == (0..<100).map { "\($0)" })
    source.close()
    bench.end()
  }

  @Test func `a client that does not read is disconnected at a mebibyte, and resumes`() throws {
    let bench = try EventBench()
    var ids: [String] = []
    let never = Deferred<Void>()
    var first = true
    let source = bench.source()
    source.onEvent { event -> Deferred<Void> in
      ids.append(event.id ?? "")
      defer { first = false }
      return first ? never : .succeed()
    }
    bench.run()
    let text = String(repeating: "x", count: 100_000)
    for number in 0..<40 {
      bench.writers.broadcast(text, id: "\(number)")
      bench.run(for: .milliseconds(1))
    }
    bench.run()
    #expect(ids == ["0"] && bench.disconnects == 1 && bench.writers.isEmpty)
    never.callback()
    bench.run(for: .seconds(10))
    #expect(bench.requests.count == 2 && bench.requests.last == ids.last)
    source.close()
    bench.end()
  }

  @Test func `thousands of events in one piece do not deepen the stack`() throws {
    let bench = try EventBench()
    var count = 0
    let source = bench.source().onEvent { _ -> Deferred<Void> in
      count += 1
      return .succeed()
    }
    bench.run()
    for _ in 0..<20_000 { bench.writers[0].send("") }
    bench.run(for: .seconds(2))
    #expect(count == 20_000)
    source.close()
    bench.end()
  }

  @Test func `closing in each callback`() throws {
    for place in ["open", "event", "interruption"] {
      let bench = try EventBench()
      var calls: [String] = []
      var closed = false
      let source = bench.source()
      func called(_ name: String) {
        calls.append(name)
        if name == place { source.close() }
      }
      source.closed().addCallback { closed = true }
      source.onOpen { _ in called("open") }.onInterruption { _ in called("interruption") }
        .onEvent { _ in called("event") }
      bench.run()
      bench.writers.broadcast("1\n")
      bench.writers.broadcast("2")
      bench.run()
      for writer in bench.writers { writer.end() }
      bench.run(for: .seconds(100))
      #expect(calls.last == place && closed && bench.requests.count == 1)
      if place == "event" { #expect(calls == ["open", "event"]) }
      bench.end()
    }
  }

  @Test func `an error of the callback ends it`() throws {
    struct Mine: Error {}
    let bench = try EventBench()
    var failure: (any Error)?
    let source = bench.source().onEvent { _ in throw Mine() }
    source.closed().addErrback { failure = $0 }
    bench.run()
    bench.writers[0].send("x")
    bench.run()
    #expect(failure is Mine && bench.disconnects == 1)
    bench.end()
  }

  @Test func `an event above the limit ends it, after those before`() throws {
    let bench = try EventBench()
    var failure: (any Error)?
    var data: [String] = []
    let source = bench.source { $0.maximumEventSize = 1000 }.onEvent { data.append($0.data) }
    source.closed().addErrback { failure = $0 }
    bench.run()
    bench.writers[0].send("small")
    bench.writers[0].send(String(repeating: "x", count: 1001))
    bench.run()
    #expect((failure as? HTTPError)?.code == .bodyTooLarge && data == ["small"])
    bench.end()
  }

  @Test func `a source without a callback is closed by releasing it; with one it lives`() throws {
    let bench = try EventBench()
    weak var released: EventSource?
    do {
      let source = bench.source()
      released = source
      let next = source.next()
      bench.run()
      #expect(source.isOpen && released != nil)
      next.cancel()
      next.addErrback { #expect($0 is CancelledError) }
    }
    bench.run()
    #expect(released == nil && bench.disconnects == 1)
    do { released = bench.source().onEvent { _ in } }
    bench.run()
    #expect(released?.isOpen == true)
    released?.close()
    bench.run()
    #expect(released == nil && bench.disconnects == 2)
    bench.end()
  }

  // MARK: - The ends

  enum Phase: CaseIterable { case connecting, open, openOverHTTP2, openUnderInterceptor, waiting }

  @Test(arguments: Phase.allCases)
  func `a reactor that is released releases it, and calls nothing`(phase: Phase) throws {
    weak var released: EventSource?
    weak var reactor: Reactor?
    do {
      let bench = try EventBench(phase == .openOverHTTP2 ? .http2 : .http11) { bench, _ in
        phase == .waiting ? .status(.serviceUnavailable) : bench.open()
      }
      // Its line in the log has the time on the reactor's clock.
      if phase == .openUnderInterceptor { bench.client.intercept(.log(to: LogLines().logger())) }
      let source = bench.source()
      (released, reactor) = (source, bench.reactor)
      source.closed().addBoth { _ in Issue.record("a call after the reactor's release") }
      bench.source().onEvent { _ in }
      // A callback that retains its source.
      source.onEvent { _ in source.close() }
      bench.run(for: phase == .connecting ? .milliseconds(1) : .milliseconds(100))
      #expect(source.isOpen == (phase != .connecting && phase != .waiting))
      bench.writers = []
    }
    #expect(reactor == nil && released == nil)
  }

  @Test func `a loop resumes when its reactor is released`() throws {
    var error: (any Error)?
    // The task of the loop has it.
    var source: EventSource?
    do {
      let bench = try EventBench()
      source = bench.source()
      source?.next().addErrback { error = $0 }
      bench.run()
      #expect(source?.isOpen == true)
      bench.writers = []
    }
    #expect(error is ReactorReleasedError && source?.isClosed == true)
  }

  @Test func `closing it when it opens ends the connection, though the server is silent`() throws {
    let bench = try EventBench { _, _ in
      .stream(headers: [.contentType: "text/event-stream"]) { writer in
        // The writer is kept, and writes nothing.
        writer.onDisconnect = { _ = writer }
      }
    }
    let source = bench.source()
    source.onOpen { [unowned source] _ in source.close() }.onEvent { _ in }
    bench.run()
    #expect(source.isClosed && bench.client.counts.busy == 0)
    bench.end()
  }

  @Test func `releasing it fires closed()`() throws {
    let bench = try EventBench()
    var isEnded = false
    do {
      let source = bench.source()
      source.closed().addCallback { isEnded = true }
      let next = source.next()
      bench.run()
      next.cancel()
      next.addErrback { _ in }
    }
    #expect(isEnded)
    bench.end()
  }

  @Test func `the content of a refusal decides nothing`() throws {
    let bench = try EventBench { bench, _ in
      bench.requests.count == 1
        ? .text(String(repeating: "x", count: 200_000), status: .serviceUnavailable, headers: [.retryAfter: "1"])
        : bench.open()
    }
    let source = bench.source().onEvent { _ in }
    bench.run(for: .seconds(10))
    #expect(source.isOpen && bench.requests.count == 2)
    source.close()
    bench.end()
  }

  @Test func `a server that asks for no pause and fails is left alone, too`() throws {
    let bench = try EventBench()
    var failures = 0
    let source = bench.source { $0.maximumDelay = .seconds(2) }
    source.onInterruption { failures = $0.failures }.onEvent { _ in }
    bench.run()
    bench.writers[0].send(ServerSentEvent("", retry: .zero))
    bench.run()
    bench.server.stop()
    bench.run(for: .seconds(100))
    #expect((20...1000).contains(failures))
    source.close()
    bench.end()
  }

  @Test func `the deadline of its request ends it`() throws {
    let bench = try EventBench()
    var request = HTTPClient.Request("http://server.test/")
    request.deadline = bench.reactor.now + .seconds(10)
    var failure: (any Error)?
    let source = bench.client.events(request).onEvent { _ in }
    source.closed().addErrback { failure = $0 }
    bench.run(for: .seconds(9))
    #expect(source.isOpen)
    bench.run(for: .seconds(100))
    #expect((failure as? HTTPError)?.code == .timeout && bench.requests.count == 1)
    bench.end()
  }

  @Test func `a body that can be sent once is sent once`() throws {
    let bench = try EventBench { _, _ in
      .events { events in
        events.send("answer")
      }
    }
    var data: [String] = []
    let (pieces, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    continuation.yield(Array("question".utf8))
    continuation.finish()
    let source = bench.client.events(
      HTTPClient.Request("http://server.test/", method: .post, body: .stream(pieces)))
    source.onEvent { data.append($0.data) }
    bench.run(for: .seconds(60))
    #expect(source.isClosed && data == ["answer"] && bench.requests.count == 1)
    bench.end()
  }

  @Test func `setting the callback in the callback keeps the order, and one event at a time`() throws {
    let bench = try EventBench { _, _ in
      .stream(headers: [.contentType: "text/event-stream"]) { writer in
        writer.write("data: 1\n\ndata: 2\n\ndata: 3\n\n")
        writer.onDisconnect = { _ = writer }
      }
    }
    var calls: [String] = []
    let busy = Deferred<Void>()
    let source = bench.source()
    source.onEvent { event in
      calls.append("first \(event.data)")
      source.onEvent { calls.append("second \($0.data)") }
      calls.append("set")
      return busy
    }
    bench.run()
    #expect(calls == ["first 1", "set"])
    busy.callback()
    #expect(calls == ["first 1", "set", "second 2", "second 3"])
    source.close()
    bench.end()
  }

  // MARK: - The server

  @Test(arguments: EventBench.versions, [false, true])
  func `an error of the handler is logged, and breaks the connection`(_ version: HTTPVersion, isAwaited: Bool) throws {
    struct Mine: Error {}
    let bench = try EventBench(version) { _, _ in
      if isAwaited {
        return .events { events async throws in
          _ = events
          throw Mine()
        }
      }
      return .events { _ in throw Mine() }
    }
    let lines = LogLines()
    bench.server.logger = lines.logger()
    var errors: [(any Error)?] = []
    let source = bench.source()
    source.onInterruption { errors.append($0.error) }.onEvent { _ in }
    bench.run()
    #expect(lines.all.contains { $0.contains("the body's writer failed: Mine()") })
    #expect(errors.count == 1 && errors[0] != nil)
    source.close()
    bench.end()
  }

  @Test func `an error of the handler is the failure of a collected stream`() {
    struct Mine: Error {}
    var failure: (any Error)?
    HTTPServer.Response.events(keepAlive: nil) { _ in throw Mine() }.collect()
      .addErrback { failure = $0 }
    #expect(failure.map { "\($0)".contains("Mine()") } == true)
  }

  @Test(arguments: EventBench.versions)
  func `a stream that begins while the server stops is ended`(_ version: HTTPVersion) throws {
    let network = MemoryNetwork(seed: 93)
    let ready = Deferred<Void>()
    var kept: HTTPServer.EventWriter?
    var disconnects = 0
    let server = HTTPServer { _ in
      ready.addCallback { _ -> HTTPServer.Response in
        .events { events in
          kept = events
          events.onDisconnect = { disconnects += 1 }
        }
      }
    }
    try server.listen(80, interface: "server.test", on: network.reactor)
    let client = HTTPClient(EventBench.configuration(version), on: network.reactor)
    let source = client.events("http://server.test/").onEvent { _ in }
    network.reactor.run(for: .milliseconds(100))
    var isStopped = false
    server.stop(within: .seconds(600)).addCallback { isStopped = true }
    ready.callback()
    network.reactor.run(for: .seconds(30))
    #expect(isStopped && disconnects == 1 && kept?.isOpen == false)
    source.close()
    client.close()
  }

  @Test(arguments: EventBench.versions)
  func `a client that reads gets an event of any size`(_ version: HTTPVersion) throws {
    let bench = try EventBench(version)
    var sizes: [Int] = []
    let source = bench.source { $0.maximumEventSize = 1 << 24 }.onEvent { sizes.append($0.data.utf8.count) }
    bench.run()
    bench.writers[0].send(String(repeating: "x", count: 3 << 20))
    bench.run(for: .seconds(10))
    #expect(sizes == [3 << 20] && bench.requests.count == 1)
    source.close()
    bench.end()
  }

  @Test func `a client that reads as fast as events come is not disconnected`() throws {
    let bench = try EventBench()
    bench.network.link.bytesPerSecond = 1_000_000
    var count = 0
    let source = bench.source().onEvent { _ in count += 1 }
    bench.run()
    // The send buffer is full all the time, at a tenth of the bound.
    let text = String(repeating: "x", count: 10_000)
    for _ in 0..<20 { bench.writers.broadcast(text) }
    for _ in 0..<500 {
      bench.writers.broadcast(text)
      bench.run(for: .milliseconds(10))
    }
    bench.run(for: .seconds(5))
    #expect(count == 520 && bench.disconnects == 0)
    source.close()
    bench.end()
  }

  @Test func `a loop over events, on real sockets`() async throws {
    let thread = ReactorThread()
    defer { thread.stop() }
    let data = try await thread.run(.reactor) { () -> [String] in
      let server = HTTPServer { request in
        .events { events in
          for number in 1...3 { try await events.send("\(number)", id: "\(number)") }
          if request["Last-Event-ID"] == "3" { try await events.send("again") }
        }
      }
      let port = try server.listen(0).localAddress.port
      var configuration = EventSource.Configuration()
      configuration.reconnectionTime = .zero
      var data: [String] = []
      for try await event in events("http://127.0.0.1:\(port)/", configuration: configuration) {
        data.append(event.data)
        if event.data == "again" { break }
      }
      try await server.stop().value
      return data
    }
    #expect(data == ["1", "2", "3", "1", "2", "3", "again"])
  }
}

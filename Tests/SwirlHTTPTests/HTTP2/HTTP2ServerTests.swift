#if HTTP2
import HTTPTypes
import Swirl
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct HTTP2ServerTests {
  @Test func `a request is answered, and its handler sees the version`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { .text("\($0.version) \($0.authority ?? "-") \($0.target)") })
    let call = bench.connect().request("GET /a?b HTTP/1.1")
    bench.run { call.closed != nil }
    #expect(call.text == "HTTP/2 swirl.example /a?b")
    #expect(call.closed == .noError)
    #expect(call.head?.contains("content-length: 25") == true)
    #expect(call.head?.contains("connection") == false)
  }

  @Test func `content is collected, with its trailers`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { .text("\($0.text) \($0.trailers?[.init("X-T")!] ?? "-")") })
    let call = bench.connect().request("POST / HTTP/1.1", "con", isComplete: false)
    call.write("tent")
    call.end(trailers: [.init("X-T")!: "1"])
    bench.run { call.closed != nil }
    #expect(call.text == "content 1")
  }

  @Test func `responses do not wait for one another`() throws {
    var first: Deferred<HTTPServer.Response>?
    let bench = try HTTP2ServerBench(
      HTTPServer { request -> Deferred<HTTPServer.Response> in
        if request.path == "/slow" {
          let waits = Deferred<HTTPServer.Response>()
          first = waits
          return waits
        }
        return .succeed(.text("quick"))
      })
    let client = bench.connect()
    let slow = client.request("GET /slow HTTP/1.1")
    let quick = client.request("GET /quick HTTP/1.1")
    bench.run { quick.closed != nil }
    #expect(slow.head == nil)
    first?.callback(.text("slow"))
    bench.run { slow.closed != nil }
    #expect(slow.text == "slow")
  }

  @Test func `a reset cancels the handler of its stream alone`() throws {
    var cancelled: [String] = []
    let bench = try HTTP2ServerBench(
      HTTPServer { request in Deferred<HTTPServer.Response>(canceller: { _ in cancelled.append(request.path) }) })
    let client = bench.connect()
    let one = client.request("GET /1 HTTP/1.1")
    client.request("GET /2 HTTP/1.1")
    bench.run(for: .milliseconds(1))
    one.reset()
    bench.run(for: .milliseconds(1))
    #expect(cancelled == ["/1"])
    client.transport?.abort()
    bench.run(for: .milliseconds(1))
    #expect(cancelled == ["/1", "/2"])
    #expect(bench.server.connectionCount == 0)
  }

  @Test func `a streamed response keeps to the window of its stream`() throws {
    var writer: HTTPServer.BodyWriter?
    let bench = try HTTP2ServerBench(HTTPServer { _ in .stream { writer = $0 } })
    let client = bench.connect(window: 1000)
    let call = client.request("GET / HTTP/1.1")
    bench.run { writer != nil }
    #expect(writer?.write([UInt8](repeating: 1, count: 100_000)) == false)
    var hasRoom = false
    writer?.onDrain = { hasRoom = true }
    bench.run(for: .milliseconds(5))
    #expect(call.content.count == 1000)
    #expect(!hasRoom)
    // The window follows what the client takes.
    for _ in 0..<200 where !hasRoom {
      client.session.consume(1000, of: call.id)
      client.flush()
      bench.run(for: .milliseconds(1))
    }
    #expect(hasRoom)
    client.consumes = true
    call.consume()
    writer?.end(trailers: [.init("X-T")!: "1"])
    bench.run { call.closed != nil }
    #expect(call.content.count == 100_000)
    #expect(call.trailers == "x-t: 1")
  }

  @Test func `a body of another length than promised resets its stream alone`() throws {
    var writer: HTTPServer.BodyWriter?
    let server = HTTPServer { $0.path == "/" ? .stream(length: 5) { writer = $0 } : .text("other") }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    let call = client.request("GET / HTTP/1.1")
    bench.run { writer != nil }
    writer?.write("abc")
    writer?.end()
    bench.run { call.closed != nil }
    #expect(call.closed == .internalError)
    let other = client.request("GET /other HTTP/1.1")
    bench.run { other.closed != nil }
    #expect(other.text == "other")
  }

  @Test func `streamed content waits in the client while its handler has enough`() throws {
    var body: ReactorStream<[UInt8]>?
    let bench = try HTTP2ServerBench(
      HTTPServer.streaming { request in
        body = request.body
        return Deferred()
      })
    let client = bench.connect()
    let call = client.request("POST / HTTP/1.1", isComplete: false)
    bench.run { body != nil }
    let piece = String(repeating: "x", count: 16 * 1024)
    for _ in 0..<64 { call.write(piece) }
    bench.run(for: .milliseconds(5))
    // The stream's window, and what the buffer took until it was full.
    let unsent = client.session.pendingBytes(of: call.id)
    #expect(unsent > 512 * 1024)
    body = nil
    bench.run { client.session.pendingBytes(of: call.id) == 0 }
  }

  @Test func `content that is too large is answered with 413, and the stream ends without an error`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.limits.bodyBytes = 10
    let bench = try HTTP2ServerBench(HTTPServer(configuration: configuration) { _ in .text("taken") })
    let client = bench.connect()
    let announced = client.request("POST / HTTP/1.1\nContent-Length: 11", isComplete: false)
    let counted = client.request("POST / HTTP/1.1", "more than ten", isComplete: false)
    bench.run { announced.closed != nil && counted.closed != nil }
    #expect([announced.status, counted.status] == [413, 413])
    #expect(counted.text.contains("larger than 10 bytes"))
    // RFC 9113 §8.1: after the whole response.
    #expect([announced.closed, counted.closed] == [.noError, .noError])
  }

  @Test func `a client that waits is told to continue`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { .text($0.text) })
    let call = bench.connect().request("POST / HTTP/1.1\nExpect: 100-continue", isComplete: false)
    bench.run { !call.informational.isEmpty }
    #expect(call.informational == ["HTTP/2.0 100 "])
    call.write("now")
    call.end()
    bench.run { call.closed != nil }
    #expect(call.text == "now")
  }

  @Test func `stop says GOAWAY twice, answers what is in progress, and then closes`() throws {
    var waiting: Deferred<HTTPServer.Response>?
    let bench = try HTTP2ServerBench(
      HTTPServer { _ -> Deferred<HTTPServer.Response> in
        let response = Deferred<HTTPServer.Response>()
        waiting = response
        return response
      })
    let client = bench.connect()
    let call = client.request("GET / HTTP/1.1")
    bench.run { waiting != nil }
    var isStopped = false
    bench.server.stop(within: .seconds(5)).addCallback { isStopped = true }
    bench.run { client.goAways.count == 2 }
    #expect(client.goAways.map(\.lastStream) == [Int32.max, call.id])
    #expect(client.goAways.map(\.code) == [.noError, .noError])
    #expect(!isStopped)
    waiting?.callback(.text("last"))
    bench.run { isStopped }
    #expect(call.text == "last")
    #expect(bench.server.connectionCount == 0)
  }

  @Test func `stop waits a second for a client that does not see the end coming`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { _ in .text("") })
    let client = bench.connect()
    client.transport?.pauseReading()
    var isStopped = false
    bench.server.stop(within: .seconds(60)).addCallback { isStopped = true }
    let start = bench.reactor.now
    bench.run { isStopped }
    #expect(bench.reactor.now - start < .seconds(5))
  }

  @Test func `a request behind the first GOAWAY does not put off the second`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { _ in .text("") })
    let client = bench.connect()
    client.transport?.pauseReading()
    var isStopped = false
    bench.server.stop(within: .seconds(60)).addCallback { isStopped = true }
    let start = bench.reactor.now
    client.request("GET / HTTP/1.1")
    bench.run { isStopped }
    #expect(bench.reactor.now - start < .seconds(5))
  }

  @Test func `an idle connection ends with GOAWAY`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.idleTimeout = .seconds(10)
    let bench = try HTTP2ServerBench(HTTPServer(configuration: configuration) { _ in .text("") })
    let client = bench.connect()
    let call = client.request("GET / HTTP/1.1")
    bench.run { call.closed != nil }
    bench.run(for: .seconds(9))
    #expect(client.end == nil)
    bench.run { client.end != nil }
    #expect(client.goAways.map(\.code) == [.noError])
    #expect(bench.server.connectionCount == 0)
  }

  @Test func `a handler that is late is answered for`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = .seconds(1)
    var isCancelled = false
    let server = HTTPServer(configuration: configuration) { _ in
      Deferred<HTTPServer.Response>(canceller: { _ in isCancelled = true })
    }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let call = bench.connect().request("GET / HTTP/1.1")
    bench.run { call.closed != nil }
    #expect(call.status == 503)
    #expect(isCancelled)
  }

  @Test func `content that trickles is answered with 408`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.bodyTimeout = .seconds(1)
    let bench = try HTTP2ServerBench(HTTPServer(configuration: configuration) { _ in .text("") })
    let call = bench.connect().request("POST / HTTP/1.1", "x", isComplete: false)
    bench.run { call.closed != nil }
    #expect(call.status == 408)
  }

  @Test func `a stream whose client opens no window is reset, and others go on`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.writeTimeout = .seconds(1)
    let bench = try HTTP2ServerBench(
      HTTPServer(configuration: configuration) {
        .bytes([UInt8](repeating: 1, count: $0.path == "/big" ? 100_000 : 10))
      })
    let client = bench.connect(window: 1000)
    let stuck = client.request("GET /big HTTP/1.1")
    bench.run { stuck.content.count == 1000 }
    let other = client.request("GET /small HTTP/1.1")
    bench.run { other.closed != nil }
    bench.run { stuck.closed != nil }
    #expect(stuck.closed == .cancel)
    #expect(client.end == nil)
  }

  @Test(arguments: [200, 403])
  func `a streamed answer of success that begins before the content is read comes behind a 100`(status: Int) throws {
    // A handler that has released the content does not need it.
    var kept: HTTPServer.StreamedRequest?
    let bench = try HTTP2ServerBench(
      HTTPServer.streaming { request in
        kept = request
        return .succeed(.stream(status: .init(code: status)) { $0.end() })
      })
    defer { withExtendedLifetime(kept) { kept = nil } }
    let call = bench.connect().request(
      "POST / HTTP/1.1\nExpect: 100-continue\nContent-Length: 3", isComplete: false)
    bench.run { call.head != nil }
    #expect(call.informational.count == (status == 200 ? 1 : 0) && call.status == status)
  }

  @Test func `PINGs do not keep streams whose client takes nothing of the connection`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.writeTimeout = .seconds(1)
    let bench = try HTTP2ServerBench(
      HTTPServer(configuration: configuration) { _ in .bytes([UInt8](repeating: 1, count: 100_000)) })
    var settings = HTTP2Settings()
    settings.connectionWindow = 65_535
    let client = bench.connect(settings)
    client.consumesConnection = false
    // The windows of the streams are open, that of the connection is not.
    let calls = (0..<3).map { client.request("GET /\($0) HTTP/1.1") }
    func ping(_ number: UInt64) {
      client.session.ping(number)
      client.flush()
      if number < 200 { bench.reactor.callLater(.milliseconds(50)) { ping(number + 1) } }
    }
    ping(1)
    bench.run(for: .seconds(8))
    #expect(calls.contains { $0.closed == .cancel })
  }

  @Test func `content that a handler has abandoned has no window beyond the bound`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.lingerBytes = 200_000
    let bench = try HTTP2ServerBench(
      HTTPServer.streaming(configuration: configuration) { request -> Deferred<HTTPServer.Response> in Deferred() })
    let client = bench.connect()
    let content = String(repeating: "x", count: 5_000_000)
    let call = client.request("POST / HTTP/1.1", content, isComplete: false)
    bench.run(for: .seconds(1))
    let taken = 5_000_000 - client.session.pendingBytes(of: call.id)
    #expect(taken > 100_000 && taken < 3_000_000)
  }

  @Test func `the access log has each response`() throws {
    var records: [HTTPServer.AccessRecord] = []
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      request.path == "/waits" ? Deferred() : .succeed(.text("hello"))
    }
    server.onFinish = { records.append($0) }
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    client.request("GET /a HTTP/1.1")
    let waits = client.request("GET /waits HTTP/1.1")
    bench.run { records.count == 1 }
    waits.reset()
    bench.run { records.count == 2 }
    #expect(records.map(\.requestLine) == ["GET /a HTTP/2", "GET /waits HTTP/2"])
    #expect(records.map { "\($0.status.code) \($0.bodyBytes) \($0.isComplete)" } == ["200 5 true", "499 0 false"])
  }

  @Test func `bytes that begin like the preface are a request of HTTP/1`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { .text("\($0.method) \($0.version)") })
    let client = RawCaller()
    bench.reactor.connectTCP("127.0.0.1", bench.port) { client }.addErrback { Issue.record($0) }
    bench.run { client.transport != nil }
    client.transport?.write("PR")
    bench.run(for: .milliseconds(1))
    client.transport?.write("OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")
    bench.run { client.text.hasSuffix("PROPFIND HTTP/1.1") }
  }

  @Test func `a server without HTTP 2 answers its preface with 505`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.http2 = false
    let transport = ServerMemoryTransport(HTTPServer(configuration: configuration) { _ in .text("") }, on: Reactor())
    transport.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    #expect(transport.text.hasPrefix("HTTP/1.1 505 "))
  }

  @Test func `a preface that stays incomplete is answered as HTTP 1 at its end`() throws {
    let transport = ServerMemoryTransport(HTTPServer { _ in .text("") }, on: Reactor())
    transport.send("PRI * HTTP/2.0\r\n\r\n")
    #expect(transport.text == "")
    transport.sendEnd()
    #expect(transport.text.hasPrefix("HTTP/1.1 505 "))
  }

  @Test func `extended CONNECT is an upgrade to its handler`() throws {
    let bench = try HTTP2ServerBench(
      HTTPServer { request in
        request.head.upgrade == "websocket" && request.target == "/chat"
          ? .upgrade(to: "websocket") { _ in Echo() } : .text("no")
      })
    let client = bench.connect()
    bench.run { client.session.remoteTakesConnectProtocol }
    let head = "GET /chat HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket"
    let call = client.request(head, isComplete: false, isExtendedConnect: true)
    bench.run { call.head != nil }
    #expect(call.status == 200)
    call.write("hello")
    bench.run { call.text == "hello" }
    client.transport?.abort()
    // Success without a tunnel would say that there is one.
    let other = bench.connect()
    let refused = other.request(
      head.replacing("/chat", with: "/other"), isComplete: false, isExtendedConnect: true)
    bench.run { refused.closed != nil }
    #expect(refused.status == 405)
  }

  @Test func `a tunnel may be answered late, and has no time for content`() throws {
    var answer: Deferred<HTTPServer.Response>?
    let bench = try HTTP2ServerBench(
      HTTPServer { _ -> Deferred<HTTPServer.Response> in
        let later = Deferred<HTTPServer.Response>()
        answer = later
        return later
      })
    // The clock is beyond every time limit that counts from zero.
    bench.run(for: .seconds(3600))
    let client = bench.connect()
    let call = client.request(
      "CONNECT there.example:443 HTTP/1.1\nHost: there.example:443", "early", isComplete: false)
    bench.run(for: .seconds(3600))
    #expect(call.head == nil)
    answer?.callback(.upgrade(to: nil) { _ in Echo() })
    bench.run { call.text == "early" }
  }

  @Test func `a tunnel that closes its direction, and then all, ends its stream`() throws {
    let tunnel = Tunnel()
    let bench = try HTTP2ServerBench(HTTPServer { _ in .upgrade(to: nil) { _ in tunnel } })
    let client = bench.connect()
    let call = client.request("CONNECT a.example:1 HTTP/1.1\nHost: a.example:1", isComplete: false)
    bench.run { tunnel.transport != nil }
    tunnel.transport?.closeWrite()
    bench.run { call.hasEnded }
    #expect(tunnel.end == nil)
    tunnel.transport?.close()
    bench.run { tunnel.end != nil && call.closed != nil }
    #expect(call.closed == .noError)
  }

  @Test func `a tunnel that its client resets has failed`() throws {
    let tunnel = Tunnel()
    let bench = try HTTP2ServerBench(HTTPServer { _ in .upgrade(to: nil) { _ in tunnel } })
    let call = bench.connect().request("CONNECT a.example:1 HTTP/1.1\nHost: a.example:1", isComplete: false)
    bench.run { tunnel.transport != nil }
    call.reset(.connectError)
    bench.run { tunnel.end != nil }
    #expect(tunnel.end?.code == .failed)
    #expect(tunnel.end?.description.contains("reset the stream") == true)
  }

  @Test func `a writer that waits is called again though something else was written`() throws {
    var writer: HTTPServer.BodyWriter?
    let bench = try HTTP2ServerBench(HTTPServer { _ in .stream { writer = $0 } })
    let client = bench.connect(window: 60_000)
    let call = client.request("GET / HTTP/1.1")
    bench.run { writer != nil }
    var hasRoom = false
    writer?.onDrain = { hasRoom = true }
    #expect(writer?.write([UInt8](repeating: 1, count: 100_000)) == false)
    bench.run { call.content.count == 60_000 }
    // Less than the mark waits, but not so little that the writer was called.
    #expect(writer?.write("a heartbeat") == false)
    client.consumes = true
    call.consume()
    bench.run { hasRoom }
    #expect(writer?.canWrite == true)
    writer?.end()
    bench.run { call.closed != nil }
  }

  @Test func `a stream that was quiet is not judged by the time before its writer continued`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.writeTimeout = .seconds(10)
    var writer: HTTPServer.BodyWriter?
    let bench = try HTTP2ServerBench(HTTPServer(configuration: configuration) { _ in .stream { writer = $0 } })
    let client = bench.connect(window: 5)
    let call = client.request("GET / HTTP/1.1")
    bench.run { writer != nil }
    writer?.write("first")
    bench.run(for: .milliseconds(9_990))
    writer?.write("second")
    bench.run(for: .seconds(1))
    #expect(call.closed == nil)
    client.consumes = true
    call.consume()
    bench.run { call.text == "firstsecond" }
    writer?.end()
    bench.run { call.closed != nil }
    #expect(call.closed == .noError)
  }

  @Test func `a handler that leaves the content is late from then on`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = .seconds(2)
    let server = HTTPServer.streaming(configuration: configuration) { _ in Deferred() }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let call = bench.connect().request("POST / HTTP/1.1", "some", isComplete: false)
    bench.run { call.head != nil }
    #expect(call.status == 503)
  }

  @Test(arguments: [nil, 2])
  func `a handler that leaves a client waiting for a 100 has the time, not the client`(limit: Int?) throws {
    var configuration = HTTPServer.Configuration()
    configuration.handlerTimeout = limit.map { .seconds($0) }
    configuration.idleTimeout = .seconds(1000)
    var kept: HTTPServer.StreamedRequest?
    let server = HTTPServer.streaming(configuration: configuration) { request in
      kept = request
      return Deferred<Void>().addCallback { .text("") }
    }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let call = bench.connect().request("POST / HTTP/1.1\nExpect: 100-continue", isComplete: false)
    bench.run(for: .seconds(100))
    #expect(call.status == (limit == nil ? nil : 503) && server.slowClients == 0)
    guard limit == nil, let body = kept?.body else { return }
    // Now it has.
    kept = nil
    bench.reactor.callSoon { Deferred { for try await _ in body {} }.addErrback { _ in } }
    bench.run(for: .seconds(29))
    #expect(call.informational.count == 1 && call.status == nil)
    bench.run(for: .seconds(2))
    #expect(call.status == 408 && server.slowClients == 1)
  }

  @Test func `the access log counts what was sent before a reset`() throws {
    var records: [HTTPServer.AccessRecord] = []
    let server = HTTPServer { _ in .bytes([UInt8](repeating: 1, count: 1 << 20)) }
    server.onFinish = { records.append($0) }
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect(window: 1000)
    let call = client.request("GET / HTTP/1.1")
    bench.run { call.content.count == 1000 }
    call.reset()
    bench.run { !records.isEmpty }
    #expect(records.map(\.bodyBytes) == [1000])
    #expect(records.map(\.isComplete) == [false])
  }

  @Test func `fields that are too long to be sent are a failure of the handler`() throws {
    let server = HTTPServer { _ in .text("").with("X-Long", String(repeating: "x", count: 2 << 20)) }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let call = bench.connect().request("GET / HTTP/1.1")
    bench.run { call.closed != nil }
    #expect(call.status == 500)
  }

  @Test func `CONNECT is a tunnel in both directions`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { _ in .upgrade(to: nil) { _ in Echo() } })
    let client = bench.connect()
    let call = client.request(
      "CONNECT there.example:443 HTTP/1.1\nHost: there.example:443", "early ", isComplete: false)
    bench.run { call.text == "early " }
    #expect(call.status == 200)
    call.write("hello")
    bench.run { call.text == "early hello" }
    call.end()
    bench.run { call.closed != nil }
    #expect(call.closed == .noError)
  }

  @Test func `an upgrade that was not asked for, and a CONNECT without a tunnel, are refused`() throws {
    let server = HTTPServer { $0.method == .connect ? .text("no") : .upgrade(to: "echo") { _ in Echo() } }
    server.logger = LogLines().logger()
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    let connect = client.request("CONNECT a.example:1 HTTP/1.1\nHost: a.example:1", isComplete: false)
    let get = client.request("GET / HTTP/1.1")
    bench.run { connect.closed != nil && get.closed != nil }
    #expect([connect.status, get.status] == [405, 500])
  }
}

private final class Tunnel: StreamProtocol {
  private(set) var transport: (any Transport)?
  private(set) var end: ConnectionEnd?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {}
  func endReceived() -> Bool { true }
  func connectionLost(_ end: ConnectionEnd) { self.end = end }
}

private final class Echo: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
}

private final class RawCaller: StreamProtocol {
  private(set) var transport: (any Transport)?
  private(set) var text = ""
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { text += String(decoding: $0, as: UTF8.self) }
  }
}
#endif

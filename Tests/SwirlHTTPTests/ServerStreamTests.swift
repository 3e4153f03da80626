import Swirl
import Testing

@Suite struct HTTPServerStreamTests {
  /// A server with one streamed response, its writer and its connection.
  final class Streamed {
    private(set) var writer: HTTPServer.BodyWriter?
    private(set) var transport: ServerMemoryTransport!
    let server: HTTPServer

    init(_ request: String = get(), length: Int? = nil, capacity: Int = .max) {
      weak var this: Streamed?
      server = HTTPServer { _ in .stream(length: length) { this?.writer = $0 } }
      this = self
      transport = ServerMemoryTransport(server, on: Reactor())
      transport.capacity = capacity
      transport.send(request)
    }

    func letGo() { writer = nil }
  }

  @Test(arguments: [200, 403])
  func `a streamed answer of success that begins before the content is read comes behind a 100`(status: Int) {
    // A handler that has released the content does not need it.
    var kept: HTTPServer.StreamedRequest?
    let server = HTTPServer.streaming { request in
      kept = request
      return .succeed(.stream(status: .init(code: status)) { $0.end() })
    }
    defer { withExtendedLifetime(kept) { kept = nil } }
    let transport = ServerMemoryTransport(server, on: Reactor(), high: .max)
    transport.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    let text = String(decoding: transport.received, as: UTF8.self)
    #expect(text.hasPrefix(status == 200 ? "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200" : "HTTP/1.1 403"))
  }

  @Test func `a writer that aborted its body and is released is not reported`() {
    let lines = LogLines()
    let stream = Streamed()
    stream.server.logger = lines.logger()
    stream.writer?.write("hello")
    stream.writer?.abort()
    stream.letGo()
    #expect(stream.transport.isAborted)
    #expect(lines.all == [])
    let forgotten = Streamed()
    forgotten.server.logger = lines.logger()
    forgotten.letGo()
    #expect(lines.all.count == 1)
  }

  @Test func `what a writer does after it has aborted its body is without effect`() {
    let stream = Streamed()
    var isComplete: Bool?
    stream.server.onFinish = { isComplete = $0.isComplete }
    stream.writer?.abort()
    let sent = stream.transport.received.count
    #expect(stream.writer?.write("more") == false && stream.writer?.canWrite == false)
    stream.writer?.end()
    var failure: (any Error)?
    stream.writer?.drained().addErrback { failure = $0 }
    #expect(failure is HTTPServer.ClientDisconnectedError && stream.transport.received.count == sent)
    stream.transport.lose()
    #expect(isComplete == false)
  }

  @Test func aStreamGoesInChunksWithTrailers_RFC9112_7_1() {
    let stream = Streamed()
    #expect(stream.transport.take().withoutDate == "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
    stream.writer?.write("hello")
    #expect(stream.transport.take() == "5\r\nhello\r\n")
    stream.writer?.end(trailers: [HTTPField.Name("X-T")!: "1"])
    #expect(stream.transport.take() == "0\r\nX-T: 1\r\n\r\n")
    #expect(stream.writer?.isOpen == false)
    stream.writer?.write("late")
    #expect(stream.transport.take() == "")
    stream.transport.send(get())
    #expect(stream.transport.text.statuses == [200])
  }

  @Test func aStreamOfKnownLengthNeedsNoChunks() {
    let stream = Streamed(length: 5)
    stream.writer?.write("hello")
    stream.writer?.end()
    #expect(stream.transport.text.withoutDate == "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello")
    #expect(!stream.transport.isClosed)
  }

  @Test func aStreamOfAnotherLengthThanPromisedBreaksTheConnection() {
    let short = Streamed(length: 5)
    short.writer?.write("hell")
    short.writer?.end()
    #expect(short.transport.isAborted)
    let long = Streamed(length: 5)
    long.writer?.write("hello!")
    #expect(long.transport.isAborted)
    #expect(!long.transport.text.contains("hello"))
  }

  @Test func to10AStreamLastsUntilTheConnectionCloses_RFC9112_6_3() {
    let stream = Streamed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    stream.writer?.write("hello")
    #expect(!stream.transport.isClosed)
    stream.writer?.end()
    #expect(stream.transport.text.withoutDate == "HTTP/1.1 200 OK\nConnection: close\n\nhello")
    #expect(stream.transport.isClosed)
  }

  @Test func aHeadRequestStartsNoStream() {
    let stream = Streamed("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", length: 5)
    #expect(stream.writer == nil)
    #expect(stream.transport.text.withoutDate == "HTTP/1.1 200 OK\nContent-Length: 5\n\n")
  }

  @Test func whatIsWrittenAtOnceIsOneWrite() {
    let server = HTTPServer { _ in
      .stream { writer in
        writer.write("a")
        writer.write("b")
        writer.end()
      }
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get())
    #expect(transport.writes == 1)
    #expect(transport.text.hasSuffix("1\r\na\r\n1\r\nb\r\n0\r\n\r\n"))
  }

  @Test func aWriterThatHeedsItsBackPressureIsBounded() {
    let stream = Streamed(capacity: 0)
    var written = 0
    let block = [UInt8](repeating: 65, count: 500)
    let pump = {
      while written < 1000, stream.writer?.canWrite == true {
        written += 1
        stream.writer?.write(block)
      }
      if written == 1000 { stream.writer?.end() }
    }
    stream.writer?.onDrain = pump
    pump()
    #expect(written < 10)
    while stream.transport.bufferedBytes > 0 { stream.transport.drain(700) }
    #expect(written == 1000)
    #expect(stream.transport.mostBuffered < 3000)
    #expect(stream.writer?.bytesWritten == 500_000)
  }

  @Test func drainedFiresWhenThereIsRoom() {
    let stream = Streamed(capacity: 0)
    #expect(stream.writer?.drained().isFired == true)
    #expect(stream.writer?.write([UInt8](repeating: 65, count: 5000)) == false)
    let drained = stream.writer?.drained()
    let cancelled = stream.writer?.drained()
    cancelled?.addErrback { _ in }
    cancelled?.cancel()
    #expect(drained?.isFired == false)
    stream.transport.drain()
    #expect(drained?.isFired == true)
    stream.writer?.end()
  }

  @Test func aClientThatDisconnectsIsReported() {
    let stream = Streamed(capacity: 0)
    var told: [String] = []
    stream.writer?.onDisconnect = { told.append("onDisconnect") }
    stream.writer?.notifyFinish().addErrback { told.append("\(type(of: $0))") }
    stream.writer?.write([UInt8](repeating: 65, count: 5000))
    stream.writer?.drained().addErrback { _ in told.append("drained") }
    stream.transport.lose()
    #expect(told.sorted() == ["ClientDisconnectedError", "drained", "onDisconnect"])
    #expect(stream.writer?.isOpen == false)
    #expect(stream.writer?.write("x") == false)
    stream.writer?.end()
  }

  @Test func theEndIsReported() {
    let stream = Streamed()
    let finish = stream.writer?.notifyFinish()
    stream.writer?.end()
    #expect(finish?.isFired == true)
    #expect(stream.writer?.notifyFinish().isFired == true)
  }

  @Test func aWriterThatIsReleasedBreaksTheConnection() {
    let stream = Streamed()
    stream.letGo()
    #expect(stream.transport.isAborted)
  }

  @Test func aWriterThatThrowsBreaksTheConnection() {
    let server = HTTPServer { _ in .stream { _ in throw CancelledError() } }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get())
    #expect(transport.isAborted)
  }

  @Test func aStreamCanEndAfterADeferred() {
    var sources: [Deferred<Void>] = []
    var isCancelled = false
    let server = HTTPServer { _ in
      .stream { writer in
        let source = Deferred<Void>(canceller: { _ in isCancelled = true })
        sources.append(source)
        writer.write("x")
        writer.end(after: source)
      }
    }
    let transport = ServerMemoryTransport(server, on: Reactor())
    transport.send(get())
    sources[0].callback()
    #expect(transport.take().hasSuffix("1\r\nx\r\n0\r\n\r\n"))

    transport.send(get())
    transport.lose()
    #expect(isCancelled)

    let failing = ServerMemoryTransport(server, on: Reactor())
    failing.send(get())
    sources[2].errback(CancelledError())
    #expect(failing.isAborted)
  }

  @Test func aLargeBodyIsGivenAsItIs() {
    let bytes = [UInt8](repeating: 65, count: 1_000_000)
    let transport = ServerMemoryTransport(HTTPServer { _ in .bytes(bytes) }, on: Reactor())
    transport.send(get())
    #expect(transport.writes == 2)
    #expect(transport.received.count > 1_000_000)
  }
}

import Foundation
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

@Suite struct HTTPServerStreamingTests {
  /// The head of an upload.
  static func post(_ length: Int?, _ fields: String = "", version: String = "1.1") -> String {
    let framing = length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked"
    return "POST /up HTTP/\(version)\r\nHost: x\r\n\(fields)\(framing)\r\n\r\n"
  }

  static func configuration(upTo limit: Int = 100_000_000) -> HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration.patient
    configuration.limits.bodyBytes = limit
    return configuration
  }

  /// A handler that reads the body, and answers with its length and whether it is right.
  static let count: @Sendable (StreamBench, HTTPServer.StreamedRequest) async throws -> String = { _, request in
    var check = Check()
    for try await bytes in request.body { check.take(bytes) }
    return "\(check.count) \(check.isRight)"
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases, [true, false])
  func `50 MB wait at the client until the handler takes them, and then come in order`(
    _ place: Place, _ isChunked: Bool
  ) async throws {
    let (opened, gate) = AsyncStream<Void>.makeStream()
    let size = 50_000_000
    let bench = try await StreamBench(place, configuration: Self.configuration()) { bench, request in
      bench.remote.callFromThread { bench.upload = request.body }
      for await _ in opened { break }
      return try await Self.count(bench, request)
    }
    let client = try await bench.send(Self.post(isChunked ? nil : size), count: size, isChunked: isChunked)
    try await bench.thread.wait { _ in client.isWaiting && (bench.upload?.bufferedCost ?? 0) > BodyWaterMarks.high }
    // Nothing moves any more.
    let sent = try await bench.thread.call { _ in client.sent }
    try await bench.thread.pass(.milliseconds(20))
    let (after, buffered) = try await bench.thread.call { _ in (client.sent, bench.upload?.bufferedCost ?? 0) }
    #expect(sent == after && sent < 20_000_000)
    #expect(buffered <= BodyWaterMarks.high + 64 * 1024)
    gate.yield()
    try await bench.thread.wait { _ in client.text.hasSuffix("\(size) true") }
    // The connection is reused.
    try await bench.thread.call { _ in
      bench.upload = nil
      client.transport?.write(Self.post(5) + String(decoding: Content.bytes(5, from: 0), as: UTF8.self))
      gate.yield()
    }
    try await bench.thread.wait { _ in client.text.statuses == [200, 200] }
    try await bench.thread.call { _ in client.transport?.close() }
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
  func `our own client uploads to it`(_ place: Place) async throws {
    let bench = try await StreamBench(place, configuration: Self.configuration(), Self.count)
    let body = (0..<40).flatMap { Content.bytes(50_000, from: $0 * 50_000) }
    let response = try await bench.thread.value { _ in
      bench.client.fetch(HTTPClient.Request(bench.url, method: .put, body: .bytes(body)))
    }
    #expect(response.text == "2000000 true")
    let next = try await bench.fetch("/")
    #expect(next.text == "0 true", "a request without a body has an empty one")
    let peers = try await bench.thread.call { _ in bench.peers }
    #expect(peers.count == 2 && peers[0] == peers[1])
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
  func `a body whose length is beyond the limit is 413, and no handler is called, RFC 9110 15.5.14`(
    _ place: Place
  ) async throws {
    let bench = try await StreamBench(place, configuration: Self.configuration(upTo: 1000), Self.count)
    let client = try await bench.send(Self.post(1001))
    try await bench.thread.wait { _ in client.isOver }
    let (text, calls) = try await bench.thread.call { _ in (client.text, bench.peers.count) }
    #expect(text.statuses == [413])
    #expect(text.contains("Connection: close\r\n"))
    #expect(calls == 0)
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
  func `chunks beyond the limit are 413 at once, which the loop throws`(_ place: Place) async throws {
    let bench = try await StreamBench(place, configuration: Self.configuration(upTo: 200_000)) { bench, request in
      do { return try await Self.count(bench, request) } catch {
        // A handler that continues is too late.
        return "too late"
      }
    }
    let client = try await bench.send(Self.post(nil), count: 10_000_000, isChunked: true)
    try await bench.thread.wait { _ in client.isOver && bench.running == 0 }
    let text = try await bench.thread.call { _ in client.text }
    #expect(text.statuses == [413])
    #expect(!text.contains("too late"))
    try await bench.end()
  }

  /// A body that does not end, the response, and the error that the loop throws.
  struct Trouble: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sent: String
    var then: @Sendable (any Transport) -> Void = { _ in }
    var timeout = Duration.seconds(3600)
    let status: Int?
    let words: String
  }

  static let troubles = [
    Trouble(
      testDescription: "garbage for a chunk", sent: post(nil) + "3\r\nabc\r\n", then: { $0.write("xyz\r\n") },
      status: 400, words: "400: "),
    Trouble(
      testDescription: "silence", sent: post(10) + "abc", timeout: .milliseconds(500), status: 408, words: "408: "),
    Trouble(
      testDescription: "an end", sent: post(10) + "abc", then: { $0.close() }, status: nil, words: "client disconnected"
    ),
    Trouble(
      testDescription: "an end of one direction", sent: post(10) + "abc", then: { $0.closeWrite() }, status: nil,
      words: "client disconnected"),
    Trouble(
      testDescription: "a reset", sent: post(nil) + "3\r\nabc\r\n", then: { $0.abort() }, status: nil,
      words: "client disconnected"),
  ]

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases, troubles)
  func `a body that breaks off throws in the handler's loop`(_ place: Place, _ trouble: Trouble) async throws {
    var configuration = Self.configuration()
    configuration.bodyTimeout = trouble.timeout
    configuration.answersHalfClosedClients = true
    let bench = try await StreamBench(place, configuration: configuration) { bench, request in
      for try await _ in request.body { bench.remote.callFromThread { bench.seen += 1 } }
      return "whole"
    }
    let client = try await bench.send(trouble.sent)
    try await bench.thread.wait { _ in bench.seen == 1 || client.isOver }
    try await bench.thread.call { _ in if let transport = client.transport { trouble.then(transport) } }
    try await bench.thread.wait { _ in client.isOver && bench.running == 0 }
    let (text, outcomes) = try await bench.thread.call { _ in (client.text, bench.outcomes) }
    #expect(text.statuses == (trouble.status.map { [$0] } ?? []))
    #expect(outcomes.count == 1)
    // The end of the body and the cancellation of the task coincide: either may be seen first.
    #expect(
      outcomes[0].contains(trouble.words) || outcomes[0].contains("CancellationError"), "\(outcomes)")
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
  func `the time of a body does not pass while the handler makes the client wait`(_ place: Place) async throws {
    var configuration = Self.configuration()
    configuration.bodyTimeout = .seconds(2)
    configuration.minimumBodyRate = 1_000_000_000
    let bench = try await StreamBench(place, configuration: configuration) { bench, request in
      bench.remote.callFromThread { bench.upload = request.body }
      try await bench.thread.wait { _ in (bench.upload?.bufferedCost ?? 0) > BodyWaterMarks.high }
      try await bench.thread.pass(.seconds(3))
      return try await Self.count(bench, request)
    }
    let client = try await bench.send(Self.post(1_000_000), count: 1_000_000)
    try await bench.thread.wait { _ in client.receivedCount > 0 && bench.running == 0 }
    let text = try await bench.thread.call { _ in client.text }
    #expect(text.hasSuffix("1000000 true"), "\(text)")
    try await bench.thread.call { _ in
      bench.upload = nil
      client.transport?.close()
    }
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases, [true, false])
  func `an answer before the body ends the connection, and is not lost`(
    _ place: Place, _ isChunked: Bool
  ) async throws {
    let bench = try await StreamBench(place, configuration: Self.configuration()) { _, request in
      for try await _ in request.body { break }
      return "enough"
    }
    let client = try await bench.send(Self.post(isChunked ? nil : 3_000_000), count: 3_000_000, isChunked: isChunked)
    try await bench.thread.wait { _ in client.isOver }
    let text = try await bench.thread.call { _ in client.text }
    #expect(text.statuses == [200])
    #expect(text.hasSuffix("enough"))
    #expect(text.contains("Connection: close\r\n"))
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)))
  func `a handler that does not want a body which is there already costs no connection`() async throws {
    let bench = try await StreamBench { _ in
      HTTPServer.streaming(configuration: .patient) { request in .succeed(.text(request.path)) }
    }
    let request = Self.post(5) + "hello"
    let client = try await bench.send(request + request)
    try await bench.thread.wait { _ in client.text.statuses == [200, 200] }
    try await bench.thread.call { _ in client.transport?.close() }
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)))
  func `a waiting client gets 100 Continue, unless it is answered, RFC 9110 10.1.1`() async throws {
    let bench = try await StreamBench(.reactor, configuration: Self.configuration(), Self.count)
    let client = try await bench.send(Self.post(5, "Expect: 100-continue\r\n"))
    try await bench.thread.wait { _ in client.text == "HTTP/1.1 100 Continue\r\n\r\n" }
    try await bench.thread.call { _ in client.transport?.write(Content.bytes(5, from: 0)) }
    try await bench.thread.wait { _ in client.text.statuses == [100, 200] }
    try await bench.thread.call { _ in client.transport?.close() }
    try await bench.end()

    let refusing = try await StreamBench { _ in
      HTTPServer.streaming(configuration: .patient) { _ in throw HTTPServer.StatusError(.forbidden) }
    }
    let refused = try await refusing.send(Self.post(5, "Expect: 100-continue\r\n"))
    try await refusing.thread.wait { _ in refused.isOver }
    let text = try await refusing.thread.call { _ in refused.text }
    #expect(text.statuses == [403])
    let other = try await refusing.send(Self.post(5, "Expect: miracles\r\n"))
    try await refusing.thread.wait { _ in other.isOver }
    let miracles = try await refusing.thread.call { _ in other.text }
    #expect(miracles.statuses == [417])
    try await refusing.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: ["1.1", "1.0"], ["", "Connection: close\r\n"])
  func `an answer may be written while the body comes`(_ version: String, _ fields: String) async throws {
    let size = 5_000_000
    let bench = try await StreamBench { bench in
      HTTPServer.streaming(configuration: Self.configuration()) { [unowned bench] request in
        .succeed(
          .stream { writer in
            let echo = Echo(request.body, writer)
            writer.end(after: task(.reactor, by: bench.remote) { try await echo.run(on: bench.thread) })
          })
      }
    }
    let client = try await bench.send(Self.post(size, fields, version: version), count: size)
    let closes = version == "1.0" || !fields.isEmpty
    try await bench.thread.wait { _ in
      client.receivedCount > size && (closes ? client.isOver : client.ends(with: "0\r\n\r\n"))
    }
    if version == "1.0" {
      let body = try await bench.thread.call { _ in client.body }
      #expect(body.count == size && Content.matches(body, from: 0))
    }
    try await bench.thread.call { _ in client.transport?.close() }
    try await bench.end()
  }

  @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
  func `clients that go at 300 random moments leave nothing behind`(_ place: Place) async throws {
    let bench = try await StreamBench(place, configuration: Self.configuration(), Self.count)
    var random = SeededGenerator(seed: 11)
    for round in 0..<300 {
      let client = try await bench.send(
        Self.post(round % 2 == 0 ? nil : 400_000), count: 400_000, isChunked: round % 2 == 0)
      for _ in 0..<Int.random(in: 0..<400, using: &random) { await Task.yield() }
      try await bench.thread.call { _ in round % 3 == 0 ? client.transport?.close() : client.transport?.abort() }
    }
    try await bench.thread.wait { _ in bench.running == 0 && bench.server.connectionCount == 0 }
    let next = try await bench.fetch("/")
    #expect(next.text == "0 true")
    try await bench.end()
  }
}

/// Echoes its input. Unchecked, because only the reactor's thread accesses it.
private final class Echo: @unchecked Sendable {
  private let body: ReactorStream<[UInt8]>
  private let writer: HTTPServer.BodyWriter

  init(_ body: ReactorStream<[UInt8]>, _ writer: HTTPServer.BodyWriter) {
    self.body = body
    self.writer = writer
  }

  func run(on thread: ReactorThread) async throws {
    for try await bytes in body {
      try await thread.value { [self] _ in writer.drained() }
      try await thread.call { [self] _ in _ = writer.write(bytes) }
    }
  }
}

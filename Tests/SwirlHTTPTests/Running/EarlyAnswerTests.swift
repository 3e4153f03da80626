#if HTTP2
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPServer

/// Answers over HTTP/2 that come before the end of the content (RFC 9113 §8.1).
@Suite struct EarlyAnswerTests {
  private var server: HTTPServer {
    var configuration = HTTPServer.Configuration()
    configuration.limits.bodyBytes = 1000
    configuration.lingerBytes = 100_000
    configuration.lingerTimeout = .seconds(2)
    return HTTPServer(configuration: configuration) { .text($0.path) }
  }

  @Test func `the reset comes when the client has had the answer, with NO_ERROR`() throws {
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    let calls = (0..<3).map { _ in
      client.request("POST / HTTP/1.1", String(repeating: "x", count: 2000), isComplete: false)
    }
    let start = bench.reactor.now
    bench.run { calls.allSatisfy { $0.closed != nil } }
    #expect(calls.allSatisfy { $0.status == 413 && $0.hasEnded && $0.closed == .noError })
    // It did not wait for the time limit.
    #expect(bench.reactor.now - start < .seconds(1))
    let next = client.request("GET /next HTTP/1.1")
    bench.run { next.closed != nil }
    #expect(next.text == "/next" && client.goAways.isEmpty)
  }

  @Test func `a client that completes its content needs no reset`() throws {
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect()
    let call = client.request("POST / HTTP/1.1", String(repeating: "x", count: 2000))
    bench.run { call.closed != nil }
    #expect(call.status == 413 && call.closed == .noError)
  }

  @Test func `a client that does not answer the PING is reset after the time for lingering`() throws {
    let bench = try HTTP2ServerBench(server)
    let client = SilentCaller()
    bench.reactor.connectTCP("127.0.0.1", bench.port) { client }.addErrback { Issue.record($0) }
    bench.run { client.received.contains(resetOf: 1) }
    let waited = bench.reactor.now - client.answered
    #expect(waited >= .seconds(2) && waited < .seconds(3))
  }
}

/// Sends a request with too much content, and answers nothing.
private final class SilentCaller: StreamProtocol {
  private(set) var received: [UInt8] = []
  private(set) var answered = Instant(nanoseconds: 0)

  func connectionMade(_ transport: any Transport) {
    let session = HTTP2Session(.client, HTTP2Settings())
    let head = Array("POST / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    guard let id = try? session.request(head, scheme: "http", hasContent: true) else { return }
    _ = session.write([UInt8](repeating: 120, count: 2000), on: id)
    while let bytes = session.takeOutput() { transport.write(bytes) }
    answered = transport.reactor.now
  }

  func dataReceived(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { received += $0 } }
  func connectionLost(_ end: ConnectionEnd) {}
}

extension [UInt8] {
  /// Whether these frames have a RST_STREAM with NO_ERROR for the stream (RFC 9113 §6.4).
  fileprivate func contains(resetOf stream: UInt8) -> Bool {
    var start = 0
    while start + 9 <= count {
      let length = Int(self[start]) << 16 | Int(self[start + 1]) << 8 | Int(self[start + 2])
      guard start + 9 + length <= count else { return false }
      if self[start + 3] == 3, self[start + 8] == stream {
        return self[(start + 9)..<(start + 13)].allSatisfy { $0 == 0 }
      }
      start += 9 + length
    }
    return false
  }
}
#endif

#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// Rules of RFC 9113 that libnghttp2 leaves out.
@Suite struct FrameRuleTests {
  private static let streamClosed = -5

  /// A server that has answered GET on a stream.
  private func answered(_ stream: Int) throws -> FrameBench {
    let bench = try FrameBench.server()
    bench.receive([.get(stream)])
    try bench.respond(Int32(stream))
    bench.take()
    return bench
  }

  static let late: [Frame] = [.data(1, "a", ends: true), .data(1, ""), .get(1), .headers(1, [("x-sum", "1")])]

  @Test(arguments: [
    [Frame.reset(1)], [.headers(1, [(":status", "200"), ("content-length", "1")], ends: false), .data(1, "ab")],
  ])
  func `a stream that is closed gets no reset, RFC 9113 §5.1`(frames: [Frame]) throws {
    let bench = try FrameBench.client()
    bench.receive(frames)
    #expect(bench.events.last?.hasPrefix("closed 1") == true)
    bench.session.reset(1, .cancel)
    bench.take()
    #expect(bench.sent.count { $0.kind == .reset && $0.code == 8 } == 0)
  }

  @Test func `a request that is reset before it was sent is not sent`() throws {
    let bench = try FrameBench.client()
    let id = try bench.session.request(
      Array("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8), scheme: "https", hasContent: false)
    bench.session.reset(id, .cancel)
    #expect(bench.take().isEmpty && bench.events == ["closed \(id) 8"])
  }

  @Test(arguments: late) func `a frame on a stream that has ended is STREAM_CLOSED`(_ frame: Frame) throws {
    let bench = try answered(1)
    bench.receive([frame])
    #expect(bench.codes == [Self.streamClosed])
    let name = frame.kind == .data ? "DATA" : "HEADERS"
    #expect(bench.session.failure?.reason == "\(name) on stream 1: the stream is closed (RFC 9113 §5.1)")
    #expect(bench.session.isOver)
  }

  @Test(arguments: [Frame.windowUpdate(1, 1), .reset(1), Frame(kind: .priority, stream: 1, payload: number(0, 5))])
  func `a frame that may be late on a stream that has ended is ignored`(_ frame: Frame) throws {
    let bench = try answered(1)
    bench.receive([frame, .get(3)])
    #expect(bench.codes.isEmpty)
    #expect(bench.events.last == "end 3")
  }

  @Test func `a frame on a stream that the client has reset is STREAM_CLOSED`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1, ends: false), .reset(1), .get(1)])
    #expect(bench.codes == [Self.streamClosed])
  }

  @Test func `a stream below one that was used is closed`() throws {
    let bench = try answered(5)
    bench.receive([.get(3)])
    #expect(bench.codes == [Self.streamClosed])
    #expect(!bench.events.contains("head 3 ends"))
  }

  @Test func `a frame on a stream that was reset here is ignored`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1, ends: false)])
    bench.session.reset(1, .cancel)
    bench.take()
    bench.receive([.data(1, "in flight"), .headers(1, [("x-sum", "1")]), .get(3)])
    #expect(bench.codes == [8])
    #expect(bench.events.last == "end 3")
  }

  @Test func `content in flight on a stream that was reset here is no flood`() throws {
    let bench = try FrameBench.server()
    let content = [Frame](repeating: .data(1, String(repeating: "a", count: 16_000)), count: 64)
    bench.receive([.get(1, [("content-length", "1")], ends: false)] + content)
    #expect(bench.codes == [1])
    bench.receive(content)
    #expect(bench.session.failure == nil)
    bench.receive([.get(3)])
    #expect(bench.events.last == "end 3")
  }

  @Test func `PRIORITY on stream 0 is PROTOCOL_ERROR`() throws {
    for bench in [try FrameBench.server(), try FrameBench.client()] {
      bench.receive([Frame(kind: .priority, payload: number(0, 5))])
      #expect(bench.codes == [-1])
      #expect(bench.session.failure?.reason == "PRIORITY on stream 0 (RFC 9113 §6.3)")
    }
  }

  @Test func `SETTINGS that take a window beyond its limit are FLOW_CONTROL_ERROR`() throws {
    let bench = try FrameBench.server(clientSettings: [(4, 0)])
    bench.receive([.get(1), .windowUpdate(1, 0x7FFF_FFFF), .settings([(4, 10)])])
    #expect(bench.codes.last == -3)
    #expect(
      bench.session.failure?.reason == "SETTINGS: the window of a stream exceeds 2^31-1 bytes (RFC 9113 §6.9.2)")
    // At the limit is no error.
    let other = try FrameBench.server(clientSettings: [(4, 0)])
    other.receive([.get(1), .windowUpdate(1, 0x7FFF_FFFF - 10), .settings([(4, 10)])])
    #expect(other.codes.isEmpty)
  }
}
#endif

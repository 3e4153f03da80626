#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §6.9: windows follow what the owner of a session takes, and do not leak.
@Suite struct WindowTests {
  private static let piece = String(repeating: "a", count: 16_000)

  /// Sends 100 times `frames`, and never more than the window of the connection allows; whether it always opened again.
  private func opensAgain(_ settings: (inout HTTP2Settings) -> Void = { _ in }, _ frames: (Int) -> [Frame]) throws {
    let bench = try FrameBench.server {
      $0.connectionWindow = 65_535
      settings(&$0)
    }
    var window = 65_535
    for index in 0..<100 {
      let frames = frames(index)
      window -= frames.filter { $0.kind == .data }.map(\.payload.count).reduce(0, +)
      try #require(window >= 0, "the window stays closed after \(index) of \(frames)")
      bench.receive(frames)
      for update in bench.sent where update.kind == .windowUpdate && update.stream == 0 {
        window += update.payload.reduce(0) { $0 << 8 | Int($1) }
      }
      bench.forget()
    }
    #expect(bench.session.failure == nil)
  }

  @Test func `content that is taken`() throws {
    try opensAgain { [.get(1 + 2 * $0, ends: false), .data(1 + 2 * $0, Self.piece), .reset(1 + 2 * $0)] }
  }

  @Test func `padding`() throws {
    try opensAgain { index in
      let payload = [255] + [UInt8](repeating: 0, count: 500)
      return [.get(1 + 2 * index, ends: false)]
        + (0..<20).map { _ in Frame(kind: .data, flags: Frame.padded, stream: 1 + 2 * index, payload: payload) }
        + [.reset(1 + 2 * index)]
    }
  }

  @Test func `content on its way when its stream was reset`() throws {
    try opensAgain {
      [.get(1 + 2 * $0, [("te", "gzip")], ends: false), .data(1 + 2 * $0, Self.piece), .data(1 + 2 * $0, Self.piece)]
    }
  }

  @Test func `content that is longer than Content-Length says`() throws {
    try opensAgain { [.get(1 + 2 * $0, [("content-length", "1")], ends: false), .data(1 + 2 * $0, Self.piece)] }
    try opensAgain {
      [.get(1 + 2 * $0, [("content-length", "16001")], ends: false), .data(1 + 2 * $0, Self.piece, ends: true)]
    }
  }

  @Test func `content above the window of its stream`() throws {
    try opensAgain({ $0.streamWindow = 1000 }) { [.get(1 + 2 * $0, ends: false), .data(1 + 2 * $0, Self.piece)] }
  }

  @Test func `content of refused streams`() throws {
    try opensAgain({ $0.streams = 0 }) { [.get(1 + 2 * $0, ends: false), .data(1 + 2 * $0, Self.piece)] }
  }

  @Test func `a stream's window opens when its content is taken`() throws {
    let bench = try FrameBench.server { $0.streamWindow = 20_000 }
    bench.receive([.get(1, ends: false)])
    bench.forget()
    var taken = 0
    let bytes = Frame.data(1, Self.piece).bytes
    try bench.session.receive(bytes.span) {
      if case .data(_, let range) = $0 { taken += range.count }
    }
    bench.session.consumeConnection(taken)
    #expect(bench.take().filter { $0.stream == 1 }.isEmpty)
    bench.session.consume(taken, of: 1)
    #expect(bench.take() == [.windowUpdate(1, 16_000)])
  }

  @Test func `a message begins without what the one before it was waiting for`() throws {
    let bench = try FrameBench.server { $0.waterMark = 1000 }
    for stream: Int32 in [1, 3, 5] {
      bench.receive([.get(Int(stream))])
      #expect(bench.session.pendingBytes(of: stream) == 0)
      try bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: stream, hasContent: true)
      // Nothing is awaited, or was written for another stream.
      #expect(bench.take().map(\.kind) == [.headers])
      #expect(bench.session.write([1, 2], on: stream))
      #expect(bench.take().map(\.payload) == [[1, 2]])
      #expect(bench.session.takeDrained().isEmpty)
      #expect(!bench.session.write([UInt8](repeating: 1, count: 1200), on: stream))
      bench.session.noteSent(of: stream)
      bench.session.end(stream, trailers: stream == 1 ? [.init("x-sum")!: "1"] : nil)
      #expect(bench.take().map(\.kind) == (stream == 1 ? [.data, .headers] : [.data]))
      #expect(bench.session.takeDrained() == [stream])
      #expect(!bench.session.isSending(stream))
    }
  }

  @Test func `a writer waits at the water mark, and resumes below it`() throws {
    let bench = try FrameBench.server { $0.waterMark = 1000 }
    bench.receive([.get(1)])
    try bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: 1, hasContent: true)
    let piece = [UInt8](repeating: 1, count: 600)
    #expect(bench.session.write(piece, on: 1))
    #expect(!bench.session.write(piece, on: 1))
    #expect(bench.session.pendingBytes(of: 1) == 1200)
    #expect(bench.session.takeDrained().isEmpty)
    bench.take()
    #expect(bench.session.takeDrained() == [1])
    #expect(bench.session.pendingBytes(of: 1) == 0)
  }

  @Test func `output comes in pieces of about the limit, in order`() throws {
    let bench = try FrameBench.server(clientSettings: [(4, 1 << 20)])
    bench.receive([.windowUpdate(0, 1 << 20), .get(1)])
    try bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: 1, hasContent: true)
    let pieces = (0..<1000).map { [UInt8](repeating: UInt8($0 & 0xFF), count: $0) }
    for piece in pieces { _ = bench.session.write(piece, on: 1) }
    bench.session.end(1, trailers: [HTTPField.Name("x")!: "y"])
    var output: [UInt8] = []
    while let some = bench.session.takeOutput(atMost: 20_000) {
      #expect(some.count <= 20_000 + 16_384 + 9)
      output += some
    }
    let frames = Frame.all(in: output)
    #expect(frames.filter { $0.kind == .data }.flatMap(\.payload) == pieces.flatMap { $0 })
    #expect(frames.last?.kind == .headers)
    #expect(frames.last?.flags == 5)
  }

  @Test func `content beyond the peer's window waits`() throws {
    let bench = try FrameBench.server(clientSettings: [(4, 10)])
    bench.receive([.get(1)])
    try bench.respond(1, "HTTP/1.1 200 OK\r\n\r\n", Array("0123456789abcdef".utf8))
    #expect(bench.take().last?.payload.count == 10)
    bench.receive([.windowUpdate(1, 3)])
    #expect(bench.sent.last?.payload == Array("abc".utf8))
    bench.receive([.windowUpdate(1, 3)])
    #expect(bench.sent.last == .data(1, "def", ends: true))
    #expect(bench.events.contains("sent 1"))
  }
}
#endif

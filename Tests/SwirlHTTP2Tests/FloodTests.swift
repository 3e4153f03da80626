#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §10.5: what a peer does that costs more than it brings ends the connection, within bounded memory.
@Suite struct FloodTests {
  static let calm = 11

  /// Floods a server with reads of about 16 KiB that repeat `frames`; how many bytes it read before it ended.
  private func flood(
    _ bench: FrameBench, takesOutput: Bool = true, atMost limit: Int = 8 << 20, _ frames: (Int) -> [Frame]
  ) -> Int {
    var (count, total) = (0, 0)
    while total < limit, bench.session.failure == nil {
      var bytes: [UInt8] = []
      while bytes.count < 16 * 1024 {
        bytes += frames(count).flatMap(\.bytes)
        count += 1
      }
      total += bytes.count
      bench.receive(bytes, takesOutput: takesOutput)
      bench.events = []
    }
    bench.take()
    return total
  }

  private func expectCalm(_ bench: FrameBench, _ text: String) {
    #expect(bench.session.failure?.code == .enhanceYourCalm)
    #expect(bench.session.failure?.reason.contains(text) == true, "\(String(describing: bench.session.failure))")
    #expect(bench.codes.last == -Self.calm)
    #expect(bench.session.isOver)
    // The shell's own end does not replace the code, and what comes then is ignored.
    let count = bench.sent.count
    bench.session.terminate(.protocolError)
    bench.receive([.get(99_999)])
    #expect(bench.sent.count == count)
    #expect(!bench.events.contains("head 99999 ends"))
  }

  static let overhead: [(String, @Sendable (Int) -> [Frame])] = [
    ("PING", { [.ping($0)] }),
    ("PING answers", { [Frame(kind: .ping, flags: Frame.ack, payload: number($0, 8))] }),
    ("SETTINGS", { _ in [.settings()] }),
    ("SETTINGS of all windows", { _ in [.settings((0..<32).map { (4, 60_000 + $0) })] }),
    ("PRIORITY", { [Frame(kind: .priority, stream: 1 + 2 * $0, payload: number(0, 4) + [16])] }),
    ("PRIORITY_UPDATE", { _ in [.priorityUpdate(1, "u=1")] }),
    ("WINDOW_UPDATE of the connection", { _ in [.windowUpdate(0, 1)] }),
    ("WINDOW_UPDATE of a stream", { _ in [.windowUpdate(1, 1)] }),
    ("empty DATA", { _ in [.data(1, "")] }),
    (
      "padding alone",
      { _ in [Frame(kind: .data, flags: Frame.padded, stream: 1, payload: [255] + [UInt8](repeating: 0, count: 255))] }
    ),
    ("unknown frames", { _ in [Frame(kind: .unknown)] }),
    ("long unknown frames", { _ in [Frame(kind: .unknown, payload: [UInt8](repeating: 0, count: 16_000))] }),
  ]

  @Test(arguments: overhead.map(\.0)) func `frames without fields and content end the connection`(name: String) throws {
    let frames = Self.overhead.first { $0.0 == name }!.1
    let bench = try FrameBench.server { $0.pendingAnswers = 1 << 30 }
    bench.receive([.get(1, ends: false)])
    // The allowance is 256 KiB, and a read of 16 KiB may come on top. Content of a stream that nothing answers earns
    // nothing.
    #expect(flood(bench, frames) <= 256 * 1024 + 3 * 16 * 1024)
    expectCalm(bench, "in frames without fields and content")
  }

  @Test func `informational responses without end end the connection`() throws {
    let bench = try FrameBench.client()
    _ = flood(bench) { _ in [.headers(1, [(":status", "103")], ends: false)] }
    expectCalm(bench, "in frames without fields and content")
  }

  @Test func `time gives back what overhead took`() throws {
    let bench = try FrameBench.server()
    for second in 1...120 {
      bench.now = Int64(second) * 1_000_000_000
      // 4,250 bytes a second.
      bench.receive((0..<250).map { Frame.ping($0) })
      bench.forget()
    }
    #expect(bench.session.failure == nil)
  }

  @Test func `small content and its window updates are no flood`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1, ends: false)])
    for _ in 0..<20_000 where bench.session.failure == nil {
      bench.receive([.data(1, "tick"), .data(1, "tock")])
      bench.forget()
    }
    #expect(bench.session.failure == nil)
  }

  @Test func `window updates for content that was sent are no flood`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1)])
    try bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: 1, hasContent: true)
    for _ in 0..<8000 {
      _ = bench.session.write([UInt8](repeating: 1, count: 100), on: 1)
      bench.take()
      bench.receive([.windowUpdate(0, 50), .windowUpdate(1, 50), .windowUpdate(0, 50), .windowUpdate(1, 50)])
      bench.forget()
    }
    #expect(bench.session.failure == nil)
  }

  // MARK: - Streams without an answer

  static let resets: [(String, @Sendable (Int) -> [Frame])] = [
    ("rapid reset", { [.get(1 + 2 * $0), .reset(1 + 2 * $0)] }),
    ("zero-length HEADERS", { [Frame(kind: .headers, flags: 5, stream: 1 + 2 * $0)] }),
    ("malformed requests", { [.get(1 + 2 * $0, [("te", "gzip")])] }),
    (
      "requests that the server must reset",
      { [.get(1 + 2 * $0, ends: false), .windowUpdate(1 + 2 * $0, 0x7FFF_FFFF)] }
    ),
    (
      "content that is too long",
      { [.get(1 + 2 * $0, [("content-length", "1")], ends: false), .data(1 + 2 * $0, "ab")] }
    ),
    ("more streams than allowed", { [.get(1 + 2 * $0)] }),
  ]

  @Test(arguments: resets.map(\.0)) func `requests that end without an answer end the connection`(name: String) throws {
    let frames = Self.resets.first { $0.0 == name }!.1
    let bench = try FrameBench.server()
    _ = flood(bench, frames)
    expectCalm(bench, "more than 1000 requests ended before they were answered")
  }

  @Test func `time gives back the resets`() throws {
    let bench = try FrameBench.server()
    for second in 0..<300 {
      bench.now = Int64(second + 1) * 1_000_000_000
      for index in 0..<30 {
        let stream = 1 + 2 * (second * 30 + index)
        bench.receive([.get(stream), .reset(stream)])
      }
    }
    #expect(bench.session.failure == nil)
  }

  @Test func `an answer to a stream that is reset already is not kept`() throws {
    let bench = try FrameBench.server()
    let bytes = [Frame.get(1), .reset(1)].flatMap(\.bytes)
    var events: [String] = []
    try bench.session.receive(bytes.span) { event in
      switch event {
      case .head(let id, _, _):
        events.append("head")
        try? bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: id, hasContent: true)
        #expect(bench.session.write([1, 2, 3], on: id))
      case .closed: events.append("closed")
      default: break
      }
    }
    #expect(events == ["head", "closed"])
    #expect(!bench.session.isSending(1))
    #expect(bench.take().isEmpty)
  }

  @Test func `answers that are cut off are no flood`() throws {
    let bench = try FrameBench.server()
    for index in 0..<2000 {
      let stream = 1 + 2 * index
      bench.receive([.get(stream)])
      try bench.session.respond(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), on: Int32(stream), hasContent: true)
      bench.receive([.reset(stream)])
    }
    #expect(bench.session.failure == nil)
  }

  @Test func `requests that are answered are no flood`() throws {
    let bench = try FrameBench.server()
    for index in 0..<10_000 {
      let stream = 1 + 2 * index
      bench.receive([.get(stream)])
      try bench.respond(Int32(stream), "HTTP/1.1 200 OK\r\n\r\n", [1])
      bench.take()
      // A late reset of a stream that is over.
      bench.receive([.reset(stream)])
    }
    #expect(bench.session.failure == nil)
    #expect(bench.session.lastPeerStream == 19_999)
  }

  // MARK: - Fields

  private func continuations(_ count: Int, of length: Int) -> [Frame] {
    var frames = [Frame.get(1)]
    frames[0].flags = Frame.endStream
    for index in 0..<count {
      let payload = literals([("x", String(repeating: "a", count: length - 8))])
      frames.append(
        Frame(kind: .continuation, flags: index == count - 1 ? Frame.endHeaders : 0, stream: 1, payload: payload))
    }
    return frames
  }

  @Test func `fields may come in several frames, and in single bytes`() throws {
    let bench = try FrameBench.server()
    for byte in continuations(20, of: 100).flatMap(\.bytes) { bench.receive([byte]) }
    #expect(bench.events == ["head 1 ends", "end 1"])
    #expect(!bench.session.isReadingSection)
  }

  @Test func `a section without end is seen`() throws {
    let bench = try FrameBench.server()
    bench.receive(Array(continuations(3, of: 100).flatMap(\.bytes).dropLast(120)))
    #expect(bench.session.isReadingSection)
  }

  @Test(arguments: [0, 100]) func `too many CONTINUATION frames end the connection`(length: Int) throws {
    let bench = try FrameBench.server()
    var frames = length == 0 ? [Frame.get(1)] : continuations(200, of: length)
    if length == 0 {
      frames[0].flags = 0
      frames += (0..<200).map { _ in Frame(kind: .continuation, stream: 1) }
    }
    bench.receive(frames)
    expectCalm(bench, "CONTINUATION")
  }

  @Test func `a request whose fields are too long can be answered, and counts as one without an answer`() throws {
    let bench = try FrameBench.server {
      $0.fieldBytes = 1000
      $0.resets = 2
    }
    let long = [("x", String(repeating: "a", count: 1000))]
    bench.receive([.get(1, long), .get(3)])
    #expect(bench.events == ["too long 1", "end 1", "head 3 ends", "end 3"] && bench.codes == [])
    try bench.session.respond(Array("HTTP/1.1 431 \r\n\r\n".utf8), on: 1, hasContent: false)
    bench.receive([] as [Frame])
    #expect(bench.events.last == "closed 1 0")
    bench.receive([.get(5, long), .get(7, long)])
    expectCalm(bench, "requests ended before they were answered")
  }

  @Test func `trailers that are too long end their stream`() throws {
    let bench = try FrameBench.server { $0.fieldBytes = 1000 }
    let trailers = Frame(
      kind: .headers, flags: 5, stream: 1, payload: literals([("x", String(repeating: "a", count: 1000))]))
    bench.receive([.get(1, ends: false), trailers])
    #expect(bench.events == ["head 1", "too long 1", "closed 1 \(Self.calm)"] && bench.codes == [Self.calm])
  }

  @Test func `references to one large entry are as long as what they stand for`() throws {
    let bench = try FrameBench.server()
    // The first field enters the table; each byte after it repeats its 4,000 bytes.
    let bomb = literals([("x", String(repeating: "a", count: 4000))], representation: 0x40)
    var frame = Frame.get(1)
    frame.payload += bomb + [UInt8](repeating: 0x80 | 62, count: 10_000)
    bench.receive([frame, .get(3)])
    #expect(bench.events == ["too long 1", "head 3 ends", "end 3", "closed 1 \(Self.calm)"])
  }

  @Test func `many small fields count with what they cost`() throws {
    let bench = try FrameBench.server { $0.fieldBytes = 16_384 }
    bench.receive([.get(1, (0..<1000).map { _ in ("cookie", "") })])
    #expect(bench.events.first == "too long 1")
  }

  @Test func `a frame has at most 32 settings`() throws {
    let bench = try FrameBench.server()
    bench.receive([.settings((0..<33).map { (0xF000 + $0, 0) })])
    #expect(bench.codes == [-Self.calm])
    #expect(bench.session.failure?.code == .enhanceYourCalm)
  }

  // MARK: - A peer that does not read

  @Test(arguments: ["PING", "SETTINGS"]) func `answers that the peer does not read are bounded`(name: String) throws {
    let bench = try FrameBench.server { $0.overheadBytes = 1 << 30 }
    let read = flood(bench, takesOutput: false) { name == "PING" ? [.ping($0)] : [.settings()] }
    #expect(read <= 3 * 16 * 1024)
    expectCalm(bench, "more than 1000 answers to PING and SETTINGS wait")
  }

  @Test func `resets that the client does not read are bounded`() throws {
    let bench = try FrameBench.server {
      $0.resets = 1 << 30
      $0.overheadBytes = 1 << 30
      $0.streams = 10_000
    }
    _ = flood(bench, takesOutput: false) { [.get(1 + 2 * $0, [("te", "gzip")])] }
    expectCalm(bench, "more than 4000 frames wait for a client that does not read")
  }

  @Test func `pending frames are counted for the shell`() throws {
    let bench = try FrameBench.server()
    #expect(bench.session.pendingFrames == 0)
    bench.receive((0..<10).map { Frame.ping($0) }, takesOutput: false)
    #expect(bench.session.pendingFrames == 10)
    bench.take()
    #expect(bench.session.pendingFrames == 0)
  }

  @Test func `priorities of refused streams are no flood`() throws {
    let bench = try FrameBench.server { $0.streams = 1 }
    bench.receive([.get(1)])
    for index in 1...100 { bench.receive([.priorityUpdate(1 + 2 * index, "u=1"), .get(1 + 2 * index)]) }
    #expect(bench.session.failure == nil)
    #expect(bench.codes == [Int](repeating: 7, count: 100))
  }

  @Test func `priorities of streams that never come are bounded`() throws {
    for acknowledged in [false, true] {
      let bench = try FrameBench.server(acknowledged: acknowledged)
      bench.receive((0..<500).map { Frame.priorityUpdate(1 + 2 * $0, "u=1") })
      #expect(bench.codes == [-1])
      #expect(bench.session.failure?.code == .protocolError)
    }
  }
}
#endif

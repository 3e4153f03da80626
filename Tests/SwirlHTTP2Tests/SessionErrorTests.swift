#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §5.4: what a frame does wrong ends the stream or the connection with a code, and the reason is known.
@Suite struct SessionErrorTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let frames: [Frame]
    let code: HTTP2ErrorCode
    let reason: String
    var testDescription: String { reason }

    init(_ frames: [Frame], _ code: HTTP2ErrorCode, _ reason: String) {
      self.frames = frames
      self.code = code
      self.reason = reason
    }
  }

  private static let zeros = [UInt8](repeating: 0, count: 20_000)

  static let server: [Case] = [
    Case([.data(0, "a")], .protocolError, "DATA: stream_id == 0"),
    Case([.data(3, "a")], .protocolError, "DATA on stream 3: stream in idle"),
    Case([.get(1), .data(1, "a")], .streamClosed, "DATA on stream 1: stream in half-closed(remote)"),
    Case([.get(1), .reset(1), .data(1, "a")], .streamClosed, "DATA on stream 1: the stream is closed (RFC 9113 §5.1)"),
    Case([.get(1), .get(1)], .streamClosed, "HEADERS on stream 1: stream closed"),
    Case([.get(2)], .protocolError, "HEADERS on stream 2: "),
    Case([.get(0)], .protocolError, "HEADERS: "),
    Case([.reset(5)], .protocolError, "RST_STREAM on stream 5: stream in idle"),
    Case([.reset(0)], .protocolError, "RST_STREAM: "),
    Case([.windowUpdate(7, 1)], .protocolError, "WINDOW_UPDATE on stream 7: "),
    Case([.windowUpdate(0, 0)], .protocolError, "WINDOW_UPDATE: window_size_increment == 0"),
    Case([.windowUpdate(0, 0x7FFF_FFFF)], .flowControlError, "WINDOW_UPDATE: it exceeds a window (RFC 9113 §6.9.1)"),
    Case([.settings([(4, 0x8000_0000)])], .flowControlError, "SETTINGS: too large SETTINGS_INITIAL_WINDOW_SIZE"),
    Case([.settings([(2, 2)])], .protocolError, "SETTINGS: "),
    Case([.settings([(5, 1)])], .protocolError, "SETTINGS: invalid SETTINGS_MAX_FRAME_SIZE"),
    Case([.settingsAck], .protocolError, "SETTINGS: unexpected ACK"),
    Case([Frame(kind: .settings, payload: [0])], .frameSizeError, "SETTINGS: its length is 1 bytes (RFC 9113 §4.2)"),
    Case([Frame(kind: .settings, stream: 1)], .protocolError, "SETTINGS on stream 1: "),
    Case([Frame(kind: .ping, payload: [0])], .frameSizeError, "PING: its length is 1 bytes"),
    Case([Frame(kind: .ping, stream: 1, payload: number(0, 8))], .protocolError, "PING on stream 1: "),
    Case(
      [Frame(kind: .reset, stream: 1, payload: [0])], .frameSizeError, "RST_STREAM on stream 1: its length is 1 bytes"),
    Case([Frame(kind: .windowUpdate, payload: [0])], .frameSizeError, "WINDOW_UPDATE: its length is 1 bytes"),
    Case([Frame(kind: .data, stream: 1, payload: zeros)], .frameSizeError, "DATA on stream 1: too large frame size"),
    Case([Frame(kind: .goAway, payload: [0])], .frameSizeError, "GOAWAY: its length is 1 bytes"),
    Case([Frame(kind: .continuation, flags: 4, stream: 1)], .protocolError, "CONTINUATION on stream 1: "),
    Case(
      [Frame(kind: .push, flags: 4, stream: 1, payload: number(2, 4))], .protocolError, "PUSH_PROMISE on stream 1: "),
    Case(
      [Frame(kind: .headers, flags: 1, stream: 1), .ping()], .protocolError,
      "PING: unexpected non-CONTINUATION frame or stream_id is invalid"),
    Case(
      [Frame(kind: .headers, flags: 5, stream: 1, payload: [0xFF, 0xFF, 0xFF, 0xFF, 0x7F])], .compressionError,
      "HEADERS on stream 1: its fields cannot be decompressed, or one is larger than 64 KiB (RFC 9113 §4.3)"),
    Case(
      [
        Frame(
          kind: .headers, flags: 1, stream: 1,
          payload: Array(literals([("x", String(repeating: "a", count: 65_537))]).prefix(100)))
      ], .compressionError, "HEADERS on stream 1: its fields cannot be decompressed, or one is larger than 64 KiB"),
    Case(
      [.get(1, ends: false), Frame(kind: .data, flags: 8, stream: 1, payload: [5, 1])], .protocolError,
      "DATA on stream 1: "),
    Case([.priorityUpdate(0, "u=1")], .protocolError, "PRIORITY_UPDATE: "),
  ]

  @Test(arguments: server) func `an error of the client has its code and its reason`(_ test: Case) throws {
    let bench = try FrameBench.server()
    bench.receive(test.frames)
    #expect(bench.codes.last == -Int(test.code.rawValue))
    #expect(bench.session.failure?.code == test.code)
    let reason = try #require(bench.session.failure?.reason)
    #expect(reason.hasPrefix(test.reason), "\(reason)")
    #expect(bench.session.isOver)
    // In single bytes, the same.
    let other = try FrameBench.server()
    for byte in test.frames.flatMap(\.bytes) { other.receive([byte]) }
    #expect(other.session.failure?.reason == reason)
    #expect(other.codes.last == bench.codes.last)
  }

  static let client: [Case] = [
    Case([.headers(2, [(":status", "200")])], .protocolError, "HEADERS on stream 2: "),
    Case([.headers(3, [(":status", "200")])], .protocolError, "HEADERS on stream 3: "),
    Case([.data(1, "a")], .protocolError, "DATA on stream 1: stream not opened"),
    Case([.settings([(2, 1)])], .protocolError, "SETTINGS: server attempted to enable push"),
    Case(
      [Frame(kind: .push, flags: 4, stream: 1, payload: number(2, 4))], .protocolError, "PUSH_PROMISE on stream 1: "),
    Case(
      [
        Frame(kind: .goAway, payload: number(1, 4) + number(0, 4)),
        Frame(kind: .goAway, payload: number(3, 4) + number(0, 4)),
      ],
      .protocolError, "GOAWAY: invalid last_stream_id"),
  ]

  @Test(arguments: client) func `an error of the server has its code and its reason`(_ test: Case) throws {
    let bench = try FrameBench.client()
    bench.receive(test.frames)
    #expect(bench.codes.last == -Int(test.code.rawValue))
    #expect(bench.session.failure?.code == test.code)
    #expect(
      bench.session.failure?.reason.hasPrefix(test.reason) == true, "\(String(describing: bench.session.failure))")
  }

  @Test func `a client that does not begin with the preface is answered PROTOCOL_ERROR`() throws {
    let bench = try FrameBench(.server)
    bench.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(bench.errors.map(\.code) == [.protocolError])
    #expect(bench.errors.first?.reason == "the client does not begin with the preface of HTTP/2 (RFC 9113 §3.4)")
    #expect(bench.codes == [-1])
    #expect(bench.session.isOver)
  }

  @Test func `a server of HTTP 1 is no server of HTTP 2`() throws {
    let bench = try FrameBench(.client)
    bench.receive(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    #expect(bench.codes.count == 1)
    #expect(bench.session.failure != nil)
    #expect(bench.session.isOver)
  }

  @Test func `the owner's end is no failure of the peer`() throws {
    let bench = try FrameBench.server()
    bench.session.terminate(.enhanceYourCalm)
    bench.take()
    #expect(bench.codes == [-11])
    #expect(bench.session.failure == nil)
    #expect(bench.session.isOver)
  }

  @Test func `an error has the words for a log`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1, [("te", "gz\u{1}ip")])])
    let error = try #require(bench.errors.first)
    #expect(!"\(error)".contains("\u{1}"))
    bench.receive([.get(3, [("te", "gzip")])])
    #expect(
      "\(bench.errors[1])"
        == "HEADERS on stream 3: a field is malformed, name: [te], value: [gzip] (RFC 9113 §8.2 and §8.3): "
        + "PROTOCOL_ERROR (0x1) (RFC 9113 §7)")
  }

  @Test func `content above the window of a stream is a stream error`() throws {
    let bench = try FrameBench.server { $0.streamWindow = 10 }
    bench.receive([.get(1, ends: false), .get(3, ends: false)])
    // The handler takes nothing.
    let bytes = Frame.data(1, "0123456789a").bytes
    try bench.session.receive(bytes.span) { _ in }
    bench.take()
    #expect(bench.codes == [3])
    #expect(bench.errors.first?.code == .flowControlError)
    #expect(!bench.session.isOver)
  }

  @Test func `a reset by the peer has no error of ours`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1), .reset(1, 8)])
    #expect(bench.events == ["head 1 ends", "end 1", "closed 1 8"])
    #expect(bench.errors.isEmpty)
  }

  @Test func `a reset by both has one end`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1, [("content-length", "1")], ends: false), .data(1, "ab"), .reset(1, 8)])
    #expect(bench.events.filter { $0 == "closed 1 8" }.count == 1)
    #expect(bench.events.last == "closed 1 8")
  }

  @Test func `a reset by the owner has no error`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1)])
    bench.session.reset(1, .internalError)
    bench.take()
    #expect(bench.events == ["head 1 ends", "end 1", "closed 1 2"])
    #expect(bench.codes == [2])
  }
}
#endif

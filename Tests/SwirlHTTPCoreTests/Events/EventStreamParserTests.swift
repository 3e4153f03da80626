import SwirlHTTPCore
import Testing

/// The streams and what they mean are facts of web-platform-tests, `eventsource/` (format-*, event-data).
@Suite struct EventStreamParserTests {
  private static let long = String(repeating: "x", count: 2048)

  /// A stream, and its events: type, data, ID.
  private static let streams: [(stream: String, events: [String])] = [
    (
      "data: msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n",
      [
        "message|msg\nmsg|", "message||", "message|end|",
      ]
    ),
    ("\u{FEFF}data:1\n\n\u{FEFF}data:2\n\ndata:3\n\n", ["message|1|", "message|3|"]),
    ("\u{FEFF}\u{FEFF}data:1\n\ndata:2\n\ndata:3\n\n", ["message|2|", "message|3|"]),
    ("data:1\r:\0\n:\r\ndata:2\n:\(long)\rdata:3\n:data:fail\r:\(long)\ndata:4\n\n", ["message|1\n2\n3\n4|"]),
    ("retry:1000\ndata:test1\n\nid:test\ndata:test2", ["message|test1|"]),
    ("data:\n\ndata\ndata\n\ndata:test\n\n", ["message||", "message|\n|", "message|test|"]),
    ("event:test\ndata:x\n\ndata:x\n\n", ["test|x|", "message|x|"]),
    ("event: \ndata:data\n\n", ["message|data|"]),
    (
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
      ["message|\0\n 2\n1\n3\n\n4|"]
    ),
    ("data:\tTest\rdata: \ndata:test\n\n", ["message|\tTest\n\ntest|"]),
    ("data:test\r\ndata\ndata:test\r\n\r\n", ["message|test\n\ntest|"]),
    ("data:\0\n\n\n\n", ["message|\0|"]),
    ("data:ok…\n\n", ["message|ok…|"]),
    ("data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n", ["message|test\n\ntest|"]),
    ("id: 1\ndata: 1\n\ndata: 2\n\n", ["message|1|1", "message|2|1"]),
    ("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\ndata: 3\n\n", ["message|1|1", "message|2|2", "message|3|2"]),
    ("id: 1\ndata: 1\n\nid:\ndata: 2\n\ndata: 3\n\n", ["message|1|1", "message|2|", "message|3|"]),
    ("id: …\ndata: hello\n\n", ["message|hello|…"]),
    ("id: \0\0\ndata: hello\n\n", ["message|hello|"]),
    ("event\ndata\n\n", ["message||"]),
    ("", []), ("\n\n\r\r\n", []), (":\n\n", []), ("id: 7\n\n", []),
  ]

  /// The events of a stream that comes in pieces of `size` bytes.
  private func events(_ stream: [UInt8], by size: Int) throws -> [String] {
    var parser = EventStreamParser(limit: 1 << 20)
    var events: [ServerSentEvent] = []
    for start in stride(from: 0, to: stream.count, by: size) {
      let piece = stream[start..<min(start + size, stream.count)]
      try parser.parse(Array(piece).span, into: &events)
    }
    return events.map { "\($0.type)|\($0.data)|\($0.id ?? "")" }
  }

  @Test(arguments: streams.indices) func `a stream means the same however it is cut`(_ index: Int) throws {
    let (stream, expected) = Self.streams[index]
    for size in [Int.max / 2, 1, 2, 3, 7] { #expect(try events(Array(stream.utf8), by: size) == expected) }
  }

  @Test func `bytes that are not UTF-8 are replaced`() throws {
    #expect(try events(Array("data:".utf8) + [0xFF, 0x41, 0x0A, 0x0A], by: 1) == ["message|\u{FFFD}A|"])
  }

  @Test(
    arguments: [
      ("retry:1000\n", 1000), ("retry:3000\nretry:1000x\n", 3000), ("retry: 10\n", 10), ("retry\n", nil),
      ("retry:\n", nil), ("retry:-1\n", nil), ("retry:+1\n", nil), ("retry:1e3\n", nil), ("retry:٣\n", nil),
      ("retry:99999999999999999999999\n", nil), ("retry:0\n", 0),
    ] as [(String, Int?)])
  func `the reconnection time is digits only`(_ stream: String, _ time: Int?) throws {
    var parser = EventStreamParser(limit: 100)
    var events: [ServerSentEvent] = []
    try parser.parse(Array(stream.utf8).span, into: &events)
    #expect(parser.reconnectionTime == time.map { .milliseconds($0) } && events.isEmpty)
  }

  @Test func `an ID counts when its event has ended, with data or without`() throws {
    var parser = EventStreamParser(lastEventID: "1", limit: 100)
    var events: [ServerSentEvent] = []
    try parser.parse(Array("id: 2\n".utf8).span, into: &events)
    #expect(parser.lastEventID == "1")
    try parser.parse(Array("\n".utf8).span, into: &events)
    #expect(parser.lastEventID == "2" && events.isEmpty)
    try parser.parse(Array("data: x\n\n".utf8).span, into: &events)
    #expect(events == [ServerSentEvent("x", id: "2")])
  }

  @Test(arguments: [
    "data: 0123456789012345678901234567890123456789", "data: 01234567890\ndata: 01234567890\ndata: 012345",
  ])
  func `an event above the limit is an error, in one line and in many`(_ stream: String) throws {
    var parser = EventStreamParser(limit: 30)
    var events: [ServerSentEvent] = []
    #expect(throws: EventStreamParser.TooLargeError.self) {
      try parser.parse(Array(stream.utf8).span, into: &events)
    }
    var other = EventStreamParser(limit: 30)
    try other.parse(Array(String(repeating: "data: 0123456789\n\n", count: 100).utf8).span, into: &events)
    #expect(events.count == 100)
  }

  // MARK: - Writing

  @Test(arguments: [
    (ServerSentEvent("hello"), "data: hello\n\n"), (ServerSentEvent(""), "data: \n\n"),
    (ServerSentEvent("a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
    (ServerSentEvent(" x", type: "price", id: "7"), "event: price\nid: 7\ndata:  x\n\n"),
    (ServerSentEvent("x", id: "", retry: .milliseconds(1500)), "id: \nretry: 1500\ndata: x\n\n"),
    (ServerSentEvent("x", type: "a\nb", id: "1\r\ndata: forged\0"), "event: ab\nid: 1data: forged\ndata: x\n\n"),
  ])
  func `an event is written by fields`(_ event: ServerSentEvent, _ encoded: String) {
    #expect(event.encoded == encoded)
  }

  @Test func `what is written is read back`() throws {
    for data in ["", "a", "\n", "a\n\nb", "\u{FEFF}x", ":x", " x ", "data: x\n\n", "é…🙂"] {
      let event = ServerSentEvent(data, type: "t", id: "i")
      var parser = EventStreamParser(limit: 1000)
      var events: [ServerSentEvent] = []
      try parser.parse(Array(event.encoded.utf8).span, into: &events)
      #expect(events == [event])
    }
  }
}

import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet

@Suite struct FramingTests {
  /// A framing, and its result for messages.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let framing: any Framing
    let encoded: String
  }

  static let kinds = [
    Kind(testDescription: "lines", framing: LineFraming(), encoded: "one\r\n\r\nthr\ree\r\n"),
    Kind(testDescription: "delimited", framing: LineFraming(delimiter: "--"), encoded: "one----thr\ree--"),
    Kind(testDescription: "8 bits", framing: LengthFraming(width: 1), encoded: "\u{3}one\u{0}\u{6}thr\ree"),
    Kind(testDescription: "16 bits", framing: LengthFraming(width: 2), encoded: "\0\u{3}one\0\u{0}\0\u{6}thr\ree"),
    Kind(testDescription: "32 bits", framing: LengthFraming(), encoded: "\0\0\0\u{3}one\0\0\0\u{0}\0\0\0\u{6}thr\ree"),
    Kind(testDescription: "netstrings", framing: NetstringFraming(), encoded: "3:one,0:,6:thr\ree,"),
  ]
  static let messages = ["one", "", "thr\ree"].map { Array($0.utf8) }

  @Test(arguments: kinds) func `messages come out as they went in, however the bytes are cut`(_ kind: Kind) throws {
    let bytes = try Self.messages.flatMap { try kind.framing.encode($0) }
    #expect(bytes == Array(kind.encoded.utf8))
    for size in 1...bytes.count {
      var splitter = FrameSplitter(kind.framing)
      var received: [[UInt8]] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        splitter.append(Array(bytes[start..<min(start + size, bytes.count)]))
        while let message = try splitter.next() { received.append(message) }
      }
      #expect(received == Self.messages)
      #expect(splitter.rest.isEmpty)
    }
  }

  @Test(arguments: [
    (LineFraming(maximumLength: 10) as any Framing, "01234567890\r\n", "a line is longer than 10 bytes"),
    (LineFraming(maximumLength: 10), String(repeating: "x", count: 20), "a line is longer than 10 bytes"),
    (LengthFraming(maximumLength: 1000), "\0\0\u{4}\0", "a message of 1024 bytes, where 1000 are allowed"),
    (LengthFraming(), "\u{7f}\u{7f}\u{7f}\u{7f}", "a message of 2139062143 bytes, where 16777216 are allowed"),
    (NetstringFraming(maximumLength: 100), "101:", "a netstring of more than 100 bytes"),
    (NetstringFraming(), "99999999999999999999999:", "a netstring of more than 16777216 bytes"),
    (
      NetstringFraming(), "03:one,", "a netstring begins with its length in digits, without a leading zero, and a colon"
    ),
    (
      NetstringFraming(), "-3:one,", "a netstring begins with its length in digits, without a leading zero, and a colon"
    ),
    (NetstringFraming(), ":one,", "a netstring without a length"),
    (NetstringFraming(), "3:one;", "a netstring does not end with a comma"),
  ])
  func `what is no message, or too long a one, is an error, whole or byte by byte`(
    _ framing: any Framing, _ bytes: String, _ words: String
  ) {
    for isWhole in [true, false] {
      var splitter = FrameSplitter(framing)
      let error = #expect(throws: FramingError.self) {
        for piece in isWhole ? [Array(bytes.utf8)] : bytes.utf8.map({ [$0] }) {
          splitter.append(piece)
          while try splitter.next() != nil {}
        }
      }
      #expect(error?.description == words)
    }
  }

  @Test func `a message that the peer could not split again is not sent`() {
    #expect(throws: FramingError.self) { try LineFraming().encode(Array("a\r\nb".utf8)) }
    #expect(throws: FramingError.self) { try LineFraming(delimiter: "aab").encode(Array("xaaba".utf8)) }
    #expect(throws: FramingError.self) { try LengthFraming(width: 1).encode([UInt8](repeating: 1, count: 256)) }
    #expect(throws: FramingError.self) { try NetstringFraming(maximumLength: 1).encode([1, 2]) }
  }

  @Test func `a long line that comes in small pieces is not searched again and again`() throws {
    var splitter = FrameSplitter(LineFraming(maximumLength: 4_000_000))
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 100)
    for _ in 0..<30_000 {
      splitter.append(piece)
      #expect(try splitter.next() == nil)
    }
    splitter.append(Array("\r\n".utf8))
    #expect(try splitter.next()?.count == 3_000_000)
  }

  /// Answers each line, and stops reading on demand.
  final class Echo: LineReceiver {
    var lines: [String] = []
    var failure: FramingError?
    var pausesAt: String?
    override func lineReceived(_ line: String) {
      lines.append(line)
      if line == pausesAt { pause() }
      try? sendLine("> \(line)")
    }
    override func framingFailed(_ error: FramingError) { failure = error }
  }

  @Test func `a receiver gets each line, pauses between two, and closes after an invalid one`() throws {
    withReactor { reactor in
      let echo = Echo(maximumLength: 20)
      echo.pausesAt = "two"
      let client = Recorder { $0.onMade = { $0.write("one\r\ntwo\r\nthree\r\n") } }
      client.onData = { client in
        if client.text == "> one\r\n> two\r\n" {
          #expect(echo.lines == ["one", "two"])
          reactor.callLater(.milliseconds(5)) {
            #expect(echo.lines == ["one", "two"])
            echo.resume()
            #expect(echo.lines == ["one", "two", "three"])
          }
        } else if client.text.hasSuffix("three\r\n") {
          client.transport?.write("far too long to be a line of twenty\r\n")
        }
      }
      client.onLost = { _ in reactor.stop() }
      let listener = try! reactor.listenTCP(0) { _ in echo }
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { client }
      return {
        #expect(echo.failure?.description == "a line is longer than 20 bytes")
        #expect(client.text == "> one\r\n> two\r\n> three\r\n")
      }
    }
  }

  @Test func `messages over a connection, for code that awaits; one that is cut off is an error`() async throws {
    try await withReactorThread { remote in
      let address = try await remote.run { reactor in
        try reactor.startServer(0) { connection in
          for try await message in connection.messages(NetstringFraming()) {
            try await connection.write(message.reversed(), as: LengthFraming())
          }
        }.localAddress
      }
      let connection = try await remote.open(address)
      try await connection.write("3:abc,5:hel")
      var answers = connection.messages(LengthFraming()).makeAsyncIterator()
      #expect(try await answers.next() == Array("cba".utf8))
      try await connection.write("lo,")
      #expect(try await answers.next() == Array("olleh".utf8))
      connection.closeWrite()
      #expect(try await answers.next() == nil)

      let server = try await remote.run { reactor in
        try reactor.startServer(0) { try await $0.write("10:half") }.localAddress
      }
      let cut = try await remote.open(server)
      await #expect(throws: FramingError.self) { for try await _ in cut.messages(NetstringFraming()) {} }
    }
  }

  @Test(arguments: ["9223372036854775807:", "9223372036854775806:x,", "99999999999999999999:"])
  func `a length as long as a number can be is no trap`(_ bytes: String) {
    var splitter = FrameSplitter(NetstringFraming(maximumLength: .max))
    splitter.append(Array(bytes.utf8))
    do { #expect(try splitter.next() == nil) } catch { #expect(bytes.hasPrefix("99999"), "\(error)") }
  }

  @Test(arguments: [true, false]) func `after its end nothing more is delivered`(isAborted: Bool) {
    final class Server: LineReceiver {
      var lines: [String] = []
      var end: (any Transport) -> Void = { _ in }
      override func lineReceived(_ line: String) {
        lines.append(line)
        if line == "quit", let transport { end(transport) }
      }
    }
    withReactor { reactor in
      let server = Server()
      server.end = { isAborted ? $0.abort() : $0.close() }
      let client = Recorder { $0.onMade = { $0.write("hello\r\nquit\r\ndelete all\r\n") } }
      client.onLost = { _ in reactor.stop() }
      let listener = try! reactor.listenTCP(0) { _ in server }
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { client }
      return { #expect(server.lines == ["hello", "quit"]) }
    }
  }
}

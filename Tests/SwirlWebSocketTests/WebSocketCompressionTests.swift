import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketCompressionTests {
  private static let agreed = WebSocketDeflate.Agreed()

  @Test(arguments: [
    // A message, the same in two fragments, without compression, and with the window of the last (§7.2.3.1, §7.2.3.2).
    "c1 07 f2 48 cd c9 c9 07 00", "41 03 f2 48 cd 80 04 c9 c9 07 00",
    "c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00",
    // The last block of its stream, with and without the empty one; two blocks (§7.2.3.4, §7.2.3.5).
    "c1 08 f3 48 cd c9 c9 07 00 00", "c1 07 f3 48 cd c9 c9 07 00",
    "c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    // Not compressed at all.
    "81 05 48 65 6c 6c 6f",
  ])
  func `the examples of RFC 7692 §7.2.3`(_ bytes: String) {
    #expect(read(hex(bytes), deflate: Self.agreed) == [.text("Hello")])
  }

  @Test func `a message refers to the last, also behind one that ended its stream`() {
    let first = hex("c1 07 f2 48 cd c9 c9 07 00")
    #expect(read(first + hex("c1 05 f2 00 11 00 00"), deflate: Self.agreed) == [.text("Hello"), .text("Hello")])
    let last = hex("c1 08 f3 48 cd c9 c9 07 00 00")
    #expect(read(last + first, deflate: Self.agreed) == [.text("Hello"), .text("Hello")])
    var without = Self.agreed
    without.serverNoContextTakeover = true
    #expect(read(first + hex("c1 05 f2 00 11 00 00"), deflate: without) == [.text("Hello"), .error(1007)])
  }

  @Test func `empty messages, and an empty fragment at the end`() {
    #expect(read(hex("c1 01 00"), deflate: Self.agreed) == [.text("")])
    #expect(read(hex("c1 01 00 c1 01 00"), deflate: Self.agreed) == [.text(""), .text("")])
    #expect(read(hex("41 07 f2 48 cd c9 c9 07 00 80 00"), deflate: Self.agreed) == [.text("Hello")])
  }

  @Test(arguments: [
    // A continuation and a control frame that are marked (§6.1).
    ("41 03 f2 48 cd c0 04 c9 c9 07 00", 1002), ("c9 00", 1002), ("a1 00", 1002),
    // A block of no kind, one that is cut, text that is not.
    ("c1 01 07", 1007), ("c1 02 f2 48", 1007), ("c1 0a 00 04 00 fb ff ff ff ff ff 00", 1007), ("c1 01 ff", 1007),
  ])
  func `a violation has its code`(_ bytes: String, _ code: UInt16) {
    #expect(read(hex(bytes), deflate: Self.agreed) == [.error(code)])
  }

  @Test func `a compressed message without the extension is a violation`() {
    #expect(read(hex("c1 07 f2 48 cd c9 c9 07 00")) == [.error(1002)])
  }

  @Test func `the limit is that of the inflated message, to the byte`() {
    for count in [1000, 1001] {
      let frame = WebSocketWriter.encoded([UInt8](repeating: 0x61, count: count).span, isText: true, deflate: stateless)
      #expect(frame.count < 30)
      let seen = read(frame, limits: WebSocketLimits(frame: 100, message: 1000), deflate: stateless)
      #expect(seen == (count == 1000 ? [.text(String(repeating: "a", count: 1000))] : [.error(1009)]))
    }
  }

  private var stateless: WebSocketDeflate.Agreed {
    var agreed = Self.agreed
    agreed.serverNoContextTakeover = true
    agreed.clientNoContextTakeover = true
    return agreed
  }

  @Test func `a bomb of 1 GiB takes no memory`() throws {
    // 1 MiB of zeros, a thousand times, in one message; the limit is 1 MiB.
    var writer = WebSocketWriter(role: .server, deflate: Self.agreed)
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    var reader = WebSocketReader(
      role: .client, limits: WebSocketLimits(frame: 1 << 20, message: 1 << 20), deflate: Self.agreed)
    var failure: WebSocketError?
    for number in 0..<1024 where failure == nil {
      var bytes: [UInt8] = []
      writer.fragment(
        zeros.span, isText: false, compressed: true, isFirst: number == 0, isLast: number == 1023, to: &bytes)
      #expect(bytes.count < 4096)
      var position = 0
      do {
        _ = try reader.next(bytes.span, from: &position)
        #expect(reader.content.capacity <= 2 << 20)
      } catch {
        failure = error
      }
    }
    #expect(failure?.code == 1009)
    #expect(reader.content.capacity == 0)
  }

  @Test(arguments: [8, 9, 12, 15], [false, true])
  func `what is written is read, in each window`(_ bits: Int, _ keeps: Bool) {
    for sender in [WebSocketRole.client, .server] { roundTrip(sender, bits, keeps) }
  }

  private func roundTrip(_ sender: WebSocketRole, _ bits: Int, _ keeps: Bool) {
    let nothing: [UInt8] = []
    var agreed = keeps ? Self.agreed : stateless
    agreed.clientWindowBits = bits
    agreed.serverWindowBits = bits
    var writer = WebSocketWriter(role: sender, deflate: agreed)
    var output: [UInt8] = []
    var expected: [Seen] = []
    let words = noise(300)
    for number in 0..<20 {
      // Repeats of each distance up to the window and beyond.
      let content = (0..<40).flatMap { words[$0 * 7 % 50..<($0 * 13 + number) % 200 + 60] } + noise(number * 50)
      writer.message(content.span, isText: false, compressed: number % 5 != 4, to: &output)
      expected.append(.binary(content))
      if number % 3 == 0 {
        writer.message(nothing.span, isText: true, compressed: true, to: &output)
        expected.append(.text(""))
      }
      let half = content.count / 2
      for (isFirst, part) in [(true, content[..<half]), (false, content[half...])] {
        writer.fragment(
          Array(part).span, isText: false, compressed: true, isFirst: isFirst, isLast: false, to: &output)
      }
      writer.fragment(nothing.span, isText: false, compressed: true, isFirst: false, isLast: true, to: &output)
      expected.append(.binary(content))
    }
    let receiver = sender.peer
    #expect(read([output], as: receiver, deflate: agreed) == expected)
    let pieces = stride(from: 0, to: output.count, by: 11).map { Array(output[$0..<min($0 + 11, output.count)]) }
    #expect(read(pieces, as: receiver, deflate: agreed) == expected)
  }

  @Test func `a message smaller for the one before, where that is agreed`() {
    let content = noise(500)
    for (agreed, isSmaller) in [(Self.agreed, true), (stateless, false)] {
      var writer = WebSocketWriter(role: .server, deflate: agreed)
      var (first, second): ([UInt8], [UInt8]) = ([], [])
      writer.message(content.span, isText: false, compressed: true, to: &first)
      writer.message(content.span, isText: false, compressed: true, to: &second)
      #expect((second.count < 50) == isSmaller)
      #expect(first.count > 500)
    }
  }

  @Test func `without context takeover a reader keeps nothing between messages`() throws {
    for agreed in [Self.agreed, stateless] {
      var reader = WebSocketReader(role: .client, limits: .wide, deflate: agreed)
      #expect(reader.inflater == nil)
      var position = 0
      let bytes = hex("c1 07 f2 48 cd c9 c9 07 00")
      #expect(try reader.next(bytes.span, from: &position) == .text)
      #expect((reader.inflater == nil) == agreed.serverNoContextTakeover)
    }
  }
}

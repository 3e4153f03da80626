import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketReaderTests {
  @Test func `the examples of RFC 6455 §5.7`() {
    #expect(read(hex("81 05 48 65 6c 6c 6f")) == [.text("Hello")])
    #expect(read(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), as: .server) == [.text("Hello")])
    #expect(read(hex("01 03 48 65 6c 80 02 6c 6f")) == [.text("Hello")])
    #expect(read(hex("89 05 48 65 6c 6c 6f")) == [.ping(Array("Hello".utf8))])
    #expect(read(hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), as: .server) == [.pong(Array("Hello".utf8))])
    let (small, large) = (noise(256), noise(65536))
    #expect(read(hex("82 7E 01 00") + small) == [.binary(small)])
    #expect(read(hex("82 7F 00 00 00 00 00 01 00 00") + large) == [.binary(large)])
  }

  @Test(arguments: [
    // Reserved bits and opcodes (§5.2).
    ("c1 00", 1002), ("a1 00", 1002), ("91 00", 1002), ("83 00", 1002), ("87 00", 1002), ("8b 00", 1002),
    ("8f 00", 1002),
    // A mask that is not expected (§5.1).
    ("81 80 00 00 00 00", 1002),
    // Control frames that are fragmented, or long (§5.5).
    ("09 00", 1002), ("08 00", 1002), ("89 7e 00 7e", 1002), ("88 7f", 1002),
    // Continuations without a message, a message within a message (§5.4).
    ("80 00", 1002), ("00 00", 1002), ("01 00 81 00", 1002), ("02 00 01 00", 1002), ("81 00 80 00", 1002),
    // Lengths that are not in the shortest form, or negative (§5.2).
    ("82 7e 00 7d", 1002), ("82 7e 00 00", 1002), ("82 7f 00 00 00 00 00 00 ff ff", 1002),
    ("82 7f 80 00 00 00 00 00 00 00", 1002),
    // More than a limit, by the length alone (§10.4).
    ("82 7f 7f ff ff ff ff ff ff ff", 1009), ("82 7f 00 00 00 00 01 00 00 01", 1009),
    // Close frames (§5.5.1, §7.4).
    ("88 01 03", 1002), ("88 02 00 00", 1002), ("88 02 03 e7", 1002), ("88 02 03 ec", 1002), ("88 02 03 ed", 1002),
    ("88 02 03 ee", 1002), ("88 02 03 f7", 1002), ("88 02 03 f8", 1002), ("88 02 0b b7", 1002),
    ("88 02 13 88", 1002), ("88 02 ff ff", 1002), ("88 03 03 e8 ff", 1007), ("88 03 03 e8 c3", 1007),
    // Text (§8.1): overlong, a surrogate, too high, cut, a continuation alone.
    ("81 02 c0 80", 1007), ("81 01 c1", 1007), ("81 03 e0 80 80", 1007), ("81 03 ed a0 80", 1007),
    ("81 04 f4 90 80 80", 1007), ("81 01 f5", 1007), ("81 01 80", 1007), ("81 02 e2 82", 1007),
    ("01 01 e2 00 01 82 80 00", 1007), ("81 04 f0 80 80 80", 1007), ("81 02 c3 28", 1007),
  ])
  func `a violation has its code`(_ bytes: String, _ code: UInt16) {
    #expect(read(hex(bytes)).last == .error(code))
  }

  @Test func `a frame of a client without a mask is a violation`() {
    #expect(read(hex("81 05 48 65 6c 6c 6f"), as: .server) == [.error(1002)])
  }

  @Test func `bad text fails before its frame is whole`() {
    #expect(read([hex("81 7e 01 00 48 ff")]) == [.error(1007)])
    #expect(read([hex("01 02 48 e2 00 7e 10 00"), hex("28")]) == [.error(1007)])
  }

  @Test func `control frames come between the fragments of a message`() {
    let bytes = hex("01 03 48 65 6c 89 01 61 00 00 8a 00 80 02 6c 6f 88 05 03 e8 62 79 65")
    #expect(read(bytes) == [.ping([0x61]), .pong([]), .text("Hello"), .close(1000, "bye")])
  }

  @Test func `a character may be cut by fragments`() {
    #expect(read(hex("01 01 e2 00 01 82 89 00 80 01 ac")) == [.ping([]), .text("€")])
  }

  @Test func `all valid close codes, and nothing behind Close`() {
    for code in [1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999] as [UInt16] {
      let bytes = [0x88, 2, UInt8(code >> 8), UInt8(code & 0xFF), 0x83, 0xFF, 0x81]
      #expect(read(bytes) == [.close(code, "")])
    }
    #expect(read(hex("88 00 81 01 61")) == [.close(nil, "")])
  }

  @Test func `limits count a frame, and a message over its fragments`() {
    let limits = WebSocketLimits(frame: 4, message: 6)
    #expect(read(frame(0x82, noise(4)), limits: limits) == [.binary(noise(4))])
    #expect(read(frame(0x82, noise(5)), limits: limits) == [.error(1009)])
    let (first, second) = (frame(0x02, [1, 2, 3, 4]), frame(0x80, [5, 6]))
    #expect(read(first + second, limits: limits) == [.binary([1, 2, 3, 4, 5, 6])])
    #expect(read(first + frame(0x80, [5, 6, 7]), limits: limits) == [.error(1009)])
    // Control frames have their own.
    #expect(read(frame(0x89, noise(100)), limits: limits) == [.ping(noise(100))])
  }

  @Test func `an announced length takes no memory`() throws {
    var reader = WebSocketReader(
      role: .client, limits: WebSocketLimits(frame: .max, message: .max), deflate: nil)
    var position = 0
    let bytes = hex("82 7f 7f ff ff ff ff ff ff ff 01 02 03")
    #expect(try reader.next(bytes.span, from: &position) == nil)
    #expect(position == bytes.count)
    #expect(reader.content.capacity < 1024)
  }

  @Test func `text of each width, long enough for words`() {
    let text = String(repeating: "plain text, ünïcödé, €, 😀; ", count: 20)
    #expect(read(frame(0x81, Array(text.utf8))) == [.text(text)])
    for (index, byte) in [0xFF, 0xC0, 0x80].enumerated() as EnumeratedSequence<[UInt8]> {
      let bytes = Array(repeating: 0x61 as UInt8, count: 17 + index) + [byte] + Array(repeating: 0x61, count: 20)
      #expect(read(frame(0x81, bytes)) == [.error(1007)])
    }
  }

  @Test func `a reader is idle between messages alone`() throws {
    var reader = WebSocketReader(role: .client, limits: .wide, deflate: nil)
    func feed(_ text: String) throws {
      var position = 0
      let bytes = hex(text)
      while try reader.next(bytes.span, from: &position) != nil {}
    }
    #expect(reader.isIdle)
    try feed("01")
    #expect(!reader.isIdle)
    try feed("01 61")
    #expect(!reader.isIdle)
    try feed("80 00")
    #expect(reader.isIdle)
  }
}

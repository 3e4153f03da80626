import Testing

@testable import SwirlDNS

/// A header: the counts of questions, answers, authority and additional records.
private func header(
  _ questions: Int, _ answers: Int, _ authority: Int = 0, _ additional: Int = 0, flags: String = "8180"
) -> [UInt8] {
  hex("1234" + flags) + [questions, answers, authority, additional].flatMap { UInt16($0).wire }
}

/// `a.test`, which is behind a header, and its A record.
private let name = hex("01 61 04 74657374 00")
private let record = hex("c00c 0001 0001 0000003c 0004 c0000201")

@Suite struct DNSMessageTests {
  @Test func `a question is 12 bytes, a name, a type and a class (RFC 1035 §4.1)`() throws {
    let bytes = MessageWriter.query(id: 0xABCD, "F.ISI.ARPA", 1, usesEDNS: false)
    #expect(bytes == hex("abcd 0100 0001 0000 0000 0000 01 46 03 495349 04 41525041 00 0001 0001"))
    // RFC 6891 §6.1.2: the root, type 41, the size in the place of the class.
    let extended = MessageWriter.query(id: 0xABCD, "F.ISI.ARPA", 1, usesEDNS: true, length: true)
    #expect(extended.prefix(2) == [0, UInt8(bytes.count + 11)] && extended[13] == 1)
    #expect(extended.suffix(11) == hex("00 0029 04d0 00000000 0000"))
  }

  @Test func `the compressed names of RFC 1035 §4.1.4 are read`() throws {
    // F.ISI.ARPA at byte 20, FOO.F.ISI.ARPA at 40, ARPA at 64 and the root at 92, as in the RFC's picture.
    var bytes = [UInt8](repeating: 0, count: 96)
    bytes.replaceSubrange(20..<32, with: hex("01 46 03 495349 04 41525041 00"))
    bytes.replaceSubrange(40..<46, with: hex("03 464f4f c014"))
    bytes.replaceSubrange(64..<66, with: hex("c01a"))
    for (offset, text, end) in [(20, "F.ISI.ARPA", 32), (40, "FOO.F.ISI.ARPA", 46), (64, "ARPA", 66), (92, ".", 93)] {
      var reader = WireReader(bytes, at: offset)
      #expect(try reader.name().text == text)
      #expect(reader.offset == end)
    }
  }

  @Test func `an answer is read, and its records share the question's name`() throws {
    let message = try DNSMessage(header(1, 1) + name + hex("0001 0001") + record)
    #expect(message.id == 0x1234 && message.isResponse && message.responseCode == .noError)
    #expect(message.question?.name == "a.test" && message.question?.typeNumber == 1)
    #expect(message.answers.map(\.description) == ["a.test. 60 IN A 192.0.2.1"])
    #expect(message.answers[0].value(.a) == IPAddress("192.0.2.1") && message.answers[0].value(.aaaa) == nil)
    #expect(message.answers[0].ttl == .seconds(60) && message.answers[0].typeName == "A")
  }

  @Test(arguments: [
    // Each type as its RFC says: the content, and the line of a zone's file.
    (28, "20010db8000000000000000000000001", "AAAA 2001:db8::1"),
    (5, "0162c00e", "CNAME b.test."), (2, "00", "NS ."), (12, "c00c", "PTR a.test."),
    (15, "000a 046d61696c c00e", "MX 10 mail.test."),
    (16, "02 6869 00 03 22 5c 07", "TXT \"hi\" \"\" \"\\\"\\\\\\007\""),
    (33, "0001 0002 13c4 c00c", "SRV 1 2 5060 a.test."),
    (6, "c00c c00e 00000001 00000002 00000003 00000004 00000005", "SOA a.test. test. 1 2 3 4 5"),
    (257, "80 05 6973737565 63612e74657374", "CAA 128 issue \"ca.test\""),
    (65, "0001 00 0001 0003 026832", "HTTPS 1 . alpn=\"h2\""),
    (39, "c00e", "DNAME test."), (65280, "0a00ff", "TYPE65280 \\# 3 0a00ff"), (65280, "", "TYPE65280 \\# 0"),
  ])
  func `the content of each type is read, written as text, and written back`(
    type: UInt16, content: String, text: String
  ) throws {
    let bytes = hex(content)
    let message = try DNSMessage(
      header(1, 1) + name + hex("0001 0001") + hex("c00c") + type.wire + hex("0001 0000003c") + UInt16(bytes.count).wire
        + bytes)
    #expect(message.answers[0].description == "a.test. 60 IN " + text)
    let again = try DNSMessage(MessageWriter.response(to: message, answers: message.answers))
    #expect(again.answers == message.answers)
  }

  @Test func `a message that is cut anywhere is an error`() throws {
    let whole = header(1, 1, 0, 1) + name + hex("0001 0001") + record + hex("00 0029 04d0 00000000 0000")
    #expect(try DNSMessage(whole).datagramSize == 1232)
    for count in 0..<whole.count {
      #expect(throws: MessageError.self) { try DNSMessage(Array(whole.prefix(count))) }
    }
  }

  @Test func `counts that lie cost nothing`() throws {
    let error = try thrown(MessageError.self) {
      try DNSMessage(header(1, 65535, 65535, 65535) + name + hex("0001 0001"))
    }
    #expect(error.code == .cut)
    #expect(
      try thrown(MessageError.self) { try DNSMessage(header(2, 0) + name + hex("0001 0001") + name + hex("0001 0001")) }
        .code == .badRecord)
  }

  @Test(arguments: [
    ("c00c", MessageError.Code.badPointer),  // to itself
    ("c00e", .badPointer),  // forwards
    ("01 61 c00c", .badPointer),  // to its own start
    ("c000", .badPointer),  // into the header
    ("ffff", .badPointer), ("c0", .cut), ("40 61", .badName), ("80 61", .badName), ("3f 61", .cut),
  ])
  func `a name that leads astray is an error`(text: String, code: MessageError.Code) throws {
    let error = try thrown(MessageError.self) { try DNSMessage(header(1, 0) + hex(text)) }
    #expect(error.code == code, "\(error)")
  }

  @Test func `chains of pointers are bounded, whatever their length`() throws {
    // Each points to the one before it: backwards, and so valid by itself.
    var bytes = header(0, 0) + [0]
    for index in 0..<5_000 { bytes += (UInt16(0xC000) | UInt16(index == 0 ? 12 : 11 + 2 * index)).wire }
    var shallow = WireReader(bytes, at: 13 + 2 * 100)
    #expect(try shallow.name() == .root)
    var deep = WireReader(bytes, at: 13 + 2 * 4_000)
    #expect(throws: MessageError.self) { try deep.name() }
  }

  @Test func `a name of more than 255 bytes is an error, by pointers too`() throws {
    let label = [63] + [UInt8](repeating: 0x61, count: 63)
    let long = label + label + label
    let bytes = header(0, 0) + long + [61] + [UInt8](repeating: 0x61, count: 61) + [0] + [1, 0x62, 0xC0, 12]
    var fits = WireReader(bytes, at: 12)
    #expect(try fits.name().wire.count == 255)
    var over = WireReader(bytes, at: bytes.count - 4)
    #expect(try thrown(MessageError.self) { try over.name() }.code == .badName)
  }

  @Test(arguments: [
    (1, "c00002"), (1, "c000020101"), (28, "00"), (15, "000a"), (15, "000a 05 61"), (5, ""), (5, "01 61 00 00"),
    (16, ""), (16, "05 61"), (33, "0001 0002"), (6, "c00c c00c 00"), (257, "00 00"), (257, "00 01 2d 61"),
  ])
  func `content that is not as its type and length say is an error`(type: UInt16, content: String) throws {
    let bytes = hex(content)
    let message =
      header(1, 1) + name + hex("0001 0001") + hex("c00c") + type.wire + hex("0001 0000003c")
      + UInt16(bytes.count).wire + bytes + [UInt8](repeating: 0, count: 40)
    #expect(try thrown(MessageError.self) { try DNSMessage(message) }.code == .badRecord)
  }

  @Test func `64 KiB of records are read`() throws {
    let count = (65_535 - 24) / record.count
    var bytes = header(1, count) + name + hex("0001 0001")
    for _ in 0..<count { bytes += record }
    #expect(try DNSMessage(bytes).answers.count == count)
  }

  @Test func `a TTL with its highest bit is zero (RFC 2181 §8), and other classes are left out`() throws {
    let message = try DNSMessage(
      header(1, 2) + name + hex("0001 0001") + hex("c00c 0001 0001 ffffffff 0004 c0000201")
        + hex("c00c 0001 0003 0000003c 0006 c00cc00cc00c"))
    #expect(message.answers.map(\.ttl) == [.zero])
  }

  @Test func `a response code has 12 bits with EDNS (RFC 6891 §6.1.3), and OPT is once`() throws {
    let options = hex("00 0029 0100 01000000 0000")
    let message = try DNSMessage(header(1, 0, 0, 1, flags: "8180") + name + hex("0001 0001") + options)
    #expect(message.responseCode.number == 16 && message.responseCode.description == "RCODE16")
    #expect(message.datagramSize == 512)
    #expect(throws: MessageError.self) {
      try DNSMessage(header(1, 0, 0, 2) + name + hex("0001 0001") + options + options)
    }
    #expect(throws: MessageError.self) {
      try DNSMessage(header(1, 0, 0, 1) + name + hex("0001 0001") + hex("c00c 0029 0100 01000000 0000"))
    }
  }

  @Test func `types have names, and may be asked for by them`() {
    #expect(RecordType<MXRecord>.mx.description == "MX" && RecordType.other(65280).description == "TYPE65280")
    #expect(
      RecordType(named: "mx")?.number == 15 && RecordType(named: "type9")?.number == 9 && RecordType(named: "no") == nil
    )
    #expect(
      DNSRecord("a.test", 15, seconds: 1, .mx(MXRecord(preference: 1, exchange: "b.test"))).value(.other(15))
        == hex("0001 01 62 04 74657374 00"))
  }
}

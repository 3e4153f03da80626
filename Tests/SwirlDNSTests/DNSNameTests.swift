import Testing

@testable import SwirlDNS

@Suite struct DNSNameTests {
  @Test func `a name is its labels, with or without the dot at its end`() {
    let name: DNSName = "www.Example.com"
    #expect(name.wire == hex("03 777777 07 4578616d706c65 03 636f6d 00"))
    #expect(DNSName("www.Example.com.") == name && name.labelCount == 3)
    #expect(
      name.text == "www.Example.com"
        && name.labels.map { String(decoding: $0, as: UTF8.self) } == ["www", "Example", "com"])
    #expect(DNSName.root.text == "." && DNSName.root.isRoot && DNSName.root.labels.isEmpty)
    #expect(DNSName(".") == .root)
  }

  @Test func `eight bytes are folded as each of them is`() {
    for byte in UInt8.min...UInt8.max {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        // Neighbours that a carry would reach.
        for others: UInt64 in [0, .max, 0x4040_4040_4040_4040, 0x5B5B_5B5B_5B5B_5B5B, 0x5A5A_5A5A_5A5A_5A5A] {
          let hole = others & ~(UInt64(0xFF) << shift)
          let word = hole | UInt64(byte) << shift
          let bytes = word.wire
          #expect(word.folded.wire == bytes.map(\.folded), "\(bytes)")
        }
      }
    }
  }

  @Test(arguments: [1, 6, 7, 8, 9, 15, 16, 17, 40, 63])
  func `names of any length are one key in both cases`(count: Int) throws {
    let upper = try DNSName(String(repeating: "Z", count: count) + ".TEST")
    let lower = try DNSName(String(repeating: "z", count: count) + ".test.")
    #expect(Set([upper, lower]).count == 1)
    #expect(lower.wire.count == count + 7 && lower.wire.last == 0)
  }

  @Test func `names compare without case, and keep it (RFC 4343)`() {
    let (one, other): (DNSName, DNSName) = ("a.EXAMPLE.com", "A.example.COM")
    #expect(one == other && one.hashValue == other.hashValue && one.text != other.text)
    // Only letters have a case: [ and { differ in the same bit.
    #expect(DNSName("[.test") != DNSName("{.test") && DNSName("@.test") != DNSName("`.test"))
    #expect(Set<DNSName>(["x.test", "X.TEST", "y.test"]).count == 2)
  }

  @Test func `a name is under another by whole labels`() {
    let name: DNSName = "www.example.com"
    #expect(name.isUnder("Example.com") && name.isUnder("www.example.com") && name.isUnder(.root))
    #expect(!name.isUnder("ample.com") && !name.isUnder("a.www.example.com") && !name.isUnder("example.org"))
  }

  @Test func `special bytes are escaped, and read back (RFC 1035 §5.1)`() throws {
    let name = DNSName(wire: [4, UInt8(ascii: "."), 0, 0xFF, UInt8(ascii: "\\"), 1, UInt8(ascii: "a"), 0])
    #expect(name.text == "\\.\\000\\255\\\\.a")
    #expect(try DNSName(name.text).wire == name.wire)
  }

  @Test(arguments: [
    ("", "the name is empty"), ("a..b", "a label is empty"), (".a", "a label is empty"),
    (String(repeating: "x", count: 64) + ".test", "at most 63 bytes, one of these has 64"),
    (Array(repeating: String(repeating: "x", count: 50), count: 6).joined(separator: "."), "at most 253 characters"),
    (String(repeating: "x.", count: 100_000), "at most 253 characters"),
    ("b\u{fc}cher.example", "Punycode"), ("a b", "a blank or a control character"), ("a\u{0}b", "a blank or a control"),
    ("a\\", "escapes nothing"), ("a\\25", "three digits"), ("a\\256", "three digits up to 255"),
  ])
  func `a text that is no name says why`(text: String, reason: String) throws {
    let error = try thrown(NameError.self) { try DNSName(text) }
    #expect(error.code == .badName && error.reason.contains(reason), "\(error)")
  }

  @Test func `a name of 255 bytes passes, and one more does not (RFC 1035 §2.3.4)`() throws {
    func text(_ last: Int) -> String {
      [63, 63, 63, last].map { String(repeating: "x", count: $0) }.joined(separator: ".")
    }
    #expect(try DNSName(text(61)).wire.count == 255)
    #expect(try DNSName(text(61) + ".").wire.count == 255)
    #expect(throws: NameError.self) { try DNSName(text(62)) }
  }

  @Test func `an address has a name to ask for (RFC 1035 §3.5, RFC 3596 §2.5)`() throws {
    #expect(IPAddress("10.2.0.52")?.reverseName == "52.0.2.10.IN-ADDR.ARPA")
    #expect(
      IPAddress("4321:0:1:2:3:4:567:89ab")?.reverseName
        == "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.IP6.ARPA")
  }

  @Test(arguments: [
    "192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1",
    "2001:0:0:1::1", "::ffff:192.0.2.1", "fe80::1:0:0:1", "1:2:3:4:5:6:7:8",
  ])
  func `addresses are written as RFC 5952 says`(text: String) {
    #expect(IPAddress(text)?.description == text)
    #expect(IPAddress(bytes: IPAddress(text)!.bytes) == IPAddress(text))
  }

  @Test func `what is no address is nil`() {
    for text in ["", "1.2.3", "1.2.3.4.5", "fe80::1%lo", "example.com", "::g"] { #expect(IPAddress(text) == nil) }
    #expect(IPAddress(bytes: [1, 2, 3]) == nil)
  }
}

import Testing

@testable import SwirlDNS

private func read(_ content: String) throws -> RecordData {
  let bytes = hex(content)
  var reader = WireReader(bytes)
  return try RecordData.read(64, bytes.count, &reader)
}

private let foo = "03666f6f076578616d706c6503636f6d00"
private let fooOrg = "03666f6f076578616d706c65036f726700"

@Suite struct ServiceBindingTests {
  @Test(arguments: [
    // RFC 9460, appendix D.1 and D.2.
    ("0000" + foo, "0 foo.example.com."),
    ("0001 00", "1 ."),
    ("0010" + foo + "0003 0002 0035", "16 foo.example.com. port=53"),
    ("0001" + foo + "029b 0005 68656c6c6f", "1 foo.example.com. key667=\"hello\""),
    ("0001" + foo + "029b 0009 68656c6c6fd2716f6f", "1 foo.example.com. key667=\"hello\\210qoo\""),
    (
      "0001" + foo + "0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001",
      "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1"
    ),
    (
      "0001" + foo + "0006 0010 20010db80122034400000000c0000221",
      "1 foo.example.com. ipv6hint=2001:db8:122:344::c000:221"
    ),
    (
      "0010" + fooOrg + "0000 0004 00010004 0001 0009 02683205 68332d3139 0004 0004 c0000201",
      "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1"
    ),
    ("0010" + fooOrg + "0001 000c 08665c6f6f2c626172 026832", "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\""),
  ])
  func `the vectors of RFC 9460, appendix D, are read`(content: String, text: String) throws {
    let data = try read(content)
    #expect(data.text == text)
    #expect(data.bytes == hex(content))
  }

  @Test func `its parts have their types`() throws {
    let binding = try #require(
      try read(
        "0010" + fooOrg + "0000 0004 00010004 0001 0009 026832 0568332d3139 0002 0000 0003 0002 01bb 0004 0004 c0000201"
      ).binding)
    #expect(binding.priority == 16 && !binding.isAlias && binding.target == "foo.example.org" && binding.isUsable)
    #expect(binding.applicationProtocols == ["h2", "h3-19"] && !binding.hasDefaultProtocol && binding.port == 443)
    #expect(
      binding.addressHints == [IPAddress("192.0.2.1")] && binding.mandatoryKeys == [1, 4]
        && binding.parameter(667) == nil)
    // Whatever needs a key that is not known must not be used (RFC 9460 §8).
    #expect(try read("0001 00 0000 0002 029b 029b 0000").binding?.isUsable == false)
  }

  @Test(arguments: [
    "0001 00 0003 0002 0035 0003 0002 0036",  // a key twice (D.3)
    "0001 00 0003 0002 0035 0001 0003 026832",  // keys out of order
    "0001 00 0003 0001 35", "0001 00 0004 0003 c00002", "0001 00 0004 0000", "0001 00 0006 0004 c0000201",
    "0001 00 0001 0000", "0001 00 0001 0002 0268", "0001 00 0001 0001 00",  // application protocols
    "0001 00 0000 0002 0001",  // a mandatory key that is not there (D.3)
    "0001 00 0000 0004 0001 0001 0001 0003 026832",  // a mandatory key twice (D.3)
    "0001 00 0000 0002 0000",  // itself (D.3)
    "0001 00 0002 0000",  // no default protocol, and no other
    "0001 00 0003", "0001 00 0003 0005 00", "0001",
  ])
  func `what has not the form of RFC 9460 is an error`(content: String) {
    #expect(throws: MessageError.self) { try read(content) }
  }
}

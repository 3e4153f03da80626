import Testing

@testable import SwirlNet

@Suite struct SocketAddressGlobalTests {
  /// IANA's registries of special-purpose addresses; Python's `ipaddress` agrees.
  @Test(arguments: [
    ("127.0.0.1", false), ("0.0.0.0", false), ("10.1.2.3", false), ("100.64.0.1", false), ("100.128.0.1", true),
    ("169.254.169.254", false), ("172.15.255.255", true), ("172.16.0.0", false), ("172.31.255.255", false),
    ("172.32.0.0", true),
    ("192.0.0.9", true), ("192.0.0.8", false), ("192.0.2.1", false), ("192.168.1.1", false), ("198.18.0.1", false),
    ("198.20.0.0", true), ("203.0.113.9", false), ("224.0.0.1", false), ("255.255.255.255", false), ("8.8.8.8", true),
    ("::", false), ("::1", false), ("::ffff:127.0.0.1", false), ("::ffff:8.8.8.8", true), ("::127.0.0.1", false),
    ("64:ff9b::7f00:1", false), ("64:ff9b::808:808", true), ("64:ff9b:1::1", false), ("2002:7f00:1::", false),
    ("2002:808:808::1", true),
    ("fe80::1", false), ("fc00::1", false), ("fd12::1", false), ("ff02::1", false), ("2001:db8::1", false),
    ("2001::1", false),
    ("2606:4700::1111", true), ("3fff::1", false), ("4000::1", false), ("fec0::1", false),
  ])
  func `an address of the public Internet is distinguished from those of other purposes`(ip: String, isGlobal: Bool) {
    #expect(SocketAddress(ip: ip, port: 80)!.isGlobal == isGlobal)
  }

  @Test func `a Unix socket is not global`() { #expect(!SocketAddress(unixPath: "/run/x")!.isGlobal) }

  @Test func `a block of addresses is an address and a length`() {
    for bad in [
      "", "/", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+1", "1.2.3.4/8/8", "::/129", "a/8",
      "1.2.3/8 ",
    ] {
      #expect(AddressRange(bad) == nil, "\(bad)")
    }
    let range = AddressRange("10.32.0.0/11")
    for (ip, isIn) in [
      ("10.31.255.255", false), ("10.32.0.0", true), ("10.63.255.255", true), ("10.64.0.0", false),
      ("::ffff:10.40.0.1", true),
    ] {
      #expect(range.contains(SocketAddress(ip: ip, port: 0)!) == isIn, "\(ip)")
    }
  }
}

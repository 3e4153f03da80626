import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// The header of the PROXY protocol. The lines and the binary form are those of HAProxy's specification, 2.1 and 2.2.
@Suite struct ProxyHeaderTests {
  private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

  private static func binary(_ command: UInt8, _ family: UInt8, _ content: [UInt8]) -> [UInt8] {
    signature + [command, family, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
  }

  /// Feeds `input` in pieces of at most `size`, and checks that nothing behind `length` is read.
  private func parse(_ input: [UInt8], length: Int? = nil, by size: Int = .max) -> ProxyHeader.Step {
    var header = ProxyHeader()
    var step = ProxyHeader.start
    var position = 0
    while true {
      let piece: ArraySlice<UInt8>
      switch step {
      case .bytes(let count): piece = input[position...].prefix(min(count, size))
      case .line(let room):
        let seen = input[position...].prefix(min(room, size))
        piece = seen.firstIndex(of: 0x0A).map { seen[...$0] } ?? seen
      case .done, .failed:
        if case .done = step { #expect(position == length ?? input.count, "all of the header, and no more, is read") }
        return step
      }
      guard !piece.isEmpty else { return step }
      position += piece.count
      step = header.take(piece)
    }
  }

  private static let addresses6 = Array(repeating: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", count: 2).joined(
    separator: " ")

  private static let good: [([UInt8], String?)] = [
    (Array("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".utf8), "255.255.255.255:65535"),
    (Array("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n".utf8), "192.168.0.1:56324"),
    (Array("PROXY TCP6 2001:db8::1 ::1 1 0\r\n".utf8), "[2001:db8::1]:1"),
    (Array("PROXY TCP6 \(addresses6) 65535 65535\r\n".utf8), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
    (Array("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 5 443\r\n".utf8), "192.0.2.1:5"),
    (Array("PROXY UNKNOWN\r\n".utf8), nil),
    (Array("PROXY UNKNOWN \(addresses6) 65535 65535\r\n".utf8), nil),
    (binary(0x21, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 1, 187]), "192.0.2.1:4660"),
    (binary(0x21, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 1, 187] + [0x04, 0, 3, 0, 0, 0]), "192.0.2.1:4660"),
    (
      binary(
        0x21, 0x21,
        [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1] + Array(repeating: 0, count: 16) + [0, 80, 0, 81]),
      "[2001:db8::1]:80"
    ),
    (
      binary(
        0x21, 0x21,
        Array(repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1] + Array(repeating: 0, count: 16) + [0, 80, 0, 81]),
      "192.0.2.1:80"
    ),
    (binary(0x20, 0x00, []), nil), (binary(0x20, 0x11, Array(repeating: 9, count: 12)), nil),
    (binary(0x21, 0x00, []), nil), (binary(0x21, 0x31, Array(repeating: 65, count: 216)), nil),
  ]

  @Test(arguments: good.indices, [1, 2, 7, 16, Int.max])
  func `a header gives the client's address, however it is cut`(index: Int, size: Int) {
    let (bytes, address) = Self.good[index]
    let behind = Array("GET / HTTP/1.1\r\n\r\n".utf8)
    guard case .done(let client) = parse(bytes + behind, length: bytes.count, by: size) else {
      Issue.record("\(String(decoding: bytes, as: UTF8.self)) is a header")
      return
    }
    #expect(client?.description == address)
  }

  @Test(arguments: good.indices) func `the beginning of a header waits for more`(index: Int) {
    let bytes = Self.good[index].0
    for count in 1..<bytes.count {
      switch parse(Array(bytes.prefix(count))) {
      case .bytes, .line: break
      case .done, .failed: Issue.record("\(count) of \(bytes.count) bytes are no whole header")
      }
    }
  }

  private static let bad: [[UInt8]] =
    [
      "GET / HTTP/1.1\r\nHost: x\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n", "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n", "PROXY TCP4 ::1 ::1 1 1\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n", "PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP6 fe80::1%lo ::1 1 1\r\n", "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY\r\nGET / HTTP/1.1\r\n", "PROXY UNKNOWN\n             ", "PROXY TCP4 localhost 1.2.3.4 1 1\r\n",
      "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n",
    ].map { Array($0.utf8) } + [
      binary(0x11, 0x11, Array(repeating: 0, count: 12)), binary(0x22, 0x11, Array(repeating: 0, count: 12)),
      binary(0x21, 0x11, Array(repeating: 0, count: 11)), binary(0x21, 0x21, Array(repeating: 0, count: 35)),
      binary(0x21, 0x44, Array(repeating: 0, count: 12)), binary(0x21, 0x11, Array(repeating: 0, count: 5000)),
      Array(signature.dropLast()) + [0x0B, 0, 0, 0],
    ]

  @Test(arguments: bad.indices, [1, Int.max]) func `what is no header fails`(index: Int, size: Int) {
    let step = parse(Self.bad[index], by: size)
    guard case .failed = step else {
      Issue.record("\(String(decoding: Self.bad[index], as: UTF8.self)) gave \(step)")
      return
    }
  }

  @Test func `a block of addresses`() {
    let range: AddressRange = "10.32.0.0/11"
    #expect(range.contains(SocketAddress(ip: "10.63.255.255", port: 1)!))
    #expect(!range.contains(SocketAddress(ip: "10.64.0.0", port: 1)!))
    #expect(AddressRange("10.33.0.1/11") == range && range.description == "10.32.0.0/11")
    #expect(AddressRange("192.0.2.1").contains(SocketAddress(ip: "::ffff:192.0.2.1", port: 1)!))
    #expect(!AddressRange("192.0.2.1").contains(SocketAddress(ip: "192.0.2.2", port: 1)!))
    #expect(!range.contains(SocketAddress(unixPath: "/x")!))
    for text in ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "x/8", "::1/129", "10.0.0.0/-1"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }
}

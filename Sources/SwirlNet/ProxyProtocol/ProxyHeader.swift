import SwirlPlatform

/// Parses the header of the PROXY protocol, versions 1 and 2, in steps that never read beyond it.
///
/// The specification is that of HAProxy, "The PROXY protocol", sections 2.1 and 2.2.
struct ProxyHeader {
  /// What to read next.
  enum Step: Equatable {
    /// That many bytes, not more.
    case bytes(Int)
    /// Up to the end of a line, and at most so many bytes.
    case line(atMost: Int)
    /// The header is complete. The address of the client, an IPv4 address as such, as `accept` gives it; nil if the
    /// proxy speaks for itself, or does not know it.
    case done(SocketAddress?)
    case failed(String)
  }

  private var bytes: [UInt8] = []
  /// In the state of version 2: the length of all.
  private var length: Int?

  /// The signature of version 2.
  private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
  /// The longest line of version 1, with CR LF.
  private static let longestLine = 107
  /// More than addresses, a TLS client's certificate name and a signed token need.
  private static let longest = 4096
  /// No header of either version is shorter.
  private static let shortest = 15

  /// The first step.
  static let start = Step.bytes(shortest)

  /// Takes what the last step asked for, or a part of it.
  mutating func take(_ more: some Sequence<UInt8>) -> Step {
    bytes += more
    if bytes.count < Self.shortest { return isPossible ? .bytes(Self.shortest - bytes.count) : Self.strange }
    if bytes.starts(with: Self.signature) { return binary() }
    guard bytes.starts(with: "PROXY ".utf8) else { return Self.strange }
    if bytes.dropLast().contains(UInt8(ascii: "\n")) { return .failed("its line is too short") }
    if bytes.last == UInt8(ascii: "\n") { return line() }
    guard bytes.count < Self.longestLine else { return .failed("its line has more than \(Self.longestLine) bytes") }
    return .line(atMost: Self.longestLine - bytes.count)
  }

  private static let strange = Step.failed("it does not begin with a header of the PROXY protocol")

  private var isPossible: Bool {
    let count = min(bytes.count, 6)
    return bytes.prefix(count).elementsEqual("PROXY ".utf8.prefix(count))
      || bytes.prefix(12).elementsEqual(Self.signature.prefix(bytes.count))
  }

  // MARK: - Version 1

  private func line() -> Step {
    guard bytes.suffix(2).elementsEqual("\r\n".utf8) else { return .failed("its line does not end in CR LF") }
    let text = String(decoding: bytes.dropLast(2), as: UTF8.self)
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    // What follows UNKNOWN is to be ignored.
    if words[1] == "UNKNOWN" { return .done(nil) }
    guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6" else {
      return .failed("\(text.debugDescription) is no line of the PROXY protocol")
    }
    let family = words[1] == "TCP4" ? SocketAddress.Family.ipv4 : .ipv6
    guard let source = Self.address(words[2], words[4], family), Self.address(words[3], words[5], family) != nil else {
      return .failed("\(text.debugDescription) has other addresses than it says")
    }
    return .done(source.unmapped)
  }

  private static func address(
    _ host: Substring, _ port: Substring, _ family: SocketAddress.Family
  ) -> SocketAddress? {
    // In decimal, without a sign and without leading zeros.
    guard let number = Int(port), String(number) == port, !host.contains("%"),
      let address = SocketAddress(ip: String(host), port: number), address.family == family
    else { return nil }
    // getaddrinfo takes other forms of IPv4 addresses, too.
    if family == .ipv4, address.host != host { return nil }
    return address
  }

  // MARK: - Version 2

  private mutating func binary() -> Step {
    guard bytes.count >= 16 else { return .bytes(16 - bytes.count) }
    if length == nil {
      guard bytes[12] >> 4 == 2 else { return .failed("its version is \(bytes[12] >> 4), not 2") }
      length = 16 + Int(bytes[14]) << 8 + Int(bytes[15])
    }
    guard let length, length <= Self.longest else { return .failed("it has more than \(Self.longest) bytes") }
    if bytes.count < length { return .bytes(length - bytes.count) }
    let command = bytes[12] & 15
    guard command <= 1 else { return .failed("its command is \(command), neither LOCAL nor PROXY") }
    // The proxy's own connection, such as a check of health.
    if command == 0 { return .done(nil) }
    let content = bytes[16...]
    switch bytes[13] {
    case 0x11:
      guard content.count >= 12 else { return Self.short }
      return .done(Self.address(content[16..<20], port: content[24..<26]))
    case 0x21:
      guard content.count >= 36 else { return Self.short }
      return .done(Self.address(content[16..<32], port: content[48..<50]))
    case 0x00, 0x12, 0x22, 0x31, 0x32: return .done(nil)
    default: return .failed("its family and transport are \(bytes[13]), which is not defined")
    }
  }

  private static let short = Step.failed("it is shorter than its addresses")

  private static func address(_ bytes: ArraySlice<UInt8>, port: ArraySlice<UInt8>) -> SocketAddress? {
    let number = Int(port[port.startIndex]) << 8 + Int(port[port.startIndex + 1])
    return SocketAddress(ipBytes: Array(bytes), port: number)?.unmapped
  }
}

extension SocketAddress {
  /// The address of four or sixteen bytes in network order.
  init?(ipBytes bytes: [UInt8], port: Int) {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let domain = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(domain, bytes, &text, socklen_t(text.count)) != nil
    else { return nil }
    self.init(ip: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), port: port)
  }
}

/// Where a request goes: the parts of an `http` or `https` URL that a client needs (RFC 9110 §4.2, RFC 3986 §3).
///
/// Reading one does not use Foundation: it happens for every request.
struct HTTPURL {
  let origin: Origin
  /// The path and query, percent-encoded, beginning with a slash: the request target in origin form.
  let target: String
  /// What is wrong with a URL, in words.
  struct Malformed: Error {
    let code: HTTPError.Code
    let reason: String

    init(_ reason: String, _ code: HTTPError.Code = .invalidURL) {
      self.code = code
      self.reason = reason
    }
  }

  init(_ url: String) throws(Malformed) {
    let bytes = url.utf8.span
    let prefix = try Self.schemeLength(bytes)
    let isSecure = prefix == 8
    let isUnix = prefix == 12
    // The authority ends where path, query or fragment begins.
    var end = prefix
    while end < bytes.count, !bytes[end].endsAuthority { end += 1 }
    origin =
      isUnix ? try Self.unixOrigin(bytes, prefix..<end) : try Self.origin(bytes, prefix..<end, isSecure)
    target = try Self.target(bytes, from: end)
  }

  private static func schemeLength(_ bytes: Span<UInt8>) throws(Malformed) -> Int {
    if bytes.starts(with: "http://") { return 7 }
    if bytes.starts(with: "https://") { return 8 }
    if bytes.starts(with: "http+unix://") { return 12 }
    var colon = 0
    while colon < bytes.count, bytes[colon].isSchemeByte { colon += 1 }
    // RFC 3986 §3.1. A host and a port without a scheme look like one: `localhost:8080`, `example.com:x`.
    guard colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":"), bytes[0].isLetter,
      colon + 1 == bytes.count || !bytes[colon + 1].isDigit, (0..<colon).allSatisfy({ bytes[$0] != UInt8(ascii: ".") })
    else { throw Malformed("the URL has no scheme: write http:// before the host") }
    let scheme = String(copying: bytes.extracting(0..<colon))
    switch scheme.lowercased() {
    case let known where known == "http" || known == "https":
      throw Malformed("the URL needs two slashes after \(known):")
    default: throw Malformed("the scheme \(scheme) is not supported: use http or https", .unsupportedScheme)
    }
  }

  /// The percent-encoded path of a Unix socket, where a host would be.
  private static func unixOrigin(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Malformed) -> Origin {
    guard let path = String(copying: bytes.extracting(range)).percentDecoded, !path.isEmpty else {
      throw Malformed("write the path of the socket percent-encoded after http+unix://, a slash as %2F")
    }
    return Origin(isSecure: false, host: "localhost", port: Origin.port(false), socketPath: path)
  }

  /// `host`, `host:port`, `[v6]` or `[v6]:port`.
  private static func origin(_ bytes: Span<UInt8>, _ range: Range<Int>, _ isSecure: Bool) throws(Malformed) -> Origin {
    var colon: Int?
    var isInBrackets = false
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "@"):
        throw Malformed("the URL has a user name: give it as `authentication` instead")
      case UInt8(ascii: "["): isInBrackets = true
      case UInt8(ascii: "]"): isInBrackets = false
      case UInt8(ascii: ":"): if !isInBrackets, colon == nil { colon = index }
      case 0x21...0x7E: break
      case 0x80...: throw Malformed("the host has a letter beyond ASCII: write it in Punycode (xn--…)")
      default: throw Malformed("the host has a space or control character in it")
      }
    }
    if isBareIPv6(bytes, range) { throw Malformed("write an IPv6 address in brackets, such as [::1]") }
    let host = range.lowerBound..<(colon ?? range.upperBound)
    guard !host.isEmpty else { throw Malformed("the URL has no host") }
    guard isValidHost(bytes, host) else {
      throw Malformed("\(String(copying: bytes.extracting(host))) is not a host name")
    }
    var port = Origin.port(isSecure)
    if let colon, colon + 1 < range.upperBound {
      guard let number = parsePort(bytes, colon + 1..<range.upperBound) else {
        throw Malformed("the port must be a number from 1 to 65535")
      }
      port = number
    }
    return Origin(isSecure: isSecure, host: String(lowercasing: bytes.extracting(host)), port: port)
  }

  private static func isValidHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    if bytes[range.lowerBound] == UInt8(ascii: "[") {
      guard range.count > 2, bytes[range.upperBound - 1] == UInt8(ascii: "]") else { return false }
      return (range.lowerBound + 1..<range.upperBound - 1).allSatisfy {
        bytes[$0].isHexDigit || bytes[$0] == UInt8(ascii: ":") || bytes[$0] == UInt8(ascii: ".")
      }
    }
    return range.count <= 255 && range.allSatisfy { bytes[$0].isHostByte }
  }

  /// Two colons or more, and nothing that an address does not have.
  private static func isBareIPv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var colons = 0
    for index in range {
      if bytes[index] == UInt8(ascii: ":") { colons += 1 } else if !bytes[index].isHexDigit { return false }
    }
    return colons > 1
  }

  private static func parsePort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard range.count <= 5 else { return nil }
    var port = 0
    for index in range {
      guard bytes[index].isDigit else { return nil }
      port = port * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return (1...65_535).contains(port) ? port : nil
  }

  /// The target of `url` when it begins with `prefix`, a scheme, host and port, and they end there; else nil.
  static func target(of url: String, after prefix: [UInt8]) throws(Malformed) -> String? {
    let bytes = url.utf8.span
    let prefix = prefix.span
    guard bytes.count >= prefix.count else { return nil }
    for index in prefix.indices where bytes[index] != prefix[index] { return nil }
    guard bytes.count == prefix.count || bytes[prefix.count].endsAuthority else { return nil }
    return try target(bytes, from: prefix.count)
  }

  /// The path and query without the fragment; `.` and `..` in the path are resolved (RFC 3986 §6.2.2.3). What a URL cannot carry as
  /// it is, such as letters beyond ASCII, is percent-encoded; a space or control character is a mistake somewhere, and refused.
  private static func target(_ bytes: Span<UInt8>, from start: Int) throws(Malformed) -> String {
    var end = start
    var isPlain = start < bytes.count && bytes[start] == UInt8(ascii: "/")
    var hasDots = false
    while end < bytes.count, bytes[end] != UInt8(ascii: "#") {
      let byte = bytes[end]
      guard byte > 0x20, byte != 0x7F else {
        throw Malformed("the URL has a space or control character in it: percent-encode it (a space is %20)")
      }
      if byte.needsEncoding { isPlain = false }
      if byte == UInt8(ascii: "."), end > start, bytes[end - 1] == UInt8(ascii: "/") { hasDots = true }
      end += 1
    }
    if start == end { return "/" }
    if hasDots { return URLReference.withoutDots(inPathOf: encodedTarget(bytes, start..<end)) }
    if isPlain { return String(copying: bytes.extracting(start..<end)) }
    return encodedTarget(bytes, start..<end)
  }

  private static func encodedTarget(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var encoded: [UInt8] = []
    if bytes[range.lowerBound] != UInt8(ascii: "/") { encoded.append(UInt8(ascii: "/")) }
    for index in range {
      if bytes[index].needsEncoding {
        encoded.append(percentEncoding: bytes[index])
      } else {
        encoded.append(bytes[index])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  fileprivate var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }
  fileprivate var isHexDigit: Bool { isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f")) }
  fileprivate var endsAuthority: Bool {
    self == UInt8(ascii: "/") || self == UInt8(ascii: "?") || self == UInt8(ascii: "#") || self == UInt8(ascii: "\\")
  }
  /// Letters, digits and what names are made of; no percent sign, which has no meaning in a name that is looked up.
  fileprivate var isHostByte: Bool {
    isDigit || isLetter || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
  }
  fileprivate var isSchemeByte: Bool {
    isDigit || isLetter || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
  }
  /// What RFC 3986 has in no part of a URL.
  fileprivate var needsEncoding: Bool {
    switch self {
    case 0x80...: true
    case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
      UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
      true
    default: false
    }
  }
}

extension Span<UInt8> {
  /// Whether it begins with `prefix`, which is in lower case, the letters in either case.
  fileprivate func starts(with prefix: StaticString) -> Bool {
    guard count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount {
      let wanted = prefix.utf8Start[index]
      guard self[index] == wanted || wanted.isLetter && self[index] | 0x20 == wanted else { return false }
    }
    return true
  }
}

extension String {
  fileprivate init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes as text, with the letters of ASCII in lower case.
  fileprivate init(lowercasing bytes: Span<UInt8>) {
    self.init(unsafeUninitializedCapacity: bytes.count) { buffer in
      for index in 0..<bytes.count {
        let byte = bytes[index]
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        buffer[index] = isUpper ? byte | 0x20 : byte
      }
      return bytes.count
    }
  }
}

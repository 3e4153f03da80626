// The basic URL parser (WHATWG URL §4.4), for the schemes that this library supports. The standard has a state per
// byte; this code finds the end of each part first, with the same result.

extension HTTPURL {
  private enum Scheme {
    case http, https, unix
  }

  private var scheme: Scheme { origin.socketPath != nil ? .unix : origin.isSecure ? .https : .http }

  /// Parses a URL, or resolves a reference against `base`.
  package static func parse(_ input: Span<UInt8>, at base: HTTPURL? = nil) throws(Malformed) -> HTTPURL {
    let range = input.withoutBlanks
    if range.contains(where: { input[$0].isTabOrLineEnd }) {
      let kept = range.map { input[$0] }.filter { !$0.isTabOrLineEnd }
      return try parse(kept.span, at: base)
    }
    let end = range.first { input[$0] == UInt8(ascii: "#") } ?? range.upperBound
    let fragment = end < range.upperBound ? encodedFragment(input, end + 1..<range.upperBound) : nil
    guard let (scheme, start) = try scheme(input, range.lowerBound..<end) else {
      guard let base else { throw Malformed("the URL has no scheme: write http:// before the host") }
      return try base.resolving(input, range.lowerBound..<end, fragment)
    }
    if let base, base.scheme == scheme, scheme != .unix, !input.extracting(start..<end).startsWithSlashes {
      return try base.resolving(input, start..<end, fragment)
    }
    if scheme == .unix, !input.extracting(start..<end).startsWithSlashes {
      throw Malformed("the URL needs two slashes after http+unix:")
    }
    return try whole(scheme, input, start..<end, fragment)
  }

  /// Parses a URL from the slashes before its authority. It skips any number of slashes, except for Unix sockets, whose
  /// name may be empty.
  private static func whole(
    _ scheme: Scheme, _ input: Span<UInt8>, _ range: Range<Int>, _ fragment: String?
  ) throws(Malformed) -> HTTPURL {
    let start = scheme == .unix ? range.lowerBound + 2 : range.first { !input[$0].isSlash } ?? range.upperBound
    let end =
      (start..<range.upperBound).first { input[$0].isSlash || input[$0] == UInt8(ascii: "?") } ?? range.upperBound
    var credentials: Credentials?
    let origin: Origin
    if scheme == .unix {
      origin = try unixOrigin(input.extracting(start..<end))
    } else {
      var host = start
      if let at = (start..<end).last(where: { input[$0] == UInt8(ascii: "@") }) {
        credentials = Credentials(input.extracting(start..<at))
        host = at + 1
      }
      origin = try Self.origin(input, host..<end, isSecure: scheme == .https)
    }
    return HTTPURL(
      origin: origin, target: target(input, end..<range.upperBound), fragment: fragment, credentials: credentials)
  }

  /// Resolves a reference without a scheme, or with the scheme of this URL (the standard's relative state).
  private func resolving(
    _ input: Span<UInt8>, _ range: Range<Int>, _ fragment: String?
  ) throws(Malformed) -> HTTPURL {
    let reference = input.extracting(range)
    if reference.count >= 2, reference[0].isSlash, reference[1].isSlash {
      return try Self.whole(scheme, input, range, fragment)
    }
    let target: String
    if reference.isEmpty {
      target = self.target
    } else if reference[0].isSlash {
      target = Self.target(input, range)
    } else {
      let query = self.target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? self.target.utf8.endIndex
      var path = Array(self.target.utf8[..<query])
      if reference[0] != UInt8(ascii: "?") { path.removeLastSegment() }
      target = Self.target(input, range, after: path)
    }
    return HTTPURL(origin: origin, target: target, fragment: fragment, credentials: credentials)
  }

  /// The scheme and the position behind it; nil for a reference without a scheme.
  private static func scheme(_ input: Span<UInt8>, _ range: Range<Int>) throws(Malformed) -> (Scheme, Int)? {
    guard let colon = range.first(where: { !input[$0].isSchemeByte }), colon > range.lowerBound,
      input[colon] == UInt8(ascii: ":"), input[range.lowerBound].isLetter
    else { return nil }
    let name = String(lowercasing: input.extracting(range.lowerBound..<colon))
    switch name {
    case "http": return (.http, colon + 1)
    case "https": return (.https, colon + 1)
    case "http+unix": return (.unix, colon + 1)
    default:
      // `localhost:8080` and `example.com:x` are a host and a port that look like a scheme.
      if colon + 1 < range.upperBound && input[colon + 1].isDigit || name.contains(".") {
        throw Malformed("the URL has no scheme: write http:// before the host")
      }
      throw Malformed(
        "the scheme \(name) is not supported: "
          + (name == "ws" || name == "wss" ? "open a WebSocket by webSocket(url)" : "use http or https"),
        isUnsupportedScheme: true)
    }
  }

  /// The percent-encoded path of a Unix socket, in place of a host.
  private static func unixOrigin(_ name: Span<UInt8>) throws(Malformed) -> Origin {
    guard let path = String(copying: name).percentDecoded, !path.isEmpty else {
      throw Malformed("write the path of the socket percent-encoded after http+unix://, a slash as %2F")
    }
    return Origin(isSecure: false, host: "localhost", port: Origin.port(false), socketPath: path)
  }

  /// `host`, `host:port`, `[v6]` or `[v6]:port`.
  private static func origin(_ input: Span<UInt8>, _ range: Range<Int>, isSecure: Bool) throws(Malformed) -> Origin {
    var colon: Int?
    var colons = 0
    var isInBrackets = false
    for index in range {
      switch input[index] {
      case UInt8(ascii: "["): isInBrackets = true
      case UInt8(ascii: "]"): isInBrackets = false
      case UInt8(ascii: ":") where !isInBrackets:
        colons += 1
        if colon == nil { colon = index }
      default: break
      }
    }
    if colons > 1, range.allSatisfy({ input[$0].isHexDigit || input[$0] == UInt8(ascii: ":") }) {
      throw Malformed("write an IPv6 address in brackets, such as [::1]")
    }
    let host = range.lowerBound..<(colon ?? range.upperBound)
    guard !host.isEmpty else { throw Malformed("the URL has no host") }
    let name = try URLHost.canonical(input.extracting(host))
    var port = Origin.port(isSecure)
    if let colon, colon + 1 < range.upperBound {
      guard let number = parsePort(input.extracting(colon + 1..<range.upperBound)) else {
        throw Malformed("the port must be a number from 1 to 65535")
      }
      port = number
    }
    return Origin(isSecure: isSecure, host: name, port: port)
  }

  /// The standard permits port 0, to which no connection is possible.
  private static func parsePort(_ digits: Span<UInt8>) -> Int? {
    var port = 0
    for index in digits.indices {
      guard digits[index].isDigit, port <= 65_535 else { return nil }
      port = port * 10 + Int(digits[index] - UInt8(ascii: "0"))
    }
    return (1...65_535).contains(port) ? port : nil
  }
}

extension HTTPURL.Credentials {
  /// `user`, or `user:password`; nil for an empty text.
  fileprivate init?(_ text: Span<UInt8>) {
    let colon = text.indices.first { text[$0] == UInt8(ascii: ":") } ?? text.count
    user = String(decoding: text.extracting(0..<colon).percentDecoded, as: UTF8.self)
    password =
      colon == text.count ? "" : String(decoding: text.extracting(colon + 1..<text.count).percentDecoded, as: UTF8.self)
    if user.isEmpty && password.isEmpty { return nil }
  }
}

extension Span<UInt8> {
  /// Without the C0 control characters and spaces at both ends.
  fileprivate var withoutBlanks: Range<Int> {
    var (start, end) = (0, count)
    while start < end, self[start] <= 0x20 { start += 1 }
    while start < end, self[end - 1] <= 0x20 { end -= 1 }
    return start..<end
  }

  fileprivate var startsWithSlashes: Bool {
    count >= 2 && self[0] == UInt8(ascii: "/") && self[1] == UInt8(ascii: "/")
  }
}

#if HTTP2
import SwirlHTTPCore

/// Collects the fields of one message after the other, and applies the rules of RFC 9113 §8.2 and §8.3 that libnghttp2
/// leaves to its user.
struct FieldReader {
  enum Kind { case request, response, trailers }

  /// Why fields are not taken.
  enum Problem: Equatable {
    /// They are longer than allowed.
    case tooLong
    /// They are malformed (RFC 9113 §8.1.1): the rule.
    case malformed(String)
  }

  private static let keptBytes = 8 * 1024

  private let limit: Int
  private(set) var kind = Kind.request
  private var size = 0
  private var lines = HeadLines()
  /// How many bytes the last section took, because the next one of this peer is mostly alike.
  private var room = 256
  private var scheme: FieldSection.Scheme?
  /// The values of a request's pseudo-header fields, one behind the other, until its request line is written.
  private var pseudo: [UInt8] = []
  private var method = 0..<0
  private var path = 0..<0
  private var authority = 0..<0
  private var connectProtocol = 0..<0
  /// A request's cookies, which may come in several fields (RFC 9113 §8.2.3).
  private var cookies: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// Whether a section that is too long may be answered: a request, unless it is a bomb, whose fields would cost time.
  var isAnswerable: Bool { kind == .request && size <= 4 * limit }

  mutating func begin(_ kind: Kind) {
    self.kind = kind
    size = 0
    scheme = nil
    lines.begin(capacity: room)
    guard kind == .request else { return }
    Self.empty(&pseudo)
    Self.empty(&cookies)
    method = 0..<0
    path = 0..<0
    authority = 0..<0
    connectProtocol = 0..<0
  }

  /// A peer's large section does not stay for the life of its connection.
  private static func empty(_ bytes: inout [UInt8]) {
    if !bytes.isEmpty { bytes.removeAll(keepingCapacity: bytes.capacity <= keptBytes) }
  }

  // MARK: - Fields

  /// Takes a field, whose name and value libnghttp2 has validated. Its size counts with 32 bytes more (RFC 9113
  /// §6.5.2).
  mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Problem? {
    size += name.count + value.count + 32
    if size > limit { return .tooLong }
    if name.first == UInt8(ascii: ":") { return takePseudo(name, value) }
    switch kind {
    case .request: return takeRequestField(name, value)
    case .response: lines.append(name.span, value.span)
    case .trailers:
      switch TrailerRule(name.span, name.indices) {
      case .allowed: lines.append(name.span, value.span)
      case .dropped: break
      case .refused:
        return .malformed("the trailer field \(String(decoding: name, as: UTF8.self)) is not allowed (RFC 9110 §6.5.1)")
      }
    }
    return nil
  }

  private mutating func takeRequestField(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Problem? {
    // libnghttp2 has seen that all pseudo-header fields come first (RFC 9113 §8.3).
    if !lines.hasStartLine, let rule = writeRequestLine() { return .malformed(rule) }
    switch name.count {
    case 6 where name.isText("cookie"):
      if !cookies.isEmpty { cookies += "; ".utf8 }
      cookies += value
    case 4 where name.isText("host"):
      if !authority.isEmpty {
        return isAuthority(value) ? nil : .malformed("Host and :authority name different servers (RFC 9113 §8.3.1)")
      }
      if value.contains(UInt8(ascii: "@")) { return .malformed(Self.userNameRule) }
      lines.append("Host", value.span)
    default: lines.append(name.span, value.span)
    }
    return nil
  }

  private mutating func takePseudo(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Problem? {
    // The names differ in their second letter or their length.
    switch (name[1], name.count) {
    case (UInt8(ascii: "s"), 7) where name[2] == UInt8(ascii: "t"):
      // Only this field distinguishes the final head after informational ones from trailers.
      kind = .response
      let status = value.reduce(0) { $0 * 10 + Int($1 & 0xF) }
      if status < 100 { return .malformed("a status is a number from 100 to 999 (RFC 9110 §15)") }
      lines.startResponse(status)
    case (UInt8(ascii: "s"), _): scheme = FieldSection.Scheme(value)
    case (UInt8(ascii: "m"), _): method = keep(value)
    case (UInt8(ascii: "p"), 5): path = keep(value)
    case (UInt8(ascii: "p"), _):
      connectProtocol = keep(value)
      if !value.allSatisfy(\.isToken) {
        return .malformed(":protocol is the name of one protocol (RFC 8441 §4)")
      }
    case (UInt8(ascii: "a"), _): authority = keep(value)
    default: break
    }
    return nil
  }

  private mutating func keep(_ value: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    let start = pseudo.count
    pseudo.append(contentsOf: value)
    return start..<pseudo.count
  }

  // MARK: - The request line

  /// Writes what the pseudo-header fields say, or returns the rule of RFC 9113 §8.3.1 that they break.
  private mutating func writeRequestLine() -> String? {
    // Out of this value, which changes while its bytes are read.
    var pseudo: [UInt8] = []
    swap(&pseudo, &self.pseudo)
    defer { swap(&pseudo, &self.pseudo) }
    let values = pseudo.span
    let isExtended = !connectProtocol.isEmpty
    let isTunnel = !isExtended && method.count == 7 && values.matches("CONNECT", at: method.lowerBound)
    if !isTunnel, path.isEmpty || values[path.lowerBound] != UInt8(ascii: "/") {
      let isAsterisk = path.count == 1 && values[path.lowerBound] == UInt8(ascii: "*")
      guard isAsterisk, method.count == 7, values.matches("OPTIONS", at: method.lowerBound) else {
        return ":path begins with a slash (RFC 9113 §8.3.1)"
      }
    }
    let host = values.extracting(authority)
    for index in host.indices where host[index] == UInt8(ascii: "@") { return Self.userNameRule }
    let target = isTunnel ? host : values.extracting(path)
    if isExtended { lines.startRequest("GET", target) } else { lines.startRequest(values.extracting(method), target) }
    if !authority.isEmpty { lines.append("Host", host) }
    if isExtended {
      lines.append("Connection", Self.upgrade.span)
      lines.append("Upgrade", values.extracting(connectProtocol))
    }
    return nil
  }

  private static let upgrade = Array("Upgrade".utf8)

  private static var userNameRule: String { ":authority has a user's name (RFC 9113 §8.3.1)" }

  /// Whether it is :authority without regard to case, and to the port that the scheme has anyway.
  private func isAuthority(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
    let authority = pseudo[authority]
    return host.elementsEqual(authority) || normalized(host).elementsEqual(normalized(authority))
  }

  private func normalized(_ authority: some Collection<UInt8>) -> String {
    let text = String(decoding: authority, as: UTF8.self).lowercased()
    let port = scheme == .https ? ":443" : scheme == .http ? ":80" : ":"
    return text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
  }

  // MARK: - The whole

  /// The section, when all its fields were taken.
  // Mutating, so that the session lends its reader, and does not copy it.
  mutating func end() -> (FieldSection?, Problem?) {
    if size > limit { return (nil, .tooLong) }
    if kind == .request {
      if !lines.hasStartLine, let rule = writeRequestLine() { return (nil, .malformed(rule)) }
      if !cookies.isEmpty {
        var cookies: [UInt8] = []
        swap(&cookies, &self.cookies)
        lines.append("Cookie", cookies.span)
        swap(&cookies, &self.cookies)
      }
    }
    lines.end()
    room = min(lines.bytes.count, Self.keptBytes)
    let isExtended = kind == .request && !connectProtocol.isEmpty
    return (FieldSection(lines: lines.take(), scheme: scheme, isExtendedConnect: isExtended), nil)
  }
}

extension FieldSection.Scheme {
  /// In any case (RFC 3986 §3.1).
  fileprivate init(_ name: UnsafeBufferPointer<UInt8>) {
    self = name.isText("https") ? .https : name.isText("http") ? .http : .other
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether it is this text, in any case.
  fileprivate func isText(_ lowercase: StaticString) -> Bool { span.equals(lowercase, in: 0..<count) }
}
#endif

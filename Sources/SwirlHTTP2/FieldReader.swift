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
  private var lines: [UInt8] = []
  private var status = 0
  // The values of the pseudo-header fields and of Host. The arrays keep their memory from one message to the next.
  private var method: [UInt8] = []
  private var path: [UInt8] = []
  private var scheme: FieldSection.Scheme?
  private var authority: [UInt8] = []
  private var host: [UInt8] = []
  private var connectProtocol: [UInt8] = []
  /// A request's cookies, which may come in several fields (RFC 9113 §8.2.3).
  private var cookies: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// Whether a section that is too long may be answered: a request, unless it is a bomb, whose fields would cost time.
  var isAnswerable: Bool { kind == .request && size <= 4 * limit }

  mutating func begin(_ kind: Kind) {
    self.kind = kind
    size = 0
    status = 0
    scheme = nil
    Self.empty(&lines)
    Self.empty(&method)
    Self.empty(&path)
    Self.empty(&authority)
    Self.empty(&host)
    Self.empty(&connectProtocol)
    Self.empty(&cookies)
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
    case .request where name.isText("cookie"):
      if !cookies.isEmpty { cookies += "; ".utf8 }
      cookies += value
    case .request where name.isText("host"): host += value
    case .trailers:
      switch TrailerRule(name.span, name.indices) {
      case .allowed: lines.appendLine(name, value)
      case .dropped: break
      case .refused:
        return .malformed("the trailer field \(String(decoding: name, as: UTF8.self)) is not allowed (RFC 9110 §6.5.1)")
      }
    case .request, .response: lines.appendLine(name, value)
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
      status = value.reduce(0) { $0 * 10 + Int($1 & 0xF) }
      if status < 100 { return .malformed("a status is a number from 100 to 999 (RFC 9110 §15)") }
    case (UInt8(ascii: "s"), _): scheme = FieldSection.Scheme(value)
    case (UInt8(ascii: "m"), _): method += value
    case (UInt8(ascii: "p"), 5): path += value
    case (UInt8(ascii: "p"), _):
      connectProtocol += value
      if !value.allSatisfy(\.isToken) {
        return .malformed(":protocol is the name of one protocol (RFC 8441 §4)")
      }
    case (UInt8(ascii: "a"), _): authority += value
    default: break
    }
    return nil
  }

  // MARK: - The whole

  /// The section, when all its fields were taken.
  // Mutating, so that the session lends its reader, and does not copy it.
  mutating func end() -> (FieldSection?, Problem?) {
    if size > limit { return (nil, .tooLong) }
    if kind == .request, let rule = brokenRule { return (nil, .malformed(rule)) }
    let connectProtocol = connectProtocol.isEmpty ? nil : String(decoding: connectProtocol, as: UTF8.self)
    return (FieldSection(bytes: text, status: status, scheme: scheme, connectProtocol: connectProtocol), nil)
  }

  /// The section in the form of HTTP/1.
  private var text: [UInt8] {
    // A start line has no more than the constants of an extended CONNECT.
    let variable = method.count + path.count + 2 * authority.count + 2 * host.count + connectProtocol.count
    return [UInt8](capacity: lines.count + cookies.count + variable + 96) { text in
      switch kind {
      case .request: writeRequestLine(to: &text)
      case .response:
        text.append("HTTP/1.1 ")
        for unit in [100, 10, 1] { text.append(UInt8(ascii: "0") + UInt8(status / unit % 10)) }
        text.append(" \r\n")
      case .trailers: break
      }
      text.append(lines)
      if !cookies.isEmpty {
        text.append("Cookie: ")
        text.append(cookies)
        text.append("\r\n")
      }
      text.append("\r\n")
    }
  }

  private func writeRequestLine(to text: inout OutputSpan<UInt8>) {
    let entity = authority.isEmpty ? host : authority
    if connectProtocol.isEmpty { text.append(method) } else { text.append("GET") }
    text.append(UInt8(ascii: " "))
    text.append(isConnect && connectProtocol.isEmpty ? entity : path)
    text.append(" HTTP/1.1\r\nHost: ")
    text.append(entity)
    text.append("\r\n")
    if !connectProtocol.isEmpty {
      text.append("Connection: Upgrade\r\nUpgrade: ")
      text.append(connectProtocol)
      text.append("\r\n")
    }
  }

  private var isConnect: Bool { method.count == 7 && method.span.matches("CONNECT", at: 0) }

  /// The rule of RFC 9113 §8.3.1 that the request breaks.
  private var brokenRule: String? {
    if !host.isEmpty, !authority.isEmpty, !isSameEntity(host, authority) {
      return "Host and :authority name different servers (RFC 9113 §8.3.1)"
    }
    if (authority.isEmpty ? host : authority).contains(UInt8(ascii: "@")) {
      return ":authority has a user's name (RFC 9113 §8.3.1)"
    }
    if isConnect, connectProtocol.isEmpty { return nil }
    if path.first == UInt8(ascii: "/") { return nil }
    let isAsterisk = path.elementsEqual("*".utf8) && method.elementsEqual("OPTIONS".utf8)
    return isAsterisk ? nil : ":path begins with a slash (RFC 9113 §8.3.1)"
  }

  /// Compares without case, and without the port that the scheme has anyway.
  private func isSameEntity(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one == other || normalized(one).elementsEqual(normalized(other))
  }

  private func normalized(_ authority: [UInt8]) -> String {
    let text = String(decoding: authority, as: UTF8.self).lowercased()
    let port = scheme == .https ? ":443" : scheme == .http ? ":80" : ":"
    return text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
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

extension [UInt8] {
  /// Makes room once: a line is four pieces of a few bytes.
  fileprivate mutating func appendLine(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    append(addingCapacity: name.count + value.count + 4) { line in
      line.append(name)
      line.append(": ")
      line.append(value)
      line.append("\r\n")
    }
  }
}

extension OutputSpan<UInt8> {
  /// Appends a copy of the bytes, for which there is room.
  fileprivate mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(bytes.count <= freeCapacity)
    withUnsafeMutableBufferPointer { buffer, count in
      // Safe: there is room for them behind those that are initialized. What is empty has no address, nor needs one.
      guard let source = bytes.baseAddress, let base = buffer.baseAddress else { return }
      (base + count).initialize(from: source, count: bytes.count)
      count += bytes.count
    }
  }

  fileprivate mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

  @inline(__always)
  fileprivate mutating func append(_ text: StaticString) { text.withUTF8Buffer { append($0) } }
}
#endif

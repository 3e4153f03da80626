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
  private var scheme = ""
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
    scheme = ""
    // A peer's large section does not stay for the life of its connection.
    lines.removeAll(keepingCapacity: lines.capacity <= Self.keptBytes)
    method.removeAll(keepingCapacity: true)
    path.removeAll(keepingCapacity: path.capacity <= Self.keptBytes)
    authority.removeAll(keepingCapacity: true)
    host.removeAll(keepingCapacity: true)
    connectProtocol.removeAll(keepingCapacity: true)
    cookies.removeAll(keepingCapacity: cookies.capacity <= Self.keptBytes)
  }

  // MARK: - Fields

  /// Takes a field, whose name and value libnghttp2 has validated. Its size counts with 32 bytes more (RFC 9113
  /// §6.5.2).
  mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Problem? {
    size += name.count + value.count + 32
    if size > limit { return .tooLong }
    if name.first == UInt8(ascii: ":") { return takePseudo(name, value) }
    switch kind {
    case .request where name.elementsEqual("cookie".utf8):
      if !cookies.isEmpty { cookies += "; ".utf8 }
      cookies += value
    case .request where name.elementsEqual("host".utf8): host += value
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
    case (UInt8(ascii: "s"), _): scheme = String(decoding: value, as: UTF8.self).lowercased()
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
  func end() -> (FieldSection?, Problem?) {
    if size > limit { return (nil, .tooLong) }
    return switch kind {
    case .request: endRequest()
    case .response:
      // The shortest form of a number of three digits that needs no string.
      (section(status: status) { $0.appendStatusLine(status) }, nil)
    case .trailers: (section { _ in }, nil)
    }
  }

  private func endRequest() -> (FieldSection?, Problem?) {
    if let rule = brokenRule { return (nil, .malformed(rule)) }
    let isConnect = isConnect && connectProtocol.isEmpty
    let entity = authority.isEmpty ? host : authority
    return (
      section { bytes in
        if connectProtocol.isEmpty { bytes += method } else { bytes += "GET".utf8 }
        bytes.append(0x20)
        bytes += isConnect ? entity : path
        bytes += " HTTP/1.1\r\nHost: ".utf8
        bytes += entity
        bytes += "\r\n".utf8
        if !connectProtocol.isEmpty {
          bytes += "Connection: Upgrade\r\nUpgrade: ".utf8
          bytes += connectProtocol
          bytes += "\r\n".utf8
        }
      }, nil
    )
  }

  private var isConnect: Bool { method.elementsEqual("CONNECT".utf8) }

  /// The rule of RFC 9113 §8.3.1 that the request breaks.
  private var brokenRule: String? {
    if !host.isEmpty, !authority.isEmpty, !isSameEntity(host, authority) {
      return "Host and :authority name different servers (RFC 9113 §8.3.1)"
    }
    if (authority.isEmpty ? host : authority).contains(UInt8(ascii: "@")) {
      return ":authority has a user's name (RFC 9113 §8.3.1)"
    }
    if isConnect, connectProtocol.isEmpty { return nil }
    let isAsterisk = path.elementsEqual("*".utf8) && method.elementsEqual("OPTIONS".utf8)
    if path.first != UInt8(ascii: "/"), !isAsterisk { return ":path begins with a slash (RFC 9113 §8.3.1)" }
    return nil
  }

  /// Compares without case, and without the port that the scheme has anyway.
  private func isSameEntity(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one == other || normalized(one).elementsEqual(normalized(other))
  }

  private func normalized(_ authority: [UInt8]) -> String {
    let text = String(decoding: authority, as: UTF8.self).lowercased()
    let port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : ":"
    return text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
  }

  private func section(status: Int = 0, _ begin: (inout [UInt8]) -> Void) -> FieldSection {
    var bytes: [UInt8] = []
    let variable = method.count + path.count + 2 * authority.count + host.count + connectProtocol.count
    bytes.reserveCapacity(lines.count + cookies.count + variable + 64)
    begin(&bytes)
    bytes += lines
    if !cookies.isEmpty { bytes.appendLine("Cookie".utf8, cookies) }
    bytes += "\r\n".utf8
    let connectProtocol = connectProtocol.isEmpty ? nil : String(decoding: connectProtocol, as: UTF8.self)
    return FieldSection(bytes: bytes, status: status, scheme: scheme, connectProtocol: connectProtocol)
  }
}

extension [UInt8] {
  fileprivate mutating func appendLine(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    self += name
    append(UInt8(ascii: ":"))
    append(UInt8(ascii: " "))
    self += value
    append(UInt8(ascii: "\r"))
    append(UInt8(ascii: "\n"))
  }

  fileprivate mutating func appendStatusLine(_ status: Int) {
    self += "HTTP/1.1 ".utf8
    for unit in [100, 10, 1] { append(UInt8(ascii: "0") + UInt8(status / unit % 10)) }
    self += " \r\n".utf8
  }
}
#endif

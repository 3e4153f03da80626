/// A cookie as a ``CookieJar`` keeps it (RFC 6265bis §5.7).
///
/// Times are whole seconds since 1970 in UTC: servers, clocks and cookie files use this unit, and it survives saving
/// and loading unchanged. `Date(timeIntervalSince1970: Double(cookie.creation))` converts one.
public struct Cookie: Sendable, Hashable, Codable {
  /// Whether requests that another site has caused send it (RFC 6265bis §5.6.7).
  public enum SameSite: String, Sendable, Hashable, Codable {
    /// The server did not set it; treated as `lax`.
    case `default`
    /// Always.
    case none
    /// With safe methods only.
    case lax
    /// Never.
    case strict
  }

  /// Empty for a cookie that has only a value.
  public let name: String
  /// As the server wrote it, including quotes.
  public let value: String
  /// The host that receives it, in lower case, without a leading dot; an IPv6 address in brackets.
  public let domain: String
  /// Whether `domain` alone receives it, not the hosts below it.
  public let isHostOnly: Bool
  /// The path prefix of the requests that send it.
  public let path: String
  /// When it expires; nil for a session cookie, which ends with the program unless it is saved.
  public internal(set) var expires: Int?
  /// Whether only secure connections send it.
  public let isSecure: Bool
  /// Whether it is hidden from scripts; only the cookie file uses this.
  public let isHTTPOnly: Bool
  /// Whether requests that another site has caused send it.
  public let sameSite: SameSite
  /// When it was first set; a new value does not change it.
  public internal(set) var creation: Int
  /// When it was last sent or set.
  public internal(set) var lastAccess: Int
  /// The name and value as sent, if they are not UTF-8: `name` and `value` then have U+FFFD for the invalid bytes.
  var rawPair: [UInt8]?

  /// Whether it ends with the session.
  public var isSession: Bool { expires == nil }

  func isExpired(at now: Int) -> Bool { expires.map { $0 <= now } ?? false }

  /// Whether it replaces `other` in a jar (RFC 6265bis §5.7, step 23).
  func replaces(_ other: Cookie) -> Bool {
    isHostOnly == other.isHostOnly && hasSameName(as: other) && domain.hasSameBytes(as: other.domain)
      && path.hasSameBytes(as: other.path)
  }
}

// A cookie is a sequence of octets (RFC 6265bis §4.2).
extension Cookie {
  /// As in a Cookie field (RFC 6265bis §5.8.3).
  var pairBytes: [UInt8] { rawPair ?? Array(pair.utf8) }

  var nameBytes: [UInt8] {
    guard let rawPair else { return Array(name.utf8) }
    return name.isEmpty ? [] : Array(rawPair.prefix { $0 != UInt8(ascii: "=") })
  }

  var valueBytes: [UInt8] {
    guard let rawPair else { return Array(value.utf8) }
    return name.isEmpty ? rawPair : Array(rawPair.drop { $0 != UInt8(ascii: "=") }.dropFirst())
  }

  func hasSameName(as other: Cookie) -> Bool {
    if rawPair == nil, other.rawPair == nil { return name.hasSameBytes(as: other.name) }
    return nameBytes == other.nameBytes
  }

  /// The pair of these bytes, if they are not valid UTF-8.
  static func rawPair(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) -> [UInt8]? {
    let pair = name.isEmpty ? Array(value) : name + [UInt8(ascii: "=")] + value
    return String(validating: pair, as: UTF8.self) == nil ? pair : nil
  }
}

extension Cookie: CustomStringConvertible {
  /// `id=7; Domain=example.com; Path=/; Secure`: the form of a Set-Cookie field.
  public var description: String {
    var parts = [pair]
    if !isHostOnly { parts.append("Domain=\(domain)") }
    parts.append("Path=\(path)")
    // Clamped to the years that the format can express: a file may have any value.
    if let expires { parts.append("Expires=\(HTTPDate.format(min(max(expires, 0), 253_402_300_799)))") }
    if isSecure { parts.append("Secure") }
    if isHTTPOnly { parts.append("HttpOnly") }
    switch sameSite {
    case .default: break
    case .none: parts.append("SameSite=None")
    case .lax: parts.append("SameSite=Lax")
    case .strict: parts.append("SameSite=Strict")
    }
    return parts.joined(separator: "; ")
  }

  /// As in a Cookie field (RFC 6265bis §5.8.3).
  package var pair: String { name.isEmpty ? value : "\(name)=\(value)" }
}

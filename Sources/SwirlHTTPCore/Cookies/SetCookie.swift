/// The parsed Set-Cookie field, before the jar's checks (RFC 6265bis §5.6).
package struct SetCookie {
  /// Why the jar refuses a cookie, in words.
  package struct Refusal: Error {
    package let reason: String
    package init(_ reason: String) { self.reason = reason }
  }

  /// The maximum number of bytes of name and value together.
  static let pairLimit = 4096
  /// The maximum number of bytes of an attribute's value; longer attributes are ignored.
  static let attributeLimit = 1024
  /// The maximum lifetime of a cookie: 400 days, in seconds.
  static let ageLimit = 400 * 24 * 60 * 60

  package let name: String
  package let value: String
  /// See `Cookie.rawPair`.
  let rawPair: [UInt8]?
  /// In seconds, up to the limit; zero for an expired cookie.
  private(set) var maxAge: Int?
  /// In seconds since 1970, without a limit.
  private(set) var expires: Int?
  /// In lower case, without a leading dot; empty, as without the attribute, means the host.
  package private(set) var domain = ""
  /// nil for the default path.
  package private(set) var path: String?
  private(set) var namesPath = false
  private(set) var isSecure = false
  private(set) var isHTTPOnly = false
  private(set) var sameSite = Cookie.SameSite.default

  package init(_ field: String) throws(Refusal) { try self.init(Array(field.utf8)) }

  package init(_ field: [UInt8]) throws(Refusal) {
    if field.contains(where: \.isControl) { throw Refusal("it has a control character in it") }
    var rest = field[...]
    var pair = rest.cut(at: ";")
    let name = pair.contains(UInt8(ascii: "=")) ? pair.cut(at: "=").trimmed : pair.prefix(0)
    let value = pair.trimmed
    guard name.count + value.count <= Self.pairLimit else {
      throw Refusal("name and value have more than \(Self.pairLimit) bytes")
    }
    self.name = String(decoding: name, as: UTF8.self)
    self.value = String(decoding: value, as: UTF8.self)
    rawPair = Cookie.rawPair(name, value)
    // The last of repeated attributes counts.
    while !rest.isEmpty {
      var attribute = rest.cut(at: ";")
      let name = attribute.cut(at: "=").trimmed
      let value = attribute.trimmed
      // Skip names longer or shorter than the known ones, to avoid a copy.
      if (4...8).contains(name.count), value.count <= Self.attributeLimit { take(name.lowercasedText, value) }
    }
  }

  private mutating func take(_ attribute: String, _ value: ArraySlice<UInt8>) {
    switch attribute {
    case "expires": expires = CookieDate.seconds(value) ?? expires
    case "max-age": maxAge = Self.seconds(value) ?? maxAge
    case "domain": domain = (value.first == UInt8(ascii: ".") ? value.dropFirst() : value).lowercasedText
    case "path":
      namesPath = true
      path = value.first == UInt8(ascii: "/") ? String(decoding: value, as: UTF8.self) : nil
    case "secure": isSecure = true
    case "httponly": isHTTPOnly = true
    case "samesite":
      switch value.count <= 6 ? value.lowercasedText : "" {
      case "none": sameSite = .none
      case "lax": sameSite = .lax
      case "strict": sameSite = .strict
      default: sameSite = .default
      }
    default: break
    }
  }

  /// Digits, with an optional minus, which makes the result zero. Any number of digits is safe from overflow.
  private static func seconds(_ text: ArraySlice<UInt8>) -> Int? {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = isNegative ? text.dropFirst() : text
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
    return isNegative ? 0 : digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), ageLimit) }
  }
}

extension UInt8 {
  /// A control character other than the tab.
  var isControl: Bool { self < 0x20 && self != 0x09 || self == 0x7F }
}

extension ArraySlice<UInt8> {
  /// Removes and returns the part before the first `separator`, and drops the separator; without one, the whole.
  fileprivate mutating func cut(at separator: Unicode.Scalar) -> ArraySlice<UInt8> {
    let end = firstIndex(of: UInt8(ascii: separator)) ?? endIndex
    let part = self[..<end]
    self = end == endIndex ? self[end...] : self[index(after: end)...]
    return part
  }

  /// Without surrounding spaces and tabs.
  fileprivate var trimmed: ArraySlice<UInt8> {
    var text = drop(while: \.isBlank)
    while let last = text.last, last.isBlank { text.removeLast() }
    return text
  }
}

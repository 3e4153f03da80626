import SwirlDeferred
import SwirlHTTPCore

// What clients refuse (RFC 6265bis §4.1.1, §5.7), or would read otherwise.
extension HTTPServer.Cookie {
  var problemOfPair: String? {
    if name.isEmpty || !name.utf8.allSatisfy(\.isToken) {
      return "its name has other characters than those of a token (RFC 9110 §5.6.2), or none"
    }
    if let byte = value.utf8.first(where: { !$0.isCookieOctet }) {
      return "its value has the byte \(byte.hex): percent-encode it, or use base64 (RFC 6265 §4.1.1)"
    }
    if name.utf8.count + value.utf8.count > Self.pairLimit {
      return "name and value have more than \(Self.pairLimit) bytes, and browsers ignore it"
    }
    return nil
  }

  static var pairLimit: Int { 4096 }

  var problemOfScope: String? {
    if path.utf8.first != UInt8(ascii: "/") || !path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3B }) {
      return "its path \(path.debugDescription) does not begin with a slash, or has other characters than a path"
    }
    if path.utf8.count > Self.attributeLimit { return "its path has more than \(Self.attributeLimit) bytes" }
    if let domain {
      guard !domain.hasPrefix("."), domain.utf8.count <= Self.attributeLimit,
        let url = try? HTTPURL("http://\(domain)/"), url.origin.host == domain.lowercased(), !url.origin.host.isAddress
      else { return "\(domain.debugDescription) is not a domain, such as \"example.org\"" }
    }
    if sameSite == .none, !isSecure { return "SameSite=None needs isSecure" }
    if isPartitioned, !isSecure { return "a partitioned cookie needs isSecure" }
    return nil
  }

  private static var attributeLimit: Int { 1024 }

  /// RFC 6265bis §4.1.3.
  var problemOfPrefix: String? {
    let start = name.prefix(9).lowercased()
    let claimsHost = start.hasPrefix("__host-")
    guard claimsHost || start == "__secure-" else { return nil }
    if !isSecure { return "its prefix needs isSecure" }
    if claimsHost, domain != nil || path != "/" { return "its prefix needs the path \"/\" and no domain" }
    return nil
  }
}

extension UInt8 {
  /// `cookie-octet`: visible ASCII without quote, comma, semicolon and backslash (RFC 6265 §4.1.1).
  fileprivate var isCookieOctet: Bool {
    switch self {
    case UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\\"): false
    default: self > 0x20 && self < 0x7F
    }
  }

  fileprivate var hex: String { "0x" + (self < 16 ? "0" : "") + String(self, radix: 16, uppercase: true) }
}

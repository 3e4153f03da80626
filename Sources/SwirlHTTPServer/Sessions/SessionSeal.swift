import SwirlHTTPCore
import SwirlTLS

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Signs the values of a session, and checks the signature: `1.EXPIRES.VALUES.CODE`, with JSON and the HMAC in
/// base64url (RFC 4648 §5).
///
/// The code is over the name of the cookie, too: a value of one cookie is refused for another with the same key.
struct SessionSeal {
  /// Why a text is not accepted.
  struct Refusal: Error {
    let reason: String
  }

  let keys: [[UInt8]]
  let cookie: String
  /// In seconds.
  let lifetime: Int

  func close(_ values: [String: String], now: Int) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // A dictionary of text can be encoded.
    let json = (try? encoder.encode(values)) ?? Data()
    let signed = "1.\(now + lifetime).\(Array(json).base64url)"
    return "\(signed).\(code(signed, keys[0]).base64url)"
  }

  /// Gives the values, and whether the cookie is to be sent anew.
  func open(_ text: String, now: Int) throws(Refusal) -> (values: [String: String], isStale: Bool) {
    // Before any work: we never made a longer one.
    guard text.utf8.count <= HTTPServer.Cookie.pairLimit else { throw Refusal(reason: "it is too long") }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "1", let expires = Int(parts[1]), let given = [UInt8](base64url: parts[3])
    else {
      throw Refusal(reason: "it does not have the form of one")
    }
    let signed = parts[..<3].joined(separator: ".")
    guard let index = keys.firstIndex(where: { MessageAuthentication.areEqual(given, code(signed, $0)) }) else {
      throw Refusal(reason: "its signature is wrong")
    }
    guard expires > now else { throw Refusal(reason: "it is expired") }
    guard let json = [UInt8](base64url: parts[2]),
      let values = try? JSONDecoder().decode([String: String].self, from: Data(json))
    else { throw Refusal(reason: "its values can't be read") }
    return (values, index > 0 || expires - now < lifetime / 2)
  }

  private func code(_ signed: String, _ key: [UInt8]) -> [UInt8] {
    MessageAuthentication.code(of: Array("\(cookie)=\(signed)".utf8), key: key)
  }
}

extension [UInt8] {
  /// RFC 4648 §5, without padding.
  fileprivate var base64url: String {
    String(base64.prefix { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }

  /// nil for text that `base64url` would not give.
  fileprivate init?(base64url text: Substring) {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var bits = 0
    for character in text.utf8 {
      guard let digit = character.base64urlDigit else { return nil }
      group = group << 6 | UInt32(digit)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= (1 << UInt32(bits)) - 1
      }
    }
    // The unused bits of the last digit are zero: otherwise several texts would be the same bytes.
    if bits >= 6 || group != 0 { return nil }
    self = bytes
  }
}

extension UInt8 {
  fileprivate var base64urlDigit: UInt8? {
    switch self {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): self - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): self - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

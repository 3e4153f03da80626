import COpenSSL
import HTTPTypes
import SwirlHTTPWire
import SwirlNet

/// What of a request a response depends on (RFC 9111 §4.1): the values of the fields that its Vary field names, and who asks.
///
/// A private cache may keep what was answered to credentials. A program may have several, so none gets what another was
/// answered. Only a hash is kept: what is sent is secret now and then.
enum CacheVariant {
  /// The names in a Vary field, in lower case and in order.
  static func names(in head: ResponseHead) -> [String] {
    guard head["vary"] != nil else { return [] }
    let names = head.fields[values: .vary].flatMap(\.separatedOutsideQuotes).map { $0.trimmedOfBlanks.lowercased() }
    return Set(names).subtracting([""]).sorted()
  }

  /// Empty for a request without credentials where nothing is named.
  static func hash(_ names: [String], _ credentials: String?, _ value: (HTTPField.Name) -> String?) -> [UInt8] {
    if names.isEmpty, credentials == nil { return [] }
    var bytes: [UInt8] = []
    func add(_ text: String?) {
      guard let text else { return bytes.append(0) }
      bytes.append(1)
      bytes.append(contentsOf: "\(text.utf8.count) \(text)".utf8)
    }
    add(credentials)
    for name in names {
      add(name)
      add(HTTPField.Name(name).flatMap(value)?.trimmedOfBlanks.description)
    }
    return SHA256.hash(bytes)
  }
}

enum SHA256 {
  static func hash(_ bytes: [UInt8]) -> [UInt8] {
    OpenSSL.isReady
    var output = [UInt8](repeating: 0, count: 32)
    // OpenSSL reads as many bytes as it is told, and writes the 32 of this hash.
    EVP_Digest(bytes, bytes.count, &output, nil, EVP_sha256(), nil)
    return output
  }

  static func hexadecimal(of text: String) -> String {
    hash(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

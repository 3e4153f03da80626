import SwirlHTTPCore

/// URLs as they may be written where others read them: without a user and a password, and without the values in a query by which
/// someone is let in. OpenTelemetry asks for that of `url.full`.
enum SafeURL {
  private static let word = "REDACTED"

  /// Names in a query, in lower case, whose values are secret: those that OpenTelemetry names, and some that are as common.
  private static let secrets: Set<String> = [
    "access_token", "api_key", "apikey", "awsaccesskeyid", "client_secret", "code", "id_token", "key", "password",
    "refresh_token", "secret", "sig", "signature", "token", "x-amz-credential", "x-amz-security-token",
    "x-amz-signature", "x-goog-credential", "x-goog-signature",
  ]

  static func text(_ url: some StringProtocol) -> String {
    var rest = String(url)
    // A fragment is for the program alone, and has tokens in it now and then.
    if let hash = rest.firstIndex(of: "#") { rest = String(rest[..<hash]) }
    var query = ""
    if let mark = rest.firstIndex(of: "?") {
      let pairs = rest[rest.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
      query = "?" + pairs.map(pair).joined(separator: "&")
      rest = String(rest[..<mark])
    }
    guard let slashes = rest.firstRange(of: "//")?.upperBound else { return rest + query }
    let end = rest[slashes...].firstIndex { $0 == "/" || $0 == "\\" } ?? rest.endIndex
    guard let at = rest[slashes..<end].lastIndex(of: "@") else { return rest + query }
    return rest[..<slashes] + "\(word):\(word)" + rest[at...] + query
  }

  private static func pair(_ pair: Substring) -> String {
    guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
    let name = String(pair[..<equals])
    return secrets.contains((name.percentDecoded ?? name).lowercased()) ? "\(name)=\(word)" : String(pair)
  }

  /// Text with URLs in it, such as the reason of an error.
  static func words(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { $0.contains("//") ? Self.text($0) : String($0) }
      .joined(separator: " ")
  }
}

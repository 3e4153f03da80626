// What of a URL may be shown: by errors, logs, spans and terminals. OpenTelemetry asks for this form of `url.full`.

extension HTTPURL {
  /// The canonical text without a fragment, which is for the program alone and has tokens in it now and then.
  /// `REDACTED` stands for the user and password, and for each value of the query whose name says that it lets someone
  /// in.
  package var redacted: String {
    let (prefix, target) = (origin.prefix, target.withRedactedQuery)
    guard credentials != nil, let slashes = prefix.firstRange(of: "//") else { return prefix + target }
    return prefix[..<slashes.upperBound] + String.redactedCredentials + prefix[slashes.upperBound...] + target
  }
}

extension String {
  fileprivate static let redactedCredentials = "REDACTED:REDACTED@"

  /// Names in a query, in lower case, whose values are secret: those that OpenTelemetry names, and some that are as
  /// common.
  private static let secretNames: Set<String> = [
    "access_token", "api_key", "apikey", "awsaccesskeyid", "client_secret", "code", "id_token", "jwt", "key",
    "oauth_token", "passwd", "password", "pwd", "refresh_token", "secret", "sig", "signature", "token",
    "x-amz-credential", "x-amz-security-token", "x-amz-signature", "x-goog-credential", "x-goog-signature",
  ]

  /// This text as a URL that may be shown: ``HTTPURL/redacted`` where it is one. Of what cannot be read as a URL, all
  /// that may be a user and a password is replaced, since they are written in URLs that are malformed, too. Also for a
  /// path with a query.
  package var redactedURL: String {
    if let url = try? HTTPURL.parse(utf8.span), url.origin.socketPath?.utf8.contains(UInt8(ascii: "@")) != true {
      return url.redacted
    }
    // The parser drops these bytes.
    let bytes = utf8.filter { !$0.isTabOrLineEnd }
    let scheme = Self.schemeEnd(bytes)
    let isPath = scheme == 0 && bytes.first?.isSlash == true && bytes.dropFirst().first?.isSlash != true
    let end = isPath ? nil : Self.credentialsEnd(bytes[scheme...])
    let rest = Self.shown(bytes[(end ?? 0)...]).withRedactedQuery
    return end == nil ? rest : Self.shown(bytes[..<scheme]) + "//\(Self.redactedCredentials)" + rest
  }

  /// Text that may have URLs in it, such as the reason of an error, with each of them as ``redactedURL``.
  package var withRedactedURLs: String {
    guard utf8.contains(UInt8(ascii: ":")) || utf8.contains(UInt8(ascii: "/")) else { return self }
    return split(separator: " ", omittingEmptySubsequences: false).map { word in
      // Such as a parenthesis.
      let start = word.firstIndex { $0.isLetter } ?? word.startIndex
      let url = word[start...].lowercased()
      let isURL = url.hasPrefix("http:") || url.hasPrefix("https:") || url.contains("//") || url.contains("\\\\")
      return isURL ? word[..<start] + String(word[start...]).redactedURL : String(word)
    }.joined(separator: " ")
  }

  /// A path with its query, or the rest of a URL.
  fileprivate var withRedactedQuery: String {
    let text = prefix { $0 != "#" }
    guard let mark = text.firstIndex(of: "?") else { return String(text) }
    let pairs = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
    return text[...mark] + pairs.map(Self.redacted).joined(separator: "&")
  }

  private static func redacted(_ pair: Substring) -> String {
    guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
    let name = String(pair[..<equals])
    return secretNames.contains((name.percentDecoded ?? name).lowercased()) ? "\(name)=REDACTED" : String(pair)
  }

  /// The position behind `http:` and the like; 0 for text without a scheme. The user in `user:password@host` is not
  /// one.
  private static func schemeEnd(_ bytes: [UInt8]) -> Int {
    guard let colon = bytes.firstIndex(where: { !$0.isSchemeByte }), bytes[colon] == UInt8(ascii: ":") else { return 0 }
    let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    let isFollowedBySlash = colon + 1 < bytes.count && bytes[colon + 1].isSlash
    return isFollowedBySlash || name == "http" || name == "https" ? colon + 1 : 0
  }

  /// Behind the last `@`, wherever it is: what makes a URL malformed may be a slash or a question mark in its password.
  /// In the authority, `@` may be spelled otherwise.
  private static func credentialsEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
    if let at = bytes.lastIndex(of: UInt8(ascii: "@")) { return at + 1 }
    let start = bytes.firstIndex { !$0.isSlash } ?? bytes.endIndex
    let authority = bytes[start...].prefix { !$0.isSlash && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    // Percent-encoded; fullwidth and small, which IDNA maps to it.
    let spellings = ["%40", "\u{FF20}", "\u{FE6B}"].map { Array($0.utf8) }
    return authority.indices.reversed().lazy.compactMap { index in
      spellings.first { authority[index...].starts(with: $0) }.map { index + $0.count }
    }.first
  }

  /// With control characters percent-encoded.
  private static func shown(_ bytes: ArraySlice<UInt8>) -> String {
    var shown: [UInt8] = []
    for byte in bytes {
      if byte < 0x20 || byte == 0x7F { shown.append(percentEncoding: byte) } else { shown.append(byte) }
    }
    return String(decoding: shown, as: UTF8.self)
  }
}

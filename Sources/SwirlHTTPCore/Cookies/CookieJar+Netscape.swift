extension CookieJar {
  /// Adds the cookies of a Netscape cookie file.
  /// - Throws: ``CookieError`` if the text has lines, and no line is in the format.
  package func add(netscape text: String) throws(CookieError) { try add(netscape: Array(text.utf8)) }

  package func add(netscape text: [UInt8]) throws(CookieError) {
    let now = now()
    var isReadable = false
    var firstProblem: String?
    // Split at line feeds only: Unicode has more line ends, which can occur in a value.
    for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let line = line.last == 0x0D ? line.dropLast() : line
      do throws(SetCookie.Refusal) {
        guard var cookie = try Cookie(netscape: line, at: now) else { continue }
        isReadable = true
        try adopt(&cookie, at: now)
      } catch {
        let reason = "line \(index + 1): \(error.reason)"
        firstProblem = firstProblem ?? reason
        onRefused?(String(decoding: line, as: UTF8.self), reason)
      }
    }
    if !isReadable, let firstProblem { throw CookieError(.malformed, "no cookies: \(firstProblem)") }
  }

  /// The cookies as a Netscape cookie file, which curl (`-b`) and wget (`--load-cookies`) read. The format omits
  /// SameSite and the times of creation and use.
  public var netscapeText: String { String(decoding: netscapeBytes, as: UTF8.self) }

  /// The same as bytes, for cookies that are not UTF-8.
  package var netscapeBytes: [UInt8] {
    var text = Array("# Netscape HTTP Cookie File\n# Made by Swirl. Whoever can read this file can be you.\n\n".utf8)
    for cookie in cookies {
      if cookie.isHTTPOnly { text += Cookie.httpOnlyPrefix.utf8 }
      let fields = [
        cookie.isHostOnly ? cookie.domain : ".\(cookie.domain)", cookie.isHostOnly ? "FALSE" : "TRUE", cookie.path,
        cookie.isSecure ? "TRUE" : "FALSE", "\(cookie.expires ?? 0)",
      ]
      text += fields.map { $0 + "\t" }.joined().utf8
      text += cookie.nameBytes + [0x09] + cookie.valueBytes + [0x0A]
    }
    return text
  }

  /// Adds a cookie from a file, by the rules for one from a server.
  package func adopt(_ cookie: inout Cookie, at now: Int) throws(SetCookie.Refusal) {
    if let problem = cookie.problem { throw SetCookie.Refusal(problem) }
    cookie.expires = cookie.expires.map { min($0, now + SetCookie.ageLimit) }
    try keep(cookie, at: now)
  }
}

extension Cookie {
  /// The prefix of an HttpOnly cookie's line; old readers skip it as a comment.
  fileprivate static let httpOnlyPrefix = "#HttpOnly_"

  /// nil for a comment or an empty line.
  fileprivate init?(netscape line: ArraySlice<UInt8>, at now: Int) throws(SetCookie.Refusal) {
    var line = line
    let isHTTPOnly = line.starts(with: Self.httpOnlyPrefix.utf8)
    if isHTTPOnly { line = line.dropFirst(Self.httpOnlyPrefix.utf8.count) }
    if line.allSatisfy(\.isBlank) || line.first == UInt8(ascii: "#") { return nil }
    // A further tab belongs to the value.
    let fields = line.split(separator: 0x09, maxSplits: 6, omittingEmptySubsequences: false)
    // Some programs omit the tab before an empty value.
    guard fields.count >= 6 else { throw SetCookie.Refusal("it has \(fields.count) fields instead of 7") }
    let host = Self.host(fields[0])
    guard let includesHostsBelow = Self.flag(fields[1]), let isSecure = Self.flag(fields[3]) else {
      throw SetCookie.Refusal("its second and fourth field must be TRUE or FALSE")
    }
    guard let expires = Int(String(decoding: fields[4], as: UTF8.self)), expires >= 0 else {
      throw SetCookie.Refusal("its fifth field must be seconds since 1970, or 0")
    }
    let value = fields.count > 6 ? fields[6] : []
    self.init(
      name: String(decoding: fields[5], as: UTF8.self), value: String(decoding: value, as: UTF8.self), domain: host,
      // Some programs mark an IP address as having hosts below it.
      isHostOnly: !includesHostsBelow || host.isAddress, path: String(decoding: fields[2], as: UTF8.self),
      expires: expires == 0 ? nil : expires, isSecure: isSecure, isHTTPOnly: isHTTPOnly, sameSite: .default,
      creation: now, lastAccess: now, rawPair: Self.rawPair(fields[5], value))
  }

  /// The host as in a URL. Some programs omit the brackets of an IPv6 address; wget writes a port, which cookies do not
  /// have.
  private static func host(_ field: ArraySlice<UInt8>) -> String {
    let name = field.first == UInt8(ascii: ".") ? field.dropFirst() : field
    let parts = name.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    if parts.count == 2 && UInt16(String(decoding: parts[1], as: UTF8.self)) != nil { return parts[0].lowercasedText }
    let isBareAddress = parts.count > 2 && name.first != UInt8(ascii: "[")
    return isBareAddress ? "[\(name.lowercasedText)]" : name.lowercasedText
  }

  private static func flag(_ field: ArraySlice<UInt8>) -> Bool? {
    switch field.count <= 5 ? field.lowercasedText : "" {
    case "true": true
    case "false": false
    default: nil
    }
  }
}

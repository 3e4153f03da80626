extension HTTPURL {
  /// The path without the query.
  package var path: String {
    target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) } ?? target
  }

  /// The default path of a cookie: up to the last slash, without it.
  var defaultPath: String {
    let path = path
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// Whether it may set and receive secure cookies: over TLS or on this machine, as in browsers and curl (RFC 6265bis
  /// §5.8.3).
  var isTrusted: Bool {
    origin.isSecure || origin.host == "localhost" || origin.host == "127.0.0.1" || origin.host == "[::1]"
  }
}

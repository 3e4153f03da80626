extension URLReference {
  /// An `http` or `https` URL as all who mean the same write it: scheme and host in lower case, no port that is the scheme's own, a path,
  /// and no fragment (RFC 3986 §6.2.2, §6.2.3).
  ///
  /// - Returns: nil for what is no such URL.
  package static func normalized(_ url: String) -> String? {
    guard let parts = try? HTTPURL(url), parts.origin.socketPath == nil else { return nil }
    return parts.origin.prefix + parts.target
  }

  /// The scheme, host and port of an `http` or `https` URL: `http://example.org`, as `normalized` writes them.
  package static func origin(of url: String) -> String? {
    guard let parts = try? HTTPURL(url), parts.origin.socketPath == nil else { return nil }
    return parts.origin.prefix
  }
}

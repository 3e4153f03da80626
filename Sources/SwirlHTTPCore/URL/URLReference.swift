/// A URL that is written relative to another, as in a Location field or a link (WHATWG URL §4.4).
package enum URLReference {
  /// The URL that `reference` means in something that was found at `base`; its fragment, or where it has none that of `base`, as
  /// RFC 9110 §10.2.2 says of redirects. Credentials are dropped.
  ///
  /// - Returns: for what is no URL of `http`, `https` or `http+unix`, the reference itself, as the standard trims it: it has a scheme of its own,
  ///   or is malformed.
  package static func resolve(_ reference: String, against base: String) -> String {
    guard let base = try? HTTPURL.parse(base.utf8.span), var url = try? base.resolving(reference) else {
      return trimmed(reference)
    }
    if url.fragment == nil { url.fragment = base.fragment }
    return url.textWithFragment
  }

  /// An `http` or `https` URL as all who mean the same write it: the URL standard's form, without a fragment.
  ///
  /// - Returns: nil for what is no such URL, and for one with a user name.
  package static func normalized(_ url: String) -> String? {
    guard let parts = try? HTTPURL(url), parts.origin.socketPath == nil else { return nil }
    return parts.text
  }

  /// The scheme, host and port of an `http` or `https` URL: `http://example.org`, as `normalized` writes them.
  package static func origin(of url: String) -> String? {
    guard let parts = try? HTTPURL(url), parts.origin.socketPath == nil else { return nil }
    return parts.origin.prefix
  }

  private static func trimmed(_ reference: String) -> String {
    var bytes = reference.utf8.filter { !$0.isTabOrLineEnd }[...]
    bytes = bytes.drop { $0 <= 0x20 }
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    var output: [UInt8] = []
    for byte in bytes {
      if byte <= 0x20 || byte >= 0x7F { output.append(percentEncoding: byte) } else { output.append(byte) }
    }
    return String(decoding: output, as: UTF8.self)
  }
}

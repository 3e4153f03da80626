/// A URL reference, as in a Location field or a link (WHATWG URL §4.4).
package enum URLReference {
  /// Resolves `reference` against `base`. Without a fragment of its own, the result has that of `base`, as RFC 9110
  /// §10.2.2 requires for redirects. It drops credentials.
  ///
  /// - Returns: the trimmed reference itself if the result is not an `http`, `https` or `http+unix` URL: it has another
  ///   scheme or is malformed.
  package static func resolve(_ reference: String, against base: String) -> String {
    guard let base = try? HTTPURL.parse(base.utf8.span), var url = try? base.resolving(reference) else {
      return trimmed(reference)
    }
    if url.fragment == nil { url.fragment = base.fragment }
    return url.textWithFragment
  }

  /// The canonical form of an `http` or `https` URL (the URL standard's), without a fragment.
  ///
  /// - Returns: nil for another scheme, a malformed URL, and a URL with a user name.
  package static func normalized(_ url: String) -> String? {
    guard let parts = try? HTTPURL(url), parts.origin.socketPath == nil else { return nil }
    return parts.text
  }

  /// The scheme, host and port of an `http` or `https` URL: `http://example.org`, in the form of `normalized`.
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

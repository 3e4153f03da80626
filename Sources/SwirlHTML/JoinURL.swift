internal import SwirlHTTPCore

/// Resolves `reference` against `base`, an absolute URL (WHATWG URL §4.4). It keeps the fragment of `reference`.
///
/// ```swift
/// joinURL("http://example.org/a/b", "../c")  // http://example.org/c
/// ```
///
/// It parses both as browsers do: it percent-encodes spaces and letters beyond ASCII, writes hosts beyond ASCII in
/// Punycode, and drops credentials. If the result is not an `http` or `https` URL, it returns the reference unchanged.
/// Python: `urljoin`.
public func joinURL(_ base: String, _ reference: String) -> String {
  URLReference.resolve(reference, against: defragmentURL(base))
}

/// The URL without its fragment (RFC 3986 §3.5). Python: `urldefrag`.
public func defragmentURL(_ url: String) -> String {
  url.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(url[..<$0]) } ?? url
}

/// The canonical form of an `http` or `https` URL (WHATWG URL §4.4): scheme and host in lower case, a host beyond ASCII
/// in Punycode, an address in its shortest form, no default port, a slash for an empty path, no fragment.
///
/// - Returns: nil for another scheme, a malformed URL, and a URL with a user name.
public func normalizeURL(_ url: String) -> String? { URLReference.normalized(url) }

/// The scheme, host and port of an `http` or `https` URL, normalized: `http://example.org`. nil for another scheme and
/// a malformed URL. RFC 6454 §4.
public func originOfURL(_ url: String) -> String? { URLReference.origin(of: url) }

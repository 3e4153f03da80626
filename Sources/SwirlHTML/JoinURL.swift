internal import SwirlHTTPCore

/// The URL that `reference` means in something that was found at `base`, an absolute URL (WHATWG URL §4.4). A fragment of `reference` stays.
///
/// ```swift
/// joinURL("http://example.org/a/b", "../c")  // http://example.org/c
/// ```
///
/// Both are read as browsers do: spaces and letters beyond ASCII are percent-encoded, hosts beyond ASCII written in Punycode. Credentials are
/// dropped. What is no URL of `http` or `https` is the reference itself. Python: `urljoin`.
public func joinURL(_ base: String, _ reference: String) -> String {
  URLReference.resolve(reference, against: defragmentURL(base))
}

/// The URL without its fragment (RFC 3986 §3.5). Python: `urldefrag`.
public func defragmentURL(_ url: String) -> String {
  url.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(url[..<$0]) } ?? url
}

/// An `http` or `https` URL as all who mean the same write it, by the URL standard (WHATWG URL §4.4): scheme and host in lower case, a host
/// beyond ASCII in Punycode, an address in its shortest form, no port that is the scheme's own, a slash where there is no path, no fragment.
///
/// - Returns: nil for what is no such URL, and for one with a user name.
public func normalizeURL(_ url: String) -> String? { URLReference.normalized(url) }

/// The scheme, host and port of an `http` or `https` URL, normalized: `http://example.org`. nil for what is no such URL.
/// RFC 6454 §4.
public func originOfURL(_ url: String) -> String? { URLReference.origin(of: url) }

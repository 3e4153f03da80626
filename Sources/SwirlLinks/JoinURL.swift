internal import SwirlHTTP

/// The URL that `reference` means in something that was found at `base`, an absolute URL (RFC 3986 §5.2). A fragment of `reference` stays.
///
/// ```swift
/// joinURL("http://example.org/a/b", "../c")  // http://example.org/c
/// ```
///
/// Spaces and letters beyond ASCII are percent-encoded, as browsers do. Python: `urljoin`.
public func joinURL(_ base: String, _ reference: String) -> String {
  URLReference.resolve(reference, against: defragmentURL(base))
}

/// The URL without its fragment (RFC 3986 §3.5). Python: `urldefrag`.
public func defragmentURL(_ url: String) -> String {
  url.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(url[..<$0]) } ?? url
}

/// An `http` or `https` URL as all who mean the same write it: scheme and host in lower case, no port that is the scheme's own, a slash where
/// there is no path, no fragment (RFC 3986 §6.2.2, §6.2.3).
///
/// - Returns: nil for what is no such URL.
public func normalizeURL(_ url: String) -> String? { URLReference.normalized(url) }

/// The scheme, host and port of an `http` or `https` URL, normalized: `http://example.org`. nil for what is no such URL.
/// RFC 6454 §4.
public func originOfURL(_ url: String) -> String? { URLReference.origin(of: url) }

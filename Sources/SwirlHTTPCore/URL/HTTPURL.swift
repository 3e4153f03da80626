/// The URL of a request: an `http`, `https` or `http+unix` URL, in the canonical form of the URL standard (WHATWG URL
/// §4).
///
/// Pool, proxies, cookies and cache use this form only, so that `http://0x7f.1`, `http://2130706433` and
/// `http://127.0.0.1` are one host to all of them.
package struct HTTPURL: Sendable, Hashable {
  package let origin: Origin
  /// The path and query, percent-encoded, beginning with a slash: the request target in origin form.
  package let target: String
  /// Percent-encoded, without the hash; nil without one.
  var fragment: String?
  /// The user and password before the host. No text form of this URL contains them (RFC 9110 §4.2.4).
  package let credentials: Credentials?

  /// The user and password of a URL, percent-decoded.
  package struct Credentials: Sendable, Hashable {
    package let user: String
    package let password: String
  }

  /// Why a URL is malformed, in words.
  package struct Malformed: Error {
    package let reason: String
    /// Whether the URL has an unsupported scheme.
    package let isUnsupportedScheme: Bool

    package init(_ reason: String, isUnsupportedScheme: Bool = false) {
      self.reason = reason
      self.isUnsupportedScheme = isUnsupportedScheme
    }
  }

  /// Reads an absolute URL.
  /// - Throws: also for a URL with a user name; a request has separate credentials.
  package init(_ url: String) throws(Malformed) {
    self = try Self.parse(url.utf8.span)
    if credentials != nil { throw Malformed("the URL has a user name: give it as `authentication` instead") }
  }

  package init(origin: Origin, target: String, fragment: String?, credentials: Credentials? = nil) {
    self.origin = origin
    self.target = target
    self.fragment = fragment
    self.credentials = credentials
  }

  /// The canonical text, without credentials and fragment.
  package var text: String { origin.prefix + target }

  /// The canonical text with the fragment, if there is one.
  package var textWithFragment: String { fragment.map { "\(text)#\($0)" } ?? text }

  /// Parses an absolute URL, also one with a user name.
  package static func parse(_ url: String) throws(Malformed) -> HTTPURL { try parse(url.utf8.span) }

  /// The canonical text if a page may link to it: not a Unix socket, and without a user name.
  package var link: String? { origin.socketPath == nil && credentials == nil ? text : nil }

  /// Resolves `reference` against this URL: a Location field, a link (WHATWG URL §4.4).
  package func resolving(_ reference: String) throws(Malformed) -> HTTPURL {
    try Self.parse(reference.utf8.span, at: self)
  }

  /// Like `resolving` a String. Bytes beyond ASCII that are not UTF-8 are percent-encoded one by one.
  package func resolving(_ reference: [UInt8]) throws(Malformed) -> HTTPURL {
    try Self.parse(reference.span, at: self)
  }

  /// The target of `url` if it begins with `prefix` (scheme, host and port) and the rest is canonical without a
  /// fragment; otherwise nil. The fast path: most programs request the same origin repeatedly.
  package static func target(of url: String, after prefix: [UInt8]) -> String? {
    let bytes = url.utf8.span
    let prefix = prefix.span
    let start = prefix.count
    guard bytes.count > start, bytes[start] == UInt8(ascii: "/") else { return nil }
    for index in prefix.indices where bytes[index] != prefix[index] { return nil }
    guard isCanonicalTarget(bytes, start..<bytes.count) else { return nil }
    return String(copying: bytes.extracting(start..<bytes.count))
  }
}

extension HTTPURL: CustomStringConvertible {
  /// The URL without credentials.
  package var description: String { textWithFragment }
}

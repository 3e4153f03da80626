/// Where a request goes: an `http`, `https` or `http+unix` URL, in the canonical form of the URL standard (WHATWG URL §4).
///
/// Pool, proxies, cookies and cache see the parts of this form only, so that `http://0x7f.1`, `http://2130706433` and
/// `http://127.0.0.1` are one host to all of them.
package struct HTTPURL: Sendable, Hashable {
  package let origin: Origin
  /// The path and query, percent-encoded, beginning with a slash: the request target in origin form.
  package let target: String
  /// Percent-encoded, without the hash; nil where the URL has none.
  var fragment: String?
  /// The user and password before the host. They are in no text of this URL (RFC 9110 §4.2.4).
  package let credentials: Credentials?

  /// A user and a password as a URL has them, percent-decoded.
  package struct Credentials: Sendable, Hashable {
    package let user: String
    package let password: String
  }

  /// What is wrong with a URL, in words.
  package struct Malformed: Error {
    package let reason: String
    /// Whether the URL is one of another scheme.
    package let isUnsupportedScheme: Bool

    package init(_ reason: String, isUnsupportedScheme: Bool = false) {
      self.reason = reason
      self.isUnsupportedScheme = isUnsupportedScheme
    }
  }

  /// Reads an absolute URL.
  /// - Throws: also for a URL with a user name, which a request has elsewhere.
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

  /// Reads an absolute URL, one with a user name too.
  package static func parse(_ url: String) throws(Malformed) -> HTTPURL { try parse(url.utf8.span) }

  /// The canonical text where it is one that a page may lead to: not a Unix socket, and without a user name.
  package var link: String? { origin.socketPath == nil && credentials == nil ? text : nil }

  /// What `reference` means in something found here: a Location field, a link (WHATWG URL §4.4).
  package func resolving(_ reference: String) throws(Malformed) -> HTTPURL {
    try Self.parse(reference.utf8.span, at: self)
  }

  /// As `resolving` a String. Bytes beyond ASCII that are not UTF-8 are percent-encoded as they are.
  package func resolving(_ reference: [UInt8]) throws(Malformed) -> HTTPURL {
    try Self.parse(reference.span, at: self)
  }

  /// The target of `url` when it begins with `prefix`, a scheme, host and port, and the rest is in canonical form and has no fragment;
  /// else nil. Most programs ask the same origin again and again: this is the way of their requests.
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

import CPSL

/// Domains under which anybody can register a name: `com`, `co.uk`, `github.io` (publicsuffix.org). A cookie for one of them
/// would go to strangers.
///
/// The only file that sees libpsl.
enum PublicSuffixes {
  /// - Parameter domain: in lower case, letters beyond ASCII in Punycode.
  static func contains(_ domain: String) -> Bool {
    // The list does not know the dot at the end that makes a name absolute.
    var name = domain[...]
    while name.utf8.last == UInt8(ascii: ".") { name.removeLast() }
    // A library that was built without its list knows none of them: better no cookie for a domain than one for all.
    // The pointer is to constants of the library: nobody frees it, and every thread may read it.
    guard !name.isEmpty, let list = psl_builtin() else { return true }
    return psl_is_public_suffix(list, String(name)) == 1
  }
}

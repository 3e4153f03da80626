// What names in the DNS are, by libidn2 and libpsl. The only file here that sees C.

import CIDN2
import CPSL

/// Converts names beyond ASCII to their DNS form (Unicode TR46, nontransitional), by libidn2.
enum IDNA {
  /// Why a name has no DNS form.
  struct Problem: Error {
    package let reason: String
  }

  /// - Parameter name: without NUL, at which libidn2 would stop.
  package static func ascii(_ name: String) -> Result<String, Problem> {
    let whole = convert(name)
    guard case .failure(let code) = whole,
      code.value == IDN2_2HYPHEN.rawValue || code.value == IDN2_HYPHEN_STARTEND.rawValue
    else { return whole.mapError(\.problem) }
    // The URL standard allows hyphens anywhere, libidn2 does not: ASCII labels bypass it (`r3---sn-x.bücher.example`).
    var labels: [String] = []
    for label in name.split(omittingEmptySubsequences: false, whereSeparator: { $0.unicodeScalars.allSatisfy(isDot) }) {
      if label.utf8.allSatisfy({ $0 < 0x80 }) {
        labels.append(String(label))
        continue
      }
      switch convert(String(label)) {
      case .success(let ascii): labels.append(ascii)
      case .failure(let code): return .failure(code.problem)
      }
    }
    return .success(labels.joined(separator: "."))
  }

  /// The label separators (Unicode TR46 §4, step 3).
  private static func isDot(_ scalar: Unicode.Scalar) -> Bool {
    [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"].contains(scalar)
  }

  private struct Code: Error {
    package let value: CInt

    // libidn2's messages are static strings.
    package var problem: Problem { Problem(reason: unsafe String(cString: idn2_strerror(value))) }
  }

  private static func convert(_ name: String) -> Result<String, Code> {
    var output: UnsafeMutablePointer<CChar>?
    // Not `IDN2_ALABEL_ROUNDTRIP`, which refuses labels with characters that the URL standard allows, such as an
    // ampersand.
    let flags = IDN2_NONTRANSITIONAL.rawValue | IDN2_NFC_INPUT.rawValue | IDN2_NO_ALABEL_ROUNDTRIP.rawValue
    // The pointers are valid during the call; the output is freed here.
    let code = unsafe idn2_to_ascii_8z(name, &output, CInt(flags))
    guard code == IDN2_OK.rawValue, let output = unsafe output else { return .failure(Code(value: code)) }
    defer { unsafe idn2_free(output) }
    return .success(unsafe String(cString: output))
  }
}

/// Domains under which anybody can register a name: `com`, `co.uk`, `github.io` (publicsuffix.org). A cookie for one of
/// them would be sent to strangers.
enum PublicSuffixes {
  /// - Parameter domain: in lower case, letters beyond ASCII in Punycode.
  package static func contains(_ domain: String) -> Bool {
    // The list has names without the final dot of an absolute name.
    var name = domain[...]
    while name.utf8.last == UInt8(ascii: ".") { name.removeLast() }
    // A library built without its list knows no suffixes: then treat every domain as one, so that no cookie leaks. The
    // pointer is to constants of the library, which every thread may read.
    guard !name.isEmpty, let list = unsafe psl_builtin() else { return true }
    return unsafe psl_is_public_suffix(list, String(name)) == 1
  }
}

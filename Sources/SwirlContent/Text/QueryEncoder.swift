/// Encodes the query of a URL from a page in a given character set (WHATWG URL §1.3, percent-encode after encoding;
/// Encoding standard §4.3).
package final class QueryEncoder {
  private enum Form {
    case windows1252
    /// The smallest lead byte of a two-byte character. Longer sequences are not allowed.
    case converted(CharsetConverter, fromLead: UInt8)
    case gb18030(CharsetConverter)
  }
  private let form: Form

  /// - Parameter charset: the name in the Content-Type field or the page.
  /// - Returns: nil if queries are in UTF-8: for UTF-8, UTF-16 and unknown sets. Also for ISO-2022-JP, for which the
  ///   standard uses its own bytes.
  package init?(charset: String) {
    guard let encoding = TextEncoding(label: charset) else { return nil }
    switch encoding {
    case .windows1252: form = .windows1252
    case .utf8, .utf16LittleEndian, .utf16BigEndian, .userDefined: return nil
    case .converted:
      let label = TextEncoding.label(charset)
      guard let name = EncodingLabels.libraryName(of: label), name != "ISO-2022-JP",
        let converter = CharsetConverter(to: name)
      else { return nil }
      // GBK writes only its two-byte characters; Big5 only those without the Hong Kong extension.
      form =
        label == "gb18030" ? .gb18030(converter) : .converted(converter, fromLead: name == "BIG5-HKSCS" ? 0xA1 : 0x81)
    }
  }

  /// The encoded query: ASCII bytes unchanged, all others percent-encoded. A character that the set lacks becomes a
  /// numeric reference, as in forms.
  package func encode(_ query: String) -> [UInt8] {
    var output: [UInt8] = []
    for scalar in query.unicodeScalars {
      if scalar.value < 0x80 {
        output.append(UInt8(scalar.value))
      } else if let bytes = bytes(of: scalar) {
        for byte in bytes { if byte < 0x80 { output.append(byte) } else { Self.percentEncode(byte, to: &output) } }
      } else {
        output += Array("%26%23\(scalar.value)%3B".utf8)
      }
    }
    return output
  }

  private func bytes(of scalar: Unicode.Scalar) -> [UInt8]? {
    switch form {
    case .windows1252: return TextEncoding.windows1252Byte(of: scalar).map { [$0] }
    case .gb18030(let converter): return converter.encode(scalar)
    case .converted(let converter, let lead):
      // GBK encodes the euro sign in one byte (Encoding standard §10.2.2).
      if converter.name == "GB18030", scalar == "\u{20AC}" { return [0x80] }
      guard let bytes = converter.encode(scalar), bytes.count <= (converter.name == "EUC-JP" ? 3 : 2),
        bytes.count == 1 || bytes[0] >= lead
      else { return nil }
      return bytes
    }
  }

  private static func percentEncode(_ byte: UInt8, to output: inout [UInt8]) {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
    output += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
  }
}

/// Decodes bytes in the character set of their label.
package enum TextDecoding {
  /// Decodes as the Encoding standard (WHATWG) does: a byte order mark overrides `charset`, ISO-8859-1 means
  /// windows-1252, and invalid bytes become U+FFFD. The C library decodes the other character sets.
  ///
  /// - Returns: nil for an unknown character set.
  package static func decode(_ bytes: [UInt8], charset: String) -> String? {
    if let mark = ByteOrderMark(bytes) {
      return mark.encoding.decode(bytes[mark.count...])
    }
    return TextEncoding(label: charset)?.decode(bytes[...])
  }
}

/// The byte order mark, which selects a form of Unicode.
private struct ByteOrderMark {
  let encoding: TextEncoding
  let count: Int

  init?(_ bytes: [UInt8]) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      (encoding, count) = (.utf8, 3)
    } else if bytes.starts(with: [0xFE, 0xFF]) {
      (encoding, count) = (.utf16BigEndian, 2)
    } else if bytes.starts(with: [0xFF, 0xFE]) {
      (encoding, count) = (.utf16LittleEndian, 2)
    } else {
      return nil
    }
  }
}

/// Text of bytes in the character set that came with them.
package enum TextDecoding {
  /// Decodes as the Encoding standard (WHATWG) does: a byte order mark wins over `charset`, ISO-8859-1 means windows-1252, and what is
  /// invalid becomes U+FFFD. Other character sets are the C library's.
  ///
  /// - Returns: nil for a character set that is not known.
  package static func decode(_ bytes: [UInt8], charset: String) -> String? {
    if let mark = ByteOrderMark(bytes) {
      return mark.encoding.decode(bytes[mark.count...])
    }
    return TextEncoding(label: charset)?.decode(bytes[...])
  }
}

/// The bytes at the beginning that say which form of Unicode follows.
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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A converter of the C library, from one character set to UTF-8.
@safe final class CharsetConverter {
  /// The C library's state, opaque. Closed in `deinit`.
  private let descriptor: iconv_t

  /// - Parameter name: in lower case.
  init?(_ name: String) {
    guard Self.isAllowed(name), let descriptor = unsafe iconv_open("UTF-8", Self.realName(of: name)),
      // What iconv_open(3) returns for an error is -1 as a pointer.
      Int(bitPattern: descriptor) != -1
    else { return nil }
    unsafe self.descriptor = descriptor
  }

  deinit { unsafe iconv_close(descriptor) }

  /// The name comes from a peer: a slash would add options, and no name at all means the character set of the process.
  private static func isAllowed(_ name: String) -> Bool {
    (2...40).contains(name.utf8.count) && !refused.contains { name.hasPrefix($0) }
      && name.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || "-_.:".utf8.contains(byte)
      }
  }

  /// What the C library knows and nobody may send: text that hides as ASCII, as the Encoding standard has it, and the formats of the
  /// library's own memory.
  private static let refused = [
    "utf-7", "utf7", "unicode-1-1-utf-7", "csutf7", "hz", "iso-2022-cn", "iso-2022-kr", "internal", "wchar_t", "char",
  ]

  /// The Encoding standard reads some names as the larger sets that are sent under them.
  private static func realName(of name: String) -> String {
    switch name {
    case "shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "csshiftjis": "CP932"
    case "gb2312", "gbk", "gb_2312", "gb_2312-80", "x-gbk", "chinese", "csgb2312": "GB18030"
    case "euc-kr", "cseuckr", "korean", "ks_c_5601-1987", "ks_c_5601-1989", "ksc5601", "windows-949": "CP949"
    case "big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5": "BIG5-HKSCS"
    case "iso-8859-9", "iso8859-9", "latin5", "l5": "CP1254"
    case "iso-8859-11", "iso8859-11", "tis-620", "windows-874": "CP874"
    case "iso-8859-8-i", "logical": "ISO-8859-8"
    case "x-euc-jp": "EUC-JP"
    case "x-cp1250", "x-cp1251", "x-cp1253", "x-cp1254", "x-cp1255", "x-cp1256", "x-cp1257", "x-cp1258":
      String(name.dropFirst(2))
    default: name
    }
  }

  /// Bytes that are invalid become U+FFFD, one for each.
  func decode(_ bytes: ArraySlice<UInt8>) -> String {
    // A state that an earlier text left behind.
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var piece = [UInt8](repeating: 0, count: 16 * 1024)
    // A copy, because iconv wants a pointer that it may move, to bytes that it may write by its header though it does not.
    var input = bytes.map { CChar(bitPattern: $0) }
    var start = 0
    while start < input.count {
      let (taken, made, reason) = convert(&input, start, &piece)
      text += piece[..<made]
      start += taken
      switch reason {
      case 0 where taken > 0, E2BIG where taken > 0 || made > 0: break
      default:
        // Invalid, or cut off at the end, or a converter that stands still.
        text += Self.replacement
        start += reason == EINVAL ? input.count - start : 1
      }
    }
    let made = flush(&piece)
    text += piece[..<made]
    return String(decoding: text, as: UTF8.self)
  }

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// - Returns: how many bytes were taken and made, and the error number where it stopped early.
  private func convert(_ input: inout [CChar], _ start: Int, _ piece: inout [UInt8]) -> (Int, Int, CInt) {
    // Both pointers are for this call; iconv moves them along the buffers.
    unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe piece.withUnsafeMutableBytes { piece in
        var from = unsafe input.baseAddress.map { unsafe $0 + start }
        var target = unsafe piece.baseAddress?.assumingMemoryBound(to: CChar.self)
        var (left, room) = (input.count - start, piece.count)
        let result = unsafe iconv(descriptor, &from, &left, &target, &room)
        let reason = result == -1 ? errno : 0
        return (input.count - start - left, piece.count - room, reason)
      }
    }
  }

  /// What a converter holds back until it knows that nothing follows.
  private func flush(_ piece: inout [UInt8]) -> Int {
    unsafe piece.withUnsafeMutableBytes { piece in
      var target = unsafe piece.baseAddress?.assumingMemoryBound(to: CChar.self)
      var room = piece.count
      unsafe iconv(descriptor, nil, nil, &target, &room)
      return piece.count - room
    }
  }
}

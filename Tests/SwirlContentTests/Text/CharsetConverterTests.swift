import SwirlContent
import Testing

@Suite struct CharsetConverterTests {
  @Test(
    arguments: [
      ("windows-1251", [0xCF, 0xF0, 0xE8], "При"), ("koi8-r", [0xF0, 0xD2, 0xC9], "При"),
      ("Shift_JIS", [0x93, 0xFA, 0x96, 0x7B, 0x87, 0x40], "日本①"), ("euc-jp", [0xC6, 0xFC, 0xCB, 0xDC], "日本"),
      ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x4B, 0x5C, 0x1B, 0x28, 0x42, 0x61], "日本a"),
      ("gb2312", [0xD6, 0xD0, 0x81, 0x30, 0x81, 0x31], "中\u{81}"), ("big5", [0xA4, 0xA4], "中"),
      ("euc-kr", [0xC7, 0xD1, 0x81, 0x41], "한갂"), ("iso-8859-2", [0xB1, 0x61], "ąa"),
      ("iso-8859-15", [0xA4], "€"), ("iso-8859-9", [0xD0, 0x80], "Ğ€"), ("x-cp1250", [0xB9], "ą"),
      ("macintosh", [0x80], "Ä"), ("x-mac-cyrillic", [0x80], "А"), ("ibm866", [0x80], "А"), ("koi8-u", [0xA4], "є"),
      ("windows-874", [0xA1], "ก"), ("iso-8859-16", [0xAA], "Ș"), ("logical", [0xE0], "א"), ("latin6", [0xA1], "Ą"),
      ("x-user-defined", [0x61, 0x80, 0xFF], "a\u{F780}\u{F7FF}"),
    ] as [(String, [UInt8], String)])
  func `Other character sets are read by the C library`(charset: String, bytes: [UInt8], text: String) {
    #expect(TextDecoding.decode(bytes, charset: charset) == text)
    #expect(TextDecoding.decode([], charset: charset) == "")
  }

  @Test(arguments: [
    "ibm866", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8",
    "iso-8859-8-i", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u",
    "macintosh", "windows-874", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255",
    "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp",
    "shift_jis", "euc-kr",
  ])
  func `Each encoding of the standard has its converter in the library`(charset: String) {
    #expect(TextDecoding.decode([0x61], charset: " \(charset.uppercased())\t") == "a")
  }

  @Test func `Invalid bytes become U+FFFD, and reading continues behind them`() {
    #expect(TextDecoding.decode([0x61, 0x81, 0xFF, 0x62], charset: "euc-kr") == "a\u{FFFD}\u{FFFD}b")
    #expect(TextDecoding.decode([0x61, 0xC7], charset: "euc-kr") == "a\u{FFFD}")
    #expect(TextDecoding.decode([0xFF, 0x93], charset: "shift_jis")?.contains("\u{FFFD}") == true)
    #expect(TextDecoding.decode([0xD2, 0x61], charset: "windows-1253") == "\u{FFFD}a")
  }

  @Test func `Text longer than one buffer comes whole`() {
    let bytes = Array(repeatElement([0x93, 0xFA] as [UInt8], count: 50_001).joined())
    #expect(TextDecoding.decode([0x61] + bytes, charset: "shift_jis") == "a" + String(repeating: "日", count: 50_001))
  }

  @Test(arguments: [
    "utf-7", "UTF-7", "utf7", "hz-gb-2312", "iso-2022-kr", "iso-2022-cn-ext", "internal", "WCHAR_T", "char", "",
    "replacement",
    "ibm850", "utf-32be", "ebcdic-us", "ansi_x3.110", "iso-8859-1//translit", "gbk//ignore", "tcvn5712-1", "cp932",
  ])
  func `What the Encoding standard does not have is refused, whatever the library knows`(charset: String) {
    #expect(TextDecoding.decode([0x61], charset: charset) == nil)
  }

  @Test(arguments: [
    "shift_jis", "euc-jp", "iso-2022-jp", "gbk", "gb18030", "big5", "euc-kr", "windows-874", "koi8-u", "ibm866",
  ])
  func `Any bytes at all become text`(charset: String) throws {
    var random = SplitMix(state: 4)
    for _ in 0..<200 {
      let bytes = (0..<50).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try #require(TextDecoding.decode([0x61] + bytes, charset: charset))
    }
  }
}

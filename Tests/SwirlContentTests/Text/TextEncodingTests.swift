import SwirlContent
import Testing

@Suite struct TextEncodingTests {
  @Test(arguments: ["utf-8", "UTF8", " Utf-8 ", "unicode-1-1-utf-8"])
  func `UTF-8 is repaired where it is invalid`(charset: String) {
    #expect(TextDecoding.decode(Array("aä€😀".utf8), charset: charset) == "aä€😀")
    #expect(TextDecoding.decode([0x61, 0xFF, 0x62, 0xE2, 0x82], charset: charset) == "a\u{FFFD}b\u{FFFD}")
    #expect(TextDecoding.decode([], charset: charset) == "")
  }

  @Test(arguments: ["iso-8859-1", "ISO-8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"])
  func `ISO-8859-1 and ASCII are windows-1252, every byte a character (Encoding standard 4.2)`(charset: String) {
    #expect(TextDecoding.decode([0x41, 0x80, 0x93, 0x9F, 0xA0, 0xE4, 0xFF], charset: charset) == "A€“Ÿ\u{A0}äÿ")
    #expect(TextDecoding.decode(Array(0...255), charset: charset)?.unicodeScalars.count == 256)
    #expect(TextDecoding.decode([0x81, 0x8D, 0x8F, 0x90, 0x9D], charset: charset) == "\u{81}\u{8D}\u{8F}\u{90}\u{9D}")
  }

  @Test func `UTF-16 is little-endian unless it says otherwise (Encoding standard 4.2)`() {
    #expect(TextDecoding.decode([0x61, 0, 0xE4, 0], charset: "utf-16") == "aä")
    #expect(TextDecoding.decode([0x61, 0, 0x3D, 0xD8, 0, 0xDE], charset: "UTF-16LE") == "a😀")
    #expect(TextDecoding.decode([0, 0x61, 0xD8, 0x3D, 0xDE, 0], charset: "utf-16be") == "a😀")
    #expect(TextDecoding.decode([0xFE, 0xFF, 0, 0x61], charset: "utf-16") == "a")
  }

  @Test func `UTF-16 is repaired where it is invalid`() {
    #expect(TextDecoding.decode([0x61, 0, 0x62], charset: "utf-16le") == "a\u{FFFD}")
    #expect(TextDecoding.decode([0x3D, 0xD8, 0x61, 0], charset: "utf-16le") == "\u{FFFD}a")
    #expect(TextDecoding.decode([0, 0xDE, 0x3D, 0xD8], charset: "utf-16le") == "\u{FFFD}\u{FFFD}")
    #expect(TextDecoding.decode([0x3D, 0xD8, 0], charset: "utf-16le") == "\u{FFFD}")
    #expect(TextDecoding.decode([0x61], charset: "utf-16be") == "\u{FFFD}")
    #expect(TextDecoding.decode([], charset: "utf-16") == "")
  }
}

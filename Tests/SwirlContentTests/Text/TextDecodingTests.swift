import SwirlContent
import Testing

@Suite struct TextDecodingTests {
  @Test func `A byte order mark wins over the declared character set, and is no text`() {
    #expect(TextDecoding.decode([0xEF, 0xBB, 0xBF, 0xC3, 0xA4], charset: "iso-8859-1") == "ä")
    #expect(TextDecoding.decode([0xFF, 0xFE, 0xE4, 0x00], charset: "utf-8") == "ä")
    #expect(TextDecoding.decode([0xFE, 0xFF, 0x00, 0xE4], charset: "utf-16le") == "ä")
    #expect(TextDecoding.decode([0xFE, 0xFF, 0x00, 0xE4], charset: "no such") == "ä")
    #expect(TextDecoding.decode([0xEF, 0xBB, 0xBF], charset: "utf-8") == "")
    #expect(TextDecoding.decode([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF], charset: "utf-8") == "\u{FEFF}")
    #expect(TextDecoding.decode([0xEF, 0xBB], charset: "windows-1252") == "ï»")
    #expect(TextDecoding.decode([0xFF], charset: "windows-1252") == "ÿ")
  }

  @Test(arguments: ["no such", "", " ", "x", "/", "utf-8//translit", "../../tmp/x", "a\0b", "latin1,utf-8", "ü"])
  func `An unknown character set is nil`(charset: String) {
    #expect(TextDecoding.decode([0x61], charset: charset) == nil)
  }
}

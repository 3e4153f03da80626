import SwirlNet
import Testing

@Suite struct CountedFramingTests {
  private let framing = CountedFraming(maximumLength: 100, maximumLineLength: 20) { line in
    line.hasPrefix("$") ? Int(line.dropFirst()) : nil
  }

  /// The messages, with the bytes in pieces of this size, or the error.
  private func messages(_ text: String, pieces: Int) -> [String] {
    var (messages, bytes): ([String], [UInt8]) = ([], [])
    var rest = Array(text.utf8)[...]
    do throws(FramingError) {
      while !rest.isEmpty {
        bytes += rest.prefix(pieces)
        rest = rest.dropFirst(pieces)
        while let frame = try framing.firstFrame(in: bytes.span, searched: bytes.count) {
          messages.append(String(decoding: bytes[frame.message], as: UTF8.self))
          bytes.removeFirst(frame.end)
        }
      }
    } catch { messages.append("error") }
    return messages
  }

  @Test(arguments: [1, 3, 1000])
  func `lines and what they announce are messages`(_ pieces: Int) {
    #expect(
      messages("+OK\r\n$5\r\nhe\r\nl\r\n$0\r\n\r\n$-1\r\n*2\r\n", pieces: pieces)
        == ["+OK", "$5\r\nhe\r\nl", "$0\r\n", "$-1", "*2"])
  }

  @Test(arguments: ["$101\r\n", "$2\r\nabcd", "a line of 25 bytes is long", "$99999999999\r\n", "$x\r\n$1\r\nab\r\n"])
  func `what is too long, or ends otherwise, is an error`(_ text: String) {
    #expect(messages(text, pieces: 1).last == "error" && messages(text, pieces: 1000).last == "error")
  }

  @Test func `it encodes lines and what they announce`() throws {
    #expect(try framing.encode(Array("+OK".utf8)) == Array("+OK\r\n".utf8))
    #expect(try framing.encode(Array("$2\r\nab".utf8)) == Array("$2\r\nab\r\n".utf8))
    #expect(throws: FramingError.self) { try framing.encode(Array("$3\r\nab".utf8)) }
    #expect(throws: FramingError.self) { try framing.encode(Array("+a\r\n+b".utf8)) }
  }
}

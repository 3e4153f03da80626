import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct FieldLineTests {
  @Test(
    "A field line is a token, a colon and a value without control characters (RFC 9112 §5)",
    arguments: [
      ("A: b", "A=b"), ("A:b", "A=b"), ("A:", "A="), ("A: \t b c \t ", "A=b c"),
      ("!#$%&'*+-.^_`|~09: x", "!#$%&'*+-.^_`|~09=x"),
      ("A: a\tb", "A=a\tb"), ("A: b: c", "A=b: c"), ("A: \u{e9}", "A=\u{e9}"),
      (" A: b", nil), ("\tA: b", nil), ("A : b", nil), ("A\t: b", nil), ("A b: c", nil), (": b", nil), ("A", nil),
      ("A;: b", nil), ("A\u{e9}: b", nil), ("A\0: b", nil), ("A: \0", nil), ("A: \u{1}", nil), ("A: \u{7f}", nil),
      ("A: \u{1b}[0m", nil), ("A: b\rc", nil), ("A: b\r", nil), ("A: b\nB: c", nil), ("A: b\r\n c", nil),
      ("A: b\r\n\tc", nil),
      ("A: 12345678\u{1f}", nil), ("A: 123456789\u{b}2345", nil),
    ])
  func fieldLine(line: String, expected: String?) {
    let head = "GET / HTTP/1.0\r\n\(line)\r\n\r\n"
    expectRequests(head, expected == nil ? ["error badField 400"] : ["head GET / none", "end"])
    expectResponses(
      "HTTP/1.1 204 No\r\n\(line)\r\n\r\n", expected == nil ? ["error badField 502"] : ["head 204 none", "end"])
    // The same line in a trailer section.
    expectRequests(
      "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(line)\r\n\r\n",
      ["head PUT / chunked", expected.map { "end " + $0 } ?? "error badField 400"])
  }

  @Test(
    "A line feed alone ends no line (RFC 9112 §2.2)",
    arguments: [
      "GET / HTTP/1.0\n\n", "GET / HTTP/1.0\r\nA: b\n\r\n", "GET / HTTP/1.0\r\nA: b\r\n\n", "GET / HTTP/1.0\n\r\n\r\n",
    ])
  func bareLineFeed(text: String) {
    let code = text.hasPrefix("GET / HTTP/1.0\n") ? "badStartLine" : "badField"
    expectRequests(text, ["error \(code) 400"])
  }

  @Test("Every control character but tab is refused wherever it stands in a value (RFC 9110 §5.5)")
  func controls() {
    for control in Array(0...8) + Array(10...31) + [127] {
      for position in 0...16 {
        var bytes = Array("GET / HTTP/1.0\r\nA: 0123456789abcdefg\r\nB: c\r\n\r\n".utf8)
        bytes[19 + position] = UInt8(control)
        #expect(requestTranscript([bytes]) == ["error badField 400"], "\(control) at \(position)")
      }
    }
  }

  @Test("Every byte from 0x80 on is allowed in a value, and comes out as it was (RFC 9110 §5.5)")
  func obsText() throws {
    let value = Array(UInt8(0x80)...0xFF)
    let bytes = Array("GET / HTTP/1.0\r\nA: ".utf8) + value + Array("\r\n\r\n".utf8)
    var parser = RequestParser()
    var offset = 0
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      Issue.record("no head")
      return
    }
    let field = try #require(head.fields.first { _ in true })
    #expect(field.withUnsafeBytesOfValue { Array($0) } == value)
  }

  @Test("A name is a token: each other byte is refused (RFC 9110 §5.6.2)")
  func names() {
    let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: ":") {
      let bytes = Array("GET / HTTP/1.0\r\nA".utf8) + [byte] + Array("B: c\r\n\r\n".utf8)
      let expected = token.contains(byte) ? ["head GET / none", "end"] : ["error badField 400"]
      #expect(requestTranscript([bytes]) == expected, "\(byte)")
    }
  }

  @Test func `Eight bytes are tested as each of them is`() {
    let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-".utf8)
    for byte in UInt8.min...UInt8.max {
      for place in 0..<20 {
        for other in Array("aZ-".utf8) {
          var bytes = [UInt8](repeating: other, count: 21)
          bytes[place] = byte
          for start in [0, 3] {
            let expected = bytes[start...].firstIndex { !letters.contains($0) } ?? bytes.count
            #expect(bytes.span.firstOther(from: start, to: bytes.count) == expected, "\(byte) at \(place)")
            #expect(bytes.span.firstOther(from: start, to: 10) == min(expected, 10), "\(byte) at \(place)")
          }
        }
      }
    }
  }

  @Test func `Bytes behind the end of a buffer are not looked at`() {
    let bytes = Array("a-Z:\u{7F}@[`{aaaaaaaa-Content_Length aaaaaaaaé".utf8)
    for count in 0...bytes.count {
      // Its own memory to the byte, for the checks of AddressSanitizer.
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
      defer { memory.deallocate() }
      _ = memory.initialize(fromContentsOf: bytes.suffix(count))
      for start in 0...count {
        for end in start...count {
          let expected = memory[start..<end].firstIndex { !($0 | 0x20 >= 97 && $0 | 0x20 <= 122 || $0 == 45) } ?? end
          let found = memory.span.firstOther(from: start, to: end)
          #expect(found == expected, "\(start) to \(end) of \(count)")
        }
      }
    }
  }
}

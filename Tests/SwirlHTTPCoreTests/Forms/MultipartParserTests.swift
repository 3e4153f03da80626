import HTTPTypes
import Testing

@testable import SwirlHTTPCore

/// Forms in parts. The forms are those of RFC 7578 and RFC 2046 §5.1.1, of what curl and browsers send, and of what
/// broke the readers of Werkzeug, Tornado, busboy and Go: cut delimiters, preambles, doubled names, heads without end.
@Suite struct MultipartParserTests {
  private struct Part: Equatable {
    var name: String
    var fileName: String?
    var type: String?
    var text: String
  }

  /// All parts of a form that comes in pieces of `size`.
  private func parse(
    _ form: String, by size: Int = .max, boundary: String = "b", limits: MultipartLimits = .init()
  ) throws -> [Part] {
    var parser = MultipartParser(boundary: boundary, limits: limits)
    var rest = Array(form.utf8)[...]
    var parts: [Part] = []
    var content: [UInt8] = []
    while true {
      switch try parser.next() {
      case .part(let head):
        parts.append(Part(name: head.name, fileName: head.fileName, type: head.contentType, text: ""))
      case .content(let bytes):
        #expect(!bytes.isEmpty)
        content += bytes
      case .partEnded:
        parts[parts.count - 1].text = String(decoding: content, as: UTF8.self)
        content = []
      case .finished:
        #expect(parser.isFinished)
        return parts
      case .needMore:
        guard !rest.isEmpty else { throw MultipartError.cut }
        parser.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
    }
  }

  private static let head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n"
  private static let sizes = [1, 2, 3, 7, 64, Int.max]

  private static let good: [(String, [Part])] = [
    ("--b\r\n\(head)1\r\n--b--\r\n", [Part(name: "a", text: "1")]),
    ("--b\r\n\(head)1\r\n--b--", [Part(name: "a", text: "1")]),
    ("--b\r\n\(head)\r\n--b--", [Part(name: "a", text: "")]),
    ("--b--\r\n", []), ("\r\n--b--", []),
    ("preamble\r\n--b \t\r\n\(head)1\r\n--b--\r\nepilogue --b\r\n", [Part(name: "a", text: "1")]),
    ("--b\r\n\(head)\r\n\r\n--\r\n--a\r\n-\r\n--b--", [Part(name: "a", text: "\r\n\r\n--\r\n--a\r\n-")]),
    ("--b\r\n\(head)\r\r\r\n\n\r\n--b--", [Part(name: "a", text: "\r\r\r\n\n")]),
    (
      "--b\r\n\(head)1\r\n--b\r\ncontent-disposition:form-data;filename=\"C:\\dir\\x.txt\"; NAME=\"f\"\r\n"
        + "Content-Type: text/plain\r\n\r\nx\r\n--b--",
      [Part(name: "a", text: "1"), Part(name: "f", fileName: "C:\\dir\\x.txt", type: "text/plain", text: "x")]
    ),
    (
      "--b\r\nContent-Disposition: form-data; name=\"a%22b%0D%0A%41\"; filename=\"a\\\"b\\\\c;d\"\r\n\r\n\r\n--b--",
      [Part(name: "a\"b\r\n%41", fileName: "a\"b\\c;d", text: "")]
    ),
    (
      "--b\r\nContent-Disposition: form-data; name=é; filename=\"\"\r\nX: y\r\n\r\nü\r\n--b--",
      [Part(name: "é", fileName: "", text: "ü")]
    ),
    (
      "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"; filename*=UTF-8''..%2Fy\r\n\r\n\r\n--b--",
      [Part(name: "a", fileName: "x", text: "")]
    ),
  ]

  @Test(arguments: good.indices, sizes) func `a form has these parts, however it is cut`(index: Int, size: Int) throws {
    let (form, parts) = Self.good[index]
    #expect(try parse(form, by: size) == parts)
  }

  @Test(arguments: good.indices) func `a beginning of a form is no whole one`(index: Int) throws {
    let form = Self.good[index].0
    let end = Array(form.utf8).count - (form.contains("epilogue") ? 16 : form.hasSuffix("--\r\n") ? 2 : 0)
    for count in 0..<end {
      #expect(throws: MultipartError.self) {
        try parse(String(decoding: Array(form.utf8).prefix(count), as: UTF8.self))
      }
    }
  }

  private static let bad: [(String, MultipartError)] = [
    ("", .cut), ("a=1&b=2", .cut), ("--c\r\n\(head)1\r\n--c--", .cut), ("--bc\r\n\(head)1\r\n--b--", .strayBytes),
    ("--b\r\n\(head)1\r\n--bx\r\n--b--", .strayBytes), ("--b\r\n\(head)1\n--b--", .cut),
    ("--b\n\(head)1\r\n--b--", .strayBytes),
    ("--b\r\n\(head)1\r\n--b-\r\n", .strayBytes), ("--b\(String(repeating: " ", count: 65))\r\n\(head)", .strayBytes),
    (String(repeating: "x", count: 9000) + "\r\n--b--", .noForm),
  ]

  @Test(arguments: bad.indices, [1, Int.max]) func `what is no form is refused`(index: Int, size: Int) {
    #expect(throws: Self.bad[index].1) { try parse(Self.bad[index].0, by: size) }
  }

  @Test(arguments: [
    "", "Content-Type: text/plain\r\n", "Content-Disposition: attachment; name=\"a\"\r\n",
    "Content-Disposition: form-data\r\n", "Content-Disposition: form-data; name=\"a\r\n",
    "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n", "Content-Disposition: form-data; name=\"a\"x\r\n",
    "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n",
    "Content-Disposition: form-data; name=\"a\"\r\n folded\r\n", "no field\r\n", "a b: c\r\n", ": c\r\n",
    "Content-Disposition: form-data; name=\"a\"\r\nX: a\u{0}b\r\n", "X: a\nb\r\n",
  ])
  func `a part needs a head with a name`(head: String) {
    #expect {
      try parse("--b\r\n\(head)\r\nx\r\n--b--")
    } throws: {
      if case MultipartError.badHead = $0 { !($0 as! MultipartError).isLimit } else { false }
    }
  }

  @Test func `parts and heads are limited`() throws {
    var limits = MultipartLimits()
    limits.parts = 2
    limits.headBytes = 60
    let part = "--b\r\n\(Self.head)1\r\n"
    #expect(try parse(part + part + "--b--", limits: limits).count == 2)
    #expect(throws: MultipartError.tooManyParts(2)) { try parse(part + part + part + "--b--", limits: limits) }
    let long = "--b\r\nX: \(String(repeating: "x", count: 80))\r\n\(Self.head)1\r\n--b--"
    for size in Self.sizes {
      #expect(throws: MultipartError.longHead(60)) { try parse(long, by: size, limits: limits) }
    }
    // A head without end, byte by byte, is not searched again with each.
    limits.headBytes = 1 << 20
    #expect(throws: MultipartError.longHead(1 << 20)) {
      try parse("--b\r\n" + String(repeating: "x", count: 2 << 20), by: 16, limits: limits)
    }
  }

  @Test(
    arguments: [
      ("multipart/form-data; boundary=b", "b"), ("Multipart/Form-Data;charset=x; Boundary=\"a b\"", "a b"),
      ("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
      ("multipart/form-data", nil), ("multipart/mixed; boundary=b", nil), ("multipart/form-data; boundary=", nil),
      ("multipart/form-data; boundary=\"\"", nil), ("multipart/form-data; boundary=\"a \"", nil), (nil, nil),
      ("multipart/form-data; boundary=" + String(repeating: "b", count: 71), nil),
      ("multipart/form-data; boundary=b; boundary=c", nil), ("multipart/form-data; boundary=\"b", nil),
      ("multipart/form-data; boundary=b\u{7}", nil), ("multipart/form-data; boundary=é", nil),
    ] as [(String?, String?)])
  func `a boundary is of one to seventy characters`(type: String?, boundary: String?) {
    #expect((try? MultipartHead.boundary(of: type)) == boundary)
  }

  @Test func `content of random bytes with many beginnings of a delimiter comes out as it went in`() throws {
    for seed in 0..<200 as Range<UInt64> {
      var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
      func random(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
      }
      let letters: [UInt8] = [0x0D, 0x0A, 0x2D, 0x62, 0x78]
      let text = String(decoding: (0..<random(400)).map { _ in letters[random(5)] }, as: UTF8.self)
      guard !"\r\n\(text)".utf8Contains("\r\n--b") else { continue }
      #expect(try parse("--b\r\n\(Self.head)\(text)\r\n--b--", by: 1 + random(20)) == [Part(name: "a", text: text)])
    }
  }
}

extension String {
  fileprivate func utf8Contains(_ text: String) -> Bool {
    let bytes = Array(utf8)
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count else { return false }
    return (0...(bytes.count - wanted.count)).contains { bytes[$0...].starts(with: wanted) }
  }
}

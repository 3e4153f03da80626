/// Formats JSON for a terminal, piece by piece as it comes: a member a line, in colour.
///
/// It changes blanks between tokens only: the order, duplicates, the spelling of numbers and escapes stay as the server
/// sent them, and what is no JSON stays what it is. Several values follow each other on lines of their own.
struct JSONFormatter {
  private enum Color: String {
    case name = "34;1"
    case text = "32"
    case word = "36"
  }
  private enum Token { case text, name, word }

  private let isColored: Bool
  private var output: [UInt8] = []
  /// The closing brackets to come.
  private var open: [UInt8] = []
  private var token: Token?
  private var isEscaped = false
  /// An opening bracket that may be followed by its closing one.
  private var isFresh = false
  /// Whether the next string is a name.
  private var expectsName = false
  private var isBetween = false

  init(isColored: Bool) { self.isColored = isColored }

  mutating func format(_ bytes: [UInt8]) -> [UInt8] {
    for byte in bytes { add(byte) }
    defer { output = [] }
    return output
  }

  /// What ends the last line, and the colour of a string that is cut off.
  mutating func end() -> [UInt8] {
    if token != nil { colorEnd() }
    token = nil
    defer { output = [] }
    return output + Array("\n".utf8)
  }

  private mutating func add(_ byte: UInt8) {
    if token == .text || token == .name { return addToString(byte) }
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): endWord()
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      begin()
      output.append(byte)
      open.append(byte + 2)
      (isFresh, expectsName) = (true, byte == UInt8(ascii: "{"))
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      endWord()
      if open.last == byte {
        open.removeLast()
        if !isFresh { newLine() }
      }
      output.append(byte)
      (isFresh, expectsName, isBetween) = (false, false, open.isEmpty)
    case UInt8(ascii: ","):
      endWord()
      output.append(byte)
      if !open.isEmpty { newLine() }
      (expectsName, isBetween) = (open.last == UInt8(ascii: "}"), false)
    case UInt8(ascii: ":"):
      endWord()
      output += Array(": ".utf8)
      (expectsName, isBetween) = (false, false)
    case UInt8(ascii: "\""):
      begin()
      token = expectsName ? .name : .text
      color(expectsName ? .name : .text)
      output.append(byte)
    default:
      if token == nil {
        begin()
        token = .word
        color(.word)
      }
      addVisible(byte)
    }
  }

  private mutating func addToString(_ byte: UInt8) {
    addVisible(byte)
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
    } else if byte == UInt8(ascii: "\"") {
      colorEnd()
      token = nil
      isBetween = open.isEmpty
    }
  }

  /// A control byte, which JSON does not have, gives no order to the terminal.
  private mutating func addVisible(_ byte: UInt8) {
    if byte >= 0x20, byte != 0x7F { return output.append(byte) }
    let digits = Array(String(byte, radix: 16).utf8)
    output += Array("\\u00".utf8) + (digits.count == 1 ? Array("0".utf8) : []) + digits
  }

  /// Before a value.
  private mutating func begin() {
    endWord()
    if isFresh || isBetween { newLine() }
    (isFresh, isBetween) = (false, false)
  }

  private mutating func endWord() {
    guard token == .word else { return }
    colorEnd()
    token = nil
    isBetween = open.isEmpty
  }

  private mutating func newLine() {
    output += Array(("\n" + String(repeating: "    ", count: min(open.count, 50))).utf8)
  }

  private mutating func color(_ color: Color) { if isColored { output += Array("\u{1B}[\(color.rawValue)m".utf8) } }
  private mutating func colorEnd() { if isColored { output += Array("\u{1B}[0m".utf8) } }
}

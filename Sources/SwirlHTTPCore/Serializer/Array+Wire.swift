internal import HTTPTypes

/// Appends text and numbers as bytes, without an intermediate String.
extension [UInt8] {
  /// Appends a literal. Inlined, so that short text is a few stores.
  @inline(__always)
  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { unsafe append(contentsOf: $0) }
  }

  /// Appends CR LF: two stores, where a literal costs a call and a move of memory.
  @inline(__always)
  mutating func appendLineEnd() {
    append(.carriageReturn)
    append(.lineFeed)
  }

  mutating func append(decimal number: Int) {
    // The digits come out in reverse; nineteen are enough for an Int.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var index = 20
    var rest = number.magnitude
    repeat {
      index -= 1
      digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    append(copying: digits.span.extracting(index...))
  }

  mutating func append(hexadecimal number: Int) {
    var shift = (Int.bitWidth - number.leadingZeroBitCount + 3) / 4 * 4
    repeat {
      shift = Swift.max(shift - 4, 0)
      let digit = UInt8(truncatingIfNeeded: (number >> shift) & 0xF)
      append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10))
    } while shift > 0
  }

  /// A field line. The name's type guarantees a token. The value's initializer sanitizes it, but its lenient form only
  /// partly: so check it here.
  mutating func append(_ field: HTTPField) throws(HTTPWireError) {
    let name = field.name.rawName
    append(contentsOf: name.utf8)
    append(": ")
    try unsafe field.withUnsafeBytesOfValue { (buffer) throws(HTTPWireError) in
      let value = unsafe Span(_unsafeElements: buffer)
      let control = value.firstControl(from: 0)
      guard control == value.count else {
        throw HTTPWireError(
          .invalidOutput, "the value of \(name) has the control character \(value[control].hex) (RFC 9110 §5.5)")
      }
      append(copying: value)
    }
    appendLineEnd()
  }

  /// Runs `body`, and removes what it appended if it throws: half a head must never be sent.
  mutating func appendOrRollBack(
    _ body: (inout [UInt8]) throws(HTTPWireError) -> Void
  ) throws(HTTPWireError) {
    let start = count
    do throws(HTTPWireError) {
      try body(&self)
    } catch {
      removeSubrange(start...)
      throw error
    }
  }

  mutating func append(_ framing: BodyFraming) {
    switch framing {
    case .none: break
    case .contentLength(let length):
      append("Content-Length: ")
      append(decimal: length)
      appendLineEnd()
    case .chunked: append("Transfer-Encoding: chunked\r\n")
    case .untilClose: append("Connection: close\r\n")
    }
  }
}

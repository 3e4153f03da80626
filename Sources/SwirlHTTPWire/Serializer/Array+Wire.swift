internal import HTTPTypes

/// Putting text and numbers into bytes without a String in between.
extension [UInt8] {
  mutating func append(_ text: String) {
    append(contentsOf: text.utf8)
  }

  mutating func append(decimal number: Int) {
    // The digits come out last first; nineteen are enough for an Int.
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

  /// A field line. HTTPField turns what can't be sent into spaces, but not all of it when told to be lenient: so all is checked.
  mutating func append(_ field: HTTPField) throws(HTTPWireError) {
    let name = field.name.rawName
    let nameBytes = name.utf8.span
    guard nameBytes.isToken(nameBytes.indices) else {
      throw HTTPWireError(.invalidOutput, "a field name is not a token: \(name) (RFC 9110 §5.1)")
    }
    append(name)
    append(": ")
    try unsafe field.withUnsafeBytesOfValue { (buffer) throws(HTTPWireError) in
      let value = unsafe Span(_unsafeElements: buffer)
      for index in value.indices where !value[index].isFieldValue {
        throw HTTPWireError(
          .invalidOutput, "the value of \(name) has the control character \(value[index].hex) (RFC 9110 §5.5)")
      }
      append(copying: value)
    }
    append("\r\n")
  }

  /// Runs `body`, and takes back what it appended if it throws: half a head must never go out.
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
      append("\r\n")
    case .chunked: append("Transfer-Encoding: chunked\r\n")
    case .untilClose: append("Connection: close\r\n")
    }
  }
}

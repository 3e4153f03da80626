internal import HTTPTypes

/// The bytes of a validated head, from which fields are read on demand. Copying these bytes is the only allocation for
/// a head.
struct RawHead: Sendable {
  let bytes: [UInt8]
  /// The start of the first field line; the empty line follows the last one.
  let fieldsStart: Int

  init(bytes: [UInt8], fieldsStart: Int) {
    self.bytes = bytes
    self.fieldsStart = fieldsStart
  }

  /// The same, with the version of HTTP/2 in place of `1.1` at `position`.
  init(http2 head: RawHead, versionAt position: Int) {
    var bytes = head.bytes
    bytes[position] = UInt8(ascii: "2")
    bytes[position + 2] = UInt8(ascii: "0")
    self.init(bytes: bytes, fieldsStart: head.fieldsStart)
  }

  /// The value of the first field with this name, in any case.
  func firstValue(_ name: String) -> Range<Int>? {
    var lines = FieldLineRanges(fieldsStart)
    return lines.nextValue(name, in: bytes.span)
  }

  /// The values of all fields with this name, in any case, as one list (RFC 9110 §5.3).
  func list(_ name: String) -> String? {
    let bytes = bytes.span
    var lines = FieldLineRanges(fieldsStart)
    guard let first = lines.nextValue(name, in: bytes) else { return nil }
    var list = bytes.string(first)
    while let next = lines.nextValue(name, in: bytes) { list += ", " + bytes.string(next) }
    return list
  }

  func string(_ range: Range<Int>) -> String {
    bytes.span.string(range)
  }

  /// All fields, in order, with names as they were sent.
  var fields: HTTPFields {
    HTTPFields(checked: bytes, from: fieldsStart)
  }
}

extension HTTPFields {
  /// The trailer fields of an HTTP/2 message, as validated lines with an empty line behind them.
  package init(trailerLines bytes: [UInt8]) { self.init(checked: bytes, from: 0) }

  /// The fields of validated lines from `start` to the empty line.
  init(checked bytes: [UInt8], from start: Int) {
    self.init()
    var lines = FieldLineRanges(start)
    while let line = lines.next(in: bytes.span) {
      let field = FieldLine(known: bytes.span, line)
      // The name was validated as a token, so the initializer can't fail.
      let name = HTTPField.Name(bytes.span.string(field.name))!
      append(HTTPField(name: name, lenientValue: bytes[field.value]))
    }
  }
}

/// Iterates over the lines of a validated field section.
struct FieldLineRanges {
  private var start: Int

  init(_ start: Int) {
    self.start = start
  }

  /// The next line without its CRLF, nil at the empty line.
  mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
    // Every line was found by its line feed, so this search succeeds.
    guard let lineFeed = bytes.firstLineFeed(from: start), lineFeed - 1 > start else { return nil }
    defer { start = lineFeed + 1 }
    return start..<(lineFeed - 1)
  }

  /// The value of the next field with this name, in any case.
  mutating func nextValue(_ name: String, in bytes: Span<UInt8>) -> Range<Int>? {
    let wanted = name.utf8.span
    while let line = next(in: bytes) {
      guard line.count > wanted.count, bytes[line.lowerBound + wanted.count] == .colon else { continue }
      var index = 0
      while index < wanted.count, bytes[line.lowerBound + index].lowercased == wanted[index].lowercased { index += 1 }
      if index == wanted.count { return FieldLine(known: bytes, line).value }
    }
    return nil
  }
}

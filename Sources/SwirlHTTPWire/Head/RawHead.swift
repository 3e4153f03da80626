internal import HTTPTypes

/// The bytes of a head that was checked, from which fields are read when someone looks. Copying these bytes is the only
/// allocation that a head costs.
struct RawHead: Sendable {
  let bytes: [UInt8]
  /// Where the first field line begins; the empty line follows the last one.
  let fieldsStart: Int

  /// The value of the first field with this name, in any case.
  func firstValue(_ name: String) -> Range<Int>? {
    let bytes = bytes.span
    let wanted = name.utf8.span
    var lines = FieldLineRanges(fieldsStart)
    while let line = lines.next(in: bytes) {
      guard line.count > wanted.count, bytes[line.lowerBound + wanted.count] == .colon else { continue }
      var index = 0
      while index < wanted.count, bytes[line.lowerBound + index].lowercased == wanted[index].lowercased { index += 1 }
      if index == wanted.count { return FieldLine(known: bytes, line).value }
    }
    return nil
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
  /// The fields whose checked lines begin at `start`, up to the empty line.
  init(checked bytes: [UInt8], from start: Int) {
    self.init()
    var lines = FieldLineRanges(start)
    while let line = lines.next(in: bytes.span) {
      let field = FieldLine(known: bytes.span, line)
      // The name was checked to be a token, so the initializer can't refuse it.
      let name = HTTPField.Name(bytes.span.string(field.name))!
      append(HTTPField(name: name, lenientValue: bytes[field.value]))
    }
  }
}

/// Walks the lines of a checked field section.
struct FieldLineRanges {
  private var start: Int

  init(_ start: Int) {
    self.start = start
  }

  /// The next line without its CRLF, nil at the empty line.
  mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
    // Every line was found by its line feed, so there is one.
    guard let lineFeed = bytes.firstLineFeed(from: start), lineFeed - 1 > start else { return nil }
    defer { start = lineFeed + 1 }
    return start..<(lineFeed - 1)
  }
}

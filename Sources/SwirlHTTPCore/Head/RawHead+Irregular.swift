extension RawHead {
  /// A head with lines that end with a line feed alone, or folded fields: each line gets its CRLF, and each fold
  /// becomes one space (RFC 9112 §2.2, §5.2).
  ///
  /// - Parameter head: the validated lines of a response's head, including the empty line.
  @inline(never)
  init(irregular head: [UInt8]) {
    let head = head.span
    var bytes: [UInt8] = []
    bytes.reserveCapacity(head.count)
    var fieldsStart = 0
    var start = 0
    while let lineFeed = head.firstLineFeed(from: start) {
      let end = lineFeed > start && head[lineFeed - 1] == .carriageReturn ? lineFeed - 1 : lineFeed
      var line = start..<end
      if fieldsStart > 0, !line.isEmpty, head[start].isBlank {
        // The blanks on both sides belong to the fold. Removing those before it stops at the colon at the latest.
        bytes.removeLast(2)
        while bytes[bytes.count - 1].isBlank { bytes.removeLast() }
        bytes.append(.space)
        line = head.trimmed(line)
      }
      bytes.append(copying: head.extracting(line))
      bytes.appendLineEnd()
      if fieldsStart == 0 { fieldsStart = bytes.count }
      start = lineFeed + 1
    }
    self.init(bytes: bytes, fieldsStart: fieldsStart)
  }
}

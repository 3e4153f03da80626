/// Finds a head in the input: directly in the caller's bytes if all of it is there, otherwise in a buffer that holds
/// the earlier bytes.
struct HeadReader<Start: StartLine>: Sendable {
  private var scanner = HeadScanner<Start>()
  private var pending: [UInt8] = []

  /// A complete head, parsed.
  struct Head {
    let raw: RawHead
    let start: Start
    let facts: FieldFacts
  }

  /// Whether no byte of a head has arrived, except for the optional empty line before it.
  var isIdle: Bool {
    if pending.isEmpty { return true }
    let isEmptyLine = pending == [.carriageReturn] || pending == [.carriageReturn, .lineFeed]
    return isEmptyLine && Start.allowsEmptyLineBefore
  }

  /// The number of bytes of an incomplete head.
  var pendingCount: Int { pending.count }

  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, _ limits: HTTPLimits, _ rules: HeadRules
  ) throws(HTTPWireError) -> Head? {
    if offset == input.count { return nil }
    if pending.isEmpty {
      let rest = input.extracting(offset...)
      guard let end = try scanner.scan(rest, limits, rules) else {
        pending = [UInt8](copying: rest)
        offset = input.count
        return nil
      }
      offset += end
      return finish([UInt8](copying: rest.extracting(..<end)))
    }
    // Line by line, because the bytes behind the head must stay unread.
    var bytes = pending
    pending = []
    while offset < input.count {
      let end = input.firstLineFeed(from: offset).map { $0 + 1 } ?? input.count
      bytes.append(copying: input.extracting(offset..<end))
      offset = end
      if try scanner.scan(bytes.span, limits, rules) != nil {
        return finish(bytes)
      }
    }
    pending = bytes
    return nil
  }

  @inline(__always)
  private mutating func finish(_ bytes: [UInt8]) -> Head? {
    defer {
      scanner = HeadScanner()
      pending = []
    }
    guard let start = scanner.start else { return nil }
    let raw =
      scanner.isIrregular ? RawHead(irregular: bytes) : RawHead(bytes: bytes, fieldsStart: scanner.fieldsStart)
    return Head(raw: raw, start: start, facts: scanner.facts)
  }
}

/// Finds a head in what was read: straight in the caller's bytes when all of it is there, else in a buffer of its own that
/// keeps what came before.
struct HeadReader<Start: StartLine>: Sendable {
  private var scanner = HeadScanner<Start>()
  private var pending: [UInt8] = []

  /// What a complete head came to.
  struct Head {
    let raw: RawHead
    let start: Start
    let facts: FieldFacts
  }

  /// Whether nothing of a head has come but perhaps the empty line that may stand before it.
  var isIdle: Bool {
    if pending.isEmpty { return true }
    let isEmptyLine = pending == [.carriageReturn] || pending == [.carriageReturn, .lineFeed]
    return isEmptyLine && Start.allowsEmptyLineBefore
  }

  /// How many bytes of an incomplete head have come.
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
    // Line by line, for bytes behind the head are not ours to take.
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

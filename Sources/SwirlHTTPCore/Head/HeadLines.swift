/// The lines of an HTTP/2 head, written in the form of HTTP/1 while its fields arrive (RFC 9113 §8.3).
///
/// It notes what the fields say about framing as a parser does, so that a head is not parsed a second time. The caller
/// has validated names as tokens, and values as free of control characters.
package struct HeadLines: Sendable {
  package private(set) var bytes: [UInt8] = []
  /// The status of a response; zero otherwise.
  package private(set) var status = 0
  /// Behind the start line; zero before that is written.
  private(set) var fieldsStart = 0
  private(set) var facts = FieldFacts()
  private var isRequest = false
  // The ends of the parts of a request line.
  private var methodEnd = 0
  private var targetEnd = 0
  /// Whether a field breaks a rule: `check` finds it again.
  private var isBroken = false

  package init() {}

  package var hasStartLine: Bool { fieldsStart > 0 }

  /// Begins the next head, with room for so many bytes.
  package mutating func begin(capacity: Int) {
    bytes = []
    bytes.reserveCapacity(capacity)
    status = 0
    fieldsStart = 0
    facts = FieldFacts()
    isRequest = false
    isBroken = false
  }

  /// Writes a request line.
  package mutating func startRequest(_ method: Span<UInt8>, _ target: Span<UInt8>) {
    isRequest = true
    methodEnd = method.count
    targetEnd = methodEnd + 1 + target.count
    bytes.append(addingCapacity: targetEnd + 11) { line in
      line.append(copying: method)
      line.append(.space)
      line.append(copying: target)
      line.append(text: " HTTP/2.0\r\n")
    }
    fieldsStart = bytes.count
  }

  package mutating func startRequest(_ method: StaticString, _ target: Span<UInt8>) {
    // Safe: a literal is never freed.
    let method = unsafe UnsafeBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount)
    startRequest(unsafe Span(_unsafeElements: method), target)
  }

  /// Writes a status line.
  package mutating func startResponse(_ status: Int) {
    self.status = status
    bytes.append(addingCapacity: 15) { line in
      line.append(text: "HTTP/2.0 ")
      line.append(UInt8(ascii: "0") + UInt8(status / 100 % 10))
      line.append(UInt8(ascii: "0") + UInt8(status / 10 % 10))
      line.append(UInt8(ascii: "0") + UInt8(status % 10))
      line.append(text: " \r\n")
    }
    fieldsStart = bytes.count
  }

  /// Writes a field line, and notes what it says.
  package mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    let start = bytes.count
    let nameEnd = start + name.count
    let valueEnd = nameEnd + 2 + value.count
    bytes.append(addingCapacity: name.count + value.count + 4) { line in
      line.append(copying: name)
      line.append(.colon)
      line.append(.space)
      line.append(copying: value)
      line.append(.carriageReturn)
      line.append(.lineFeed)
    }
    var facts = facts
    do throws(HTTPWireError) {
      let value = bytes.span.trimmed(nameEnd + 2..<valueEnd)
      try facts.note(FieldLine(name: start..<nameEnd, value: value), in: bytes.span, isRequest: isRequest)
    } catch { isBroken = true }
    self.facts = facts
  }

  package mutating func append(_ name: StaticString, _ value: Span<UInt8>) {
    // Safe: a literal is never freed.
    let name = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    append(unsafe Span(_unsafeElements: name), value)
  }

  /// Writes the empty line.
  package mutating func end() { bytes.appendLineEnd() }

  /// The complete head, which the next one does not overwrite.
  package mutating func take() -> HeadLines {
    var taken = HeadLines()
    swap(&taken, &self)
    return taken
  }

  /// Checks what a parser checks line by line.
  borrowing func check(_ limits: HTTPLimits) throws(HTTPWireError) {
    do throws(HTTPWireError) { try checkFields(limits) } catch { throw isRequest ? error : error.inResponse }
  }

  private borrowing func checkFields(_ limits: HTTPLimits) throws(HTTPWireError) {
    guard bytes.count <= limits.headBytes else { throw .headTooLarge(limits) }
    guard facts.count <= limits.cappedFieldCount else { throw .tooManyFields(limits) }
    if !isBroken { return }
    var facts = FieldFacts()
    var lines = FieldLineRanges(fieldsStart)
    while let line = lines.next(in: bytes.span) {
      try facts.note(FieldLine(known: bytes.span, line), in: bytes.span, isRequest: isRequest)
    }
  }

  var method: Range<Int> { 0..<methodEnd }
  var target: Range<Int> { methodEnd + 1..<targetEnd }
}

extension OutputSpan<UInt8> {
  /// Appends a copy of the bytes, for which there is room.
  @inline(__always)
  fileprivate mutating func append(copying bytes: Span<UInt8>) {
    precondition(bytes.count <= freeCapacity)
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe withUnsafeMutableBufferPointer { buffer, count in
        // Safe: there is room for them behind those that are initialized. What is empty has no address, nor needs one.
        guard let source = source.baseAddress, let base = buffer.baseAddress else { return }
        unsafe (base + count).initialize(from: source, count: bytes.count)
        count += bytes.count
      }
    }
  }

  @inline(__always)
  fileprivate mutating func append(text: StaticString) {
    text.withUTF8Buffer { text in for index in text.indices { append(unsafe text[index]) } }
  }
}

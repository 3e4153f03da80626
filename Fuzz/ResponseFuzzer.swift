import HTTPTypes
import SwirlHTTPCore

struct SeenResponse {
  let head: ResponseHead
  let method: HTTPRequest.Method
  var content: [UInt8] = []
  var trailers: HTTPFields?
  var isComplete = false
}

func parse(
  _ pieces: [[UInt8]], _ limits: HTTPLimits, answering method: HTTPRequest.Method, close: Bool = true,
  isLenient: Bool = false
) -> ([Seen], [SeenResponse]) {
  var parser = ResponseParser(limits: limits, isLenient: isLenient)
  parser.expect(method)
  var seen: [Seen] = []
  var responses: [SeenResponse] = []
  func note(_ head: ResponseHead, _ kind: String) {
    seen.append(.head("\(kind)\(head)\(head.fields)\(head.framing)\(head.isPersistent)\(head.upgrade ?? "")"))
    responses.append(SeenResponse(head: head, method: method))
  }
  func end(_ trailers: HTTPFields?) {
    seen.append(.end(comparable(trailers)))
    responses[responses.count - 1].trailers = trailers
    responses[responses.count - 1].isComplete = true
    parser.expect(method)
  }
  do {
    for (index, piece) in pieces.enumerated() {
      var offset = 0
      read: while true {
        let before = offset
        switch try parser.next(piece.span, at: &offset) {
        case .needMore:
          check(offset == piece.count, "needMore with input left")
          break read
        case .informational(let head):
          note(head, "informational")
          responses[responses.count - 1].isComplete = true
        case .head(let head): note(head, "final")
        case .data(let range):
          check(!range.isEmpty && range.lowerBound >= before && range.upperBound == offset, "bad range")
          seen.addData(piece[range])
          responses[responses.count - 1].content += piece[range]
        case .end(let trailers): end(trailers)
        case .upgraded(let head):
          note(head, "upgraded")
          responses[responses.count - 1].isComplete = true
          seen.append(.rest(Array(piece[offset...] + pieces[(index + 1)...].joined())))
          return (seen, responses)
        }
      }
    }
    if close, case .end(let trailers) = try parser.endOfInput() { end(trailers) }
  } catch {
    seen.append(.error(error as! HTTPWireError))
  }
  return (seen, responses)
}

/// Checks that an accepted response can be serialized, and parses to the same.
func roundTrip(_ response: SeenResponse) {
  let head = response.head
  var bytes: [UInt8] = []
  do throws(HTTPWireError) {
    try ResponseSerializer(answering: response.method).appendHead(
      head.status, fields: payload(head.fields), framing: head.framing, to: &bytes)
    if head.framing == .chunked {
      ChunkSerializer.appendChunk(response.content.span, to: &bytes)
      try ChunkSerializer.appendEnd(trailers: response.trailers, to: &bytes)
    } else {
      bytes += response.content
    }
  } catch {
    // Only a lenient parser accepts control characters, and they must not be sent on.
    check(
      error.code == .invalidOutput && !payload(head.fields).allSatisfy(\.isSendable), "can't be sent again: \(error)")
    return
  }
  check(payload(head.fields).allSatisfy(\.isSendable), "a control character is sent")
  let again = parse([bytes], HTTPLimits(), answering: response.method, close: head.framing == .untilClose).1
  check(again.count == 1 && again[0].isComplete, "not one response: \(String(decoding: bytes, as: UTF8.self))")
  check(again[0].head.status == head.status, "another status")
  check(again[0].head.framing == head.framing && again[0].content == response.content, "other content")
  check(comparable(again[0].head.fields) == comparable(head.fields), "other fields")
  check(comparable(again[0].trailers) == comparable(response.trailers), "other trailers")
}

extension HTTPField {
  var isSendable: Bool { withUnsafeBytesOfValue { HTTPField.isValidValue(Array($0)) } }
}

/// Checks that a lenient parser has normalised the head: a strict parser accepts it.
func rereadHead(_ response: SeenResponse) {
  let head = response.head
  if head.isAmbiguous || !head.fields.allSatisfy(\.isSendable) { return }
  let again = parse([head.bytes], .most, answering: response.method, close: false).1
  check(again.count == 1, "not one head: \(head)")
  check(again[0].head.bytes == head.bytes && again[0].head.framing == head.framing, "another head: \(head)")
  check(comparable(again[0].head.fields) == comparable(head.fields), "other fields: \(head)")
}

/// Whether `strict` is the beginning of `lenient`: both parsers read accepted input the same way.
func agree(_ strict: [Seen], _ lenient: [Seen]) -> Bool {
  var strict = strict[...]
  // Where the strict parser stopped, the lenient one may have continued.
  guard case .error = strict.last else { return strict.elementsEqual(lenient) }
  strict.removeLast()
  if case .data(let part)? = strict.last {
    strict.removeLast()
    guard lenient.count > strict.count, case .data(let all) = lenient[strict.count], all.starts(with: part) else {
      return false
    }
  }
  return lenient.starts(with: strict)
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  let method: HTTPRequest.Method =
    switch input.variant >> 1 & 3 {
    case 1: .head
    case 2: .connect
    default: .get
    }
  let cuttings = input.cuttings
  var strict: [Seen]?
  for isLenient in [false, true] {
    let (whole, responses) = parse(cuttings[0], input.limits, answering: method, isLenient: isLenient)
    for pieces in cuttings.dropFirst() {
      let (seen, _) = parse(pieces, input.limits, answering: method, isLenient: isLenient)
      check(seen == whole, "cut differently:\n\(whole)\n\(seen)")
    }
    for response in responses {
      if response.isComplete { roundTrip(response) }
      rereadHead(response)
    }
    if let strict { check(agree(strict, whole), "leniency changes a meaning:\n\(strict)\n\(whole)") }
    strict = whole
  }
  return 0
}

import HTTPTypes
import SwirlHTTPWire

struct SeenResponse {
  let head: ResponseHead
  let method: HTTPRequest.Method
  var content: [UInt8] = []
  var trailers: HTTPFields?
  var isComplete = false
}

func parse(
  _ pieces: [[UInt8]], _ limits: HTTPLimits, answering method: HTTPRequest.Method, close: Bool = true
) -> ([Seen], [SeenResponse]) {
  var parser = ResponseParser(limits: limits)
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

/// What was accepted can be said again, and is understood as the same.
func roundTrip(_ response: SeenResponse) {
  let head = response.head
  var bytes: [UInt8] = []
  do {
    try ResponseSerializer(answering: response.method).appendHead(
      head.status, reason: head.reasonPhrase, fields: payload(head.fields), framing: head.framing, to: &bytes)
    if head.framing == .chunked {
      ChunkSerializer.appendChunk(response.content.span, to: &bytes)
      try ChunkSerializer.appendEnd(trailers: response.trailers, to: &bytes)
    } else {
      bytes += response.content
    }
  } catch {
    fatalError("can't be sent again: \(error)")
  }
  let again = parse([bytes], HTTPLimits(), answering: response.method, close: head.framing == .untilClose).1
  check(again.count == 1 && again[0].isComplete, "not one response: \(String(decoding: bytes, as: UTF8.self))")
  check(again[0].head.status == head.status, "another status")
  check(again[0].head.framing == head.framing && again[0].content == response.content, "other content")
  check(comparable(again[0].head.fields) == comparable(head.fields), "other fields")
  check(comparable(again[0].trailers) == comparable(response.trailers), "other trailers")
}

/// What libFuzzer calls with each input.
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
  let (whole, responses) = parse(cuttings[0], input.limits, answering: method)
  for pieces in cuttings.dropFirst() {
    let (seen, _) = parse(pieces, input.limits, answering: method)
    check(seen == whole, "cut differently:\n\(whole)\n\(seen)")
  }
  for response in responses where response.isComplete { roundTrip(response) }
  return 0
}

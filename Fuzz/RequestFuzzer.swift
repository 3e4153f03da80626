import HTTPTypes
import SwirlHTTPCore

struct SeenRequest {
  let head: RequestHead
  var content: [UInt8] = []
  var trailers: HTTPFields?
  var isComplete = false
}

func parse(_ pieces: [[UInt8]], _ limits: HTTPLimits) -> ([Seen], [SeenRequest]) {
  var parser = RequestParser(limits: limits)
  var seen: [Seen] = []
  var requests: [SeenRequest] = []
  do {
    for piece in pieces {
      var offset = 0
      read: while true {
        let before = offset
        switch try parser.next(piece.span, at: &offset) {
        case .needMore:
          check(offset == piece.count, "needMore with input left")
          break read
        case .head(let head):
          seen.append(
            .head("\(head)\(head.fields)\(head.framing)\(head.path)\(head.query ?? "")\(head.authority ?? "")"))
          requests.append(SeenRequest(head: head))
        case .data(let range):
          check(!range.isEmpty && range.lowerBound >= before && range.upperBound == offset, "bad range")
          seen.addData(piece[range])
          requests[requests.count - 1].content += piece[range]
        case .end(let trailers):
          seen.append(.end(comparable(trailers)))
          requests[requests.count - 1].trailers = trailers
          requests[requests.count - 1].isComplete = true
        }
      }
    }
    _ = try parser.endOfInput()
  } catch {
    seen.append(.error(error as! HTTPWireError))
  }
  return (seen, requests)
}

/// Checks that an accepted request can be serialized, and parses to the same.
func roundTrip(_ request: SeenRequest) {
  let head = request.head
  guard let host = head["host"], !host.isEmpty else { return }
  if head.method == .connect || head.method == .trace, head.framing != .none { return }
  var bytes: [UInt8] = []
  do {
    try RequestSerializer().appendHead(
      head.method, target: head.target, host: host, fields: payload(head.fields), framing: head.framing, to: &bytes)
    if head.framing == .chunked {
      ChunkSerializer.appendChunk(request.content.span, to: &bytes)
      try ChunkSerializer.appendEnd(trailers: request.trailers, to: &bytes)
    } else {
      bytes += request.content
    }
  } catch {
    fatalError("can't be sent again: \(error)")
  }
  let again = parse([bytes], HTTPLimits()).1
  check(again.count == 1 && again[0].isComplete, "not one request: \(String(decoding: bytes, as: UTF8.self))")
  check(again[0].head.method == head.method && again[0].head.target == head.target, "another request line")
  check(again[0].head.framing == head.framing && again[0].content == request.content, "other content")
  check(comparable(again[0].head.fields) == comparable(head.fields), "other fields")
  check(comparable(again[0].trailers) == comparable(request.trailers), "other trailers")
}

/// Checks the parts that a request selects, and evaluates its conditions.
func select(_ head: RequestHead) {
  let preconditions = Preconditions(head)
  for tag in [EntityTag("a"), nil] {
    _ = preconditions.outcome(tag: tag, lastModified: 784_111_777, now: 2_000_000_000)
    _ = preconditions.allowsRange(tag: tag, lastModified: 784_111_777, now: 2_000_000_000)
  }
  if let tag = head["etag"].flatMap({ EntityTag(parsing: $0) }) {
    check(EntityTag(parsing: tag.description) == tag, "another tag")
  }
  _ = AcceptEncoding(head).accepted(["br", "zstd", "gzip"])
  for length in [0, 1, 1000, Int.max] {
    guard case .parts(let parts) = RangeSelection(head["range"] ?? "", length: length) else { continue }
    let areInside = parts.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= length }
    check(!parts.isEmpty && areInside, "outside")
    check(parts.reduce(0) { $0 + $1.count } <= length, "more than the whole")
  }
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  let cuttings = input.cuttings
  let (whole, requests) = parse(cuttings[0], input.limits)
  for pieces in cuttings.dropFirst() {
    let (seen, _) = parse(pieces, input.limits)
    check(seen == whole, "cut differently:\n\(whole)\n\(seen)")
  }
  for request in requests where request.isComplete {
    roundTrip(request)
    select(request.head)
  }
  return 0
}

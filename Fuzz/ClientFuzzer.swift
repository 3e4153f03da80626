import HTTPTypes
import SwirlHTTPCore

/// What the machine of a client connection says to bytes that come in `pieces`, in words, and whether it would carry
/// another request. A new request is made whenever it takes one.
func drive(_ pieces: [[UInt8]], _ input: FuzzInput, isLenient: Bool) -> [Seen] {
  var machine = HTTP1ClientMachine(limits: input.limits, isLenient: isLenient)
  var seen: [Seen] = []
  var requests = 0
  var isInResponse = false
  func begin() {
    requests += 1
    let traits = HTTP1ClientMachine.RequestTraits(rawValue: input.cut &* UInt8(truncatingIfNeeded: requests) & 127)
    machine.begin(input.variant & 8 == 0 ? .get : .head, traits)
    isInResponse = true
  }
  func perform(_ action: HTTP1ClientMachine.Action) {
    check(isInResponse || action == .unexpectedInput, "\(action) without a request")
    switch action {
    case .needMore, .sendContent, .lost: break
    case .informational: seen.append(.head("informational \(machine.informational!.status)"))
    case .unexpectedInput, .repeatRequest:
      seen.append(.head("\(action)"))
      check(machine.capacity == 0, "an ended connection takes a request")
      isInResponse = false
    case .head:
      check(machine.head != nil, "a head without a head")
      seen.append(.head("\(machine.head!)"))
      switch input.variant >> 4 & 3 {
      case 1: machine.receive(.streamed(atMost: nil))
      case 2: machine.receive(.discarded(atMost: 8))
      default: break
      }
    case .data: break
    case .upgraded: check(false, "an upgrade that no request has offered")
    case .end(let isKept), .discardedEnd(let isKept):
      check(machine.takeHead() != nil, "an end without a head")
      check(isKept == (machine.capacity == 1), "kept, but not for a request")
      seen.append(.end(comparable(machine.takeTrailers())))
      isInResponse = false
    }
  }
  begin()
  do throws(HTTPWireError) {
    for piece in pieces {
      var offset = 0
      read: while true {
        let before = offset
        let action = try machine.next(piece.span, at: &offset, mayRepeat: true)
        if action == .needMore {
          check(offset == piece.count, "needMore with input left")
          break
        }
        if case .data(let range) = action {
          check(!range.isEmpty && range.lowerBound >= before && range.upperBound == offset, "bad range")
          seen.addData(piece[range])
        }
        perform(action)
        // What is left of the read came without a request.
        if !isInResponse { break read }
      }
      if !isInResponse { return seen }
    }
    perform(try machine.endOfInput(mayRepeat: true))
  } catch {
    seen.append(.error(error))
  }
  check(machine.capacity == 0, "a connection that ended takes a request")
  check(machine.connectionLost(mayRepeat: true) == nil, "lost twice")
  return seen
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  for isLenient in [false, true] {
    let whole = drive(input.cuttings[0], input, isLenient: isLenient)
    for pieces in input.cuttings.dropFirst() {
      let seen = drive(pieces, input, isLenient: isLenient)
      check(seen == whole, "cut differently:\n\(whole)\n\(seen)")
    }
  }
  return 0
}

@testable import SwirlHTTPCore

extension FuzzInput {
  /// A machine whose bounds are soon reached.
  var owner: ServerMachineOwner {
    ServerMachineOwner {
      $0.limits = limits
      $0.limits.bodyBytes = 20
      $0.pipelineDepth = variant & 2 == 0 ? 1 : 3
      $0.streamsContent = variant & 4 != 0
      $0.answersHalfClosedClients = variant & 8 != 0
      $0.lingerBytes = 30
      $0.pipelineBytes = 200
    }
  }
}

/// Requests, events and bytes in any order: no rule of `ServerMachineOwner` is broken, and each request is answered or
/// cancelled.
func drive(_ input: FuzzInput) {
  var owner = input.owner
  var rest = input.bytes[...]
  while let code = rest.popFirst() {
    happen(code, &owner, &rest)
    check(owner.violations.isEmpty, "\(owner.violations)")
  }
  if owner.machine.output != .over { owner.lose() }
  check(owner.waiting.isEmpty && owner.armed == nil, "not answered: \(owner.waiting)")
  check(owner.violations.isEmpty, "\(owner.violations)")
}

private func happen(_ code: UInt8, _ owner: inout ServerMachineOwner, _ rest: inout ArraySlice<UInt8>) {
  let isOver = owner.machine.output == .over
  switch code % 32 {
  case 0: owner.read("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
  case 1: owner.read("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
  case 2: owner.read("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
  case 3: owner.read("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
  case 4: owner.read("3\r\nabc\r\n")
  case 5: owner.read("0\r\n\r\n")
  case 6: owner.read("CONNECT a:1 HTTP/1.0\r\n\r\n")
  case 7...12:
    let count = min(Int(code >> 5) * 3 + 1, rest.count)
    owner.read(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  case 13 where !isOver: _ = owner.endOfInput()
  case 14...17: if let first = owner.waiting.first { owner.answer(first, closes: code & 64 != 0) }
  case 18: if let last = owner.waiting.last { owner.answer(last) }
  case 19: if let first = owner.waiting.first { owner.answer(first, 200, .streamed, length: nil) }
  case 20: if let first = owner.waiting.first { owner.answer(first, 101, .upgrade, length: nil) }
  case 21: owner.endAnswer()
  case 22: owner.on { $0.pauseWriting() }
  case 23: owner.on { $0.resumeWriting() }
  case 24: owner.on { $0.outputSent() }
  case 25 where owner.armed != nil:
    owner.timeOut(
      isUnsent: code & 32 != 0, isTaking: code & 64 != 0, isHandlerLate: owner.armed == .answer && code & 128 != 0)
  case 26 where owner.machine.content.isStreamed: owner.on { $0.pauseContent() }
  case 27 where owner.machine.content.isStreamed: owner.on { $0.resumeContent() }
  case 28 where owner.machine.content.isStreamed: owner.on { $0.abandonContent() }
  case 29: owner.on { code & 32 != 0 ? $0.drainAfterRequest() : $0.drain() }
  case 30: owner.on { $0.abort() }
  case 31 where !isOver: owner.lose()
  default: break
  }
}

/// The statuses with which a server that answers at once answers `pieces`; how reads cut them decides on 100 only.
private func statuses(_ input: FuzzInput, _ pieces: [[UInt8]]) -> [Int] {
  var owner = input.owner
  for piece in pieces {
    owner.read(piece)
    while owner.machine.output == .open, let first = owner.waiting.first { owner.answer(first) }
  }
  check(owner.violations.isEmpty, "\(owner.violations)")
  return owner.statuses.filter { $0 != 100 }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  if input.variant & 16 == 0 {
    drive(input)
  } else if input.variant & 4 == 0 {
    // A handler that takes content while it comes may answer before it is whole, so that there the cut decides.
    let cuttings = input.cuttings
    let whole = statuses(input, cuttings[0])
    for pieces in cuttings.dropFirst() {
      let seen = statuses(input, pieces)
      check(seen == whole, "cut differently: \(whole) \(seen)")
    }
  }
  return 0
}

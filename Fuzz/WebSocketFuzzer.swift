import HTTPTypes
import SwirlHTTPCore

@testable import SwirlWebSocket

/// What one reader made of an input.
private struct Note: Equatable {
  var event: WebSocketEvent?
  var bytes: [UInt8] = []
  var error: WebSocketError?
}

/// Feeds a reader, and checks what it keeps.
private struct CheckedReader {
  var reader: WebSocketReader
  var seen: [Note] = []
  private var isOver = false
  private var wasReceived = 0

  init(_ role: WebSocketRole, _ limits: WebSocketLimits, _ deflate: WebSocketDeflate.Agreed?) {
    reader = WebSocketReader(role: role, limits: limits, deflate: deflate)
  }

  mutating func receive(_ bytes: [UInt8]) {
    wasReceived += bytes.count
    var position = 0
    do {
      while let event = try reader.next(bytes.span, from: &position) {
        check(!isOver, "an event behind the end: \(event)")
        note(event)
      }
      check(position == bytes.count, "\(bytes.count - position) bytes were left")
    } catch {
      if let last = seen.last?.error {
        check(last == error, "another error: \(last), then \(error)")
      } else {
        check(!isOver, "an error behind the end")
        check(error.reason.utf8.count <= 123, "too long for a Close frame: \(error.reason)")
        check([1002, 1007, 1009].contains(error.code), "\(error)")
        seen.append(Note(error: error))
      }
      isOver = true
    }
    // The content grows geometrically, by what came; what is inflated by the limit.
    check(reader.content.capacity <= max(2 * reader.limits.message, 4 * wasReceived) + 1024, "the content's capacity")
  }

  private mutating func note(_ event: WebSocketEvent) {
    switch event {
    case .text, .binary:
      let content = reader.takeContent()
      check(content.count <= reader.limits.message, "a message above the limit")
      check(event == .binary || String(validating: content, as: UTF8.self) != nil, "text that is not UTF-8")
      seen.append(Note(event: event, bytes: content))
    case .ping, .pong, .close:
      let content = reader.takeControl()
      check(content.count <= 125, "a control frame of \(content.count) bytes")
      if case .close(let code) = event {
        check(code.map(WebSocketCloseCode.isValid) ?? true, "the code \(code ?? 0)")
        check(String(validating: content, as: UTF8.self) != nil, "a reason that is not UTF-8")
        isOver = true
      }
      seen.append(Note(event: event, bytes: content))
    }
  }
}

private func agreed(_ variant: UInt8) -> WebSocketDeflate.Agreed? {
  guard variant & 3 != 0 else { return nil }
  var agreed = WebSocketDeflate.Agreed()
  agreed.serverNoContextTakeover = variant & 3 == 2
  agreed.clientNoContextTakeover = variant & 3 == 2
  agreed.serverWindowBits = variant & 3 == 3 ? 8 : 15
  agreed.clientWindowBits = agreed.serverWindowBits
  return agreed
}

/// How reads cut the bytes decides on nothing.
private func cut(_ input: FuzzInput) {
  let role: WebSocketRole = input.variant & 4 == 0 ? .client : .server
  let isNarrow = input.variant & 8 != 0
  let limits = isNarrow ? WebSocketLimits(frame: 64, message: 100) : WebSocketLimits(frame: 4096, message: 16384)
  func seen(_ pieces: [[UInt8]]) -> [Note] {
    var checked = CheckedReader(role, limits, agreed(input.variant))
    for piece in pieces { checked.receive(piece) }
    return checked.seen
  }
  let cuttings = input.cuttings
  let whole = seen(cuttings[0])
  for pieces in cuttings.dropFirst() {
    let other = seen(pieces)
    check(other == whole, "cut differently: \(whole) \(other)")
  }
}

/// What the writer wrote the reader reads, however it is cut.
private func pair(_ input: FuzzInput) {
  let role: WebSocketRole = input.variant & 4 == 0 ? .client : .server
  let deflate = agreed(input.variant)
  var writer = WebSocketWriter(role: role, deflate: deflate)
  var output: [UInt8] = []
  var expected: [Note] = []
  var rest = input.bytes[...]
  func next() -> Int { Int(rest.popFirst() ?? 0) }
  func take() -> [UInt8] {
    let (count, repeats) = (next() % 40, next() % 20 + 1)
    let part = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return Array(repeatElement(part, count: repeats).joined())
  }
  while !rest.isEmpty {
    let choice = next()
    let compressed = choice & 8 != 0
    switch choice & 7 {
    case 0...2:
      let content = take()
      writer.message(content.span, isText: false, compressed: compressed, to: &output)
      expected.append(Note(event: .binary, bytes: content))
    case 3:
      let content = Array(String(decoding: take(), as: UTF8.self).utf8)
      writer.message(content.span, isText: true, compressed: compressed, to: &output)
      expected.append(Note(event: .text, bytes: content))
    case 4, 5:
      var content: [UInt8] = []
      let last = next() % 4
      for number in 0...last {
        let piece = take()
        content += piece
        writer.fragment(
          piece.span, isText: false, compressed: compressed, isFirst: number == 0, isLast: number == last, to: &output)
        if number != last, choice & 16 != 0 {
          writer.control(.ping, piece.span, to: &output)
          expected.append(Note(event: .ping, bytes: Array(piece.prefix(125))))
        }
      }
      expected.append(Note(event: .binary, bytes: content))
    default:
      let content = take()
      writer.control(.pong, content.span, to: &output)
      expected.append(Note(event: .pong, bytes: Array(content.prefix(125))))
    }
  }
  let reason = String(decoding: input.bytes, as: UTF8.self)
  writer.close(code: 1000 + UInt16(input.cut % 4 == 0 ? 0 : 3000), reason: reason, to: &output)
  let limits = WebSocketLimits(frame: 1 << 20, message: 1 << 20)
  for step in [output.count, Int(input.cut) + 1, 1] {
    var checked = CheckedReader(role.peer, limits, deflate)
    for start in stride(from: 0, to: output.count, by: step) {
      checked.receive(Array(output[start..<min(start + step, output.count)]))
    }
    check(checked.seen.dropLast() == expected[...], "\(expected), not \(checked.seen)")
    guard case .close? = checked.seen.last?.event else { fatalError("no Close: \(checked.seen)") }
    check(reason.utf8.starts(with: checked.seen.last!.bytes), "the reason")
  }
}

/// Extensions, keys and subprotocols of a request.
private func handshake(_ input: FuzzInput) {
  let text = String(decoding: input.bytes, as: UTF8.self)
  for deflate in [WebSocketDeflate(), narrow] {
    if let (agreed, answer) = deflate.accept(text) {
      guard let element = WebSocketExtension.list(answer)?.first else { fatalError("the answer \(answer)") }
      // A client that offers all takes it.
      check(WebSocketDeflate().confirm(element.parameters) != nil, "the answer \(answer) to \(text)")
      check((8...15).contains(agreed.serverWindowBits) && (8...15).contains(agreed.clientWindowBits), "\(agreed)")
    }
    if let list = WebSocketExtension.list(text) { for element in list { _ = deflate.confirm(element.parameters) } }
  }
  if Base64.decodedCount(text) != nil { check(text.utf8.allSatisfy { $0 < 0x80 }, "base64 that is not ASCII") }
  check(Base64.decodedCount(input.bytes.base64) == input.bytes.count, "base64")
  check(WebSocketHandshake.accept(key: text).utf8.count == 28, "the answer to a key")
  let head = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n".utf8)
  var parser = RequestParser()
  var position = 0
  if case .head(let head)? = try? parser.next((head + input.bytes + Array("\r\n\r\n".utf8)).span, at: &position),
    let offer = try? WebSocketHandshake.offer(in: head)
  {
    check(Base64.decodedCount(offer.key!) == 16, "a key of another length")
  }
}

private var narrow: WebSocketDeflate {
  var narrow = WebSocketDeflate()
  narrow.windowBits = 9
  narrow.peerWindowBits = 8
  narrow.takesContextOver = false
  narrow.peerTakesContextOver = false
  return narrow
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  switch input.variant >> 4 & 3 {
  case 0, 1: cut(input)
  case 2: pair(input)
  default: handshake(input)
  }
  return 0
}

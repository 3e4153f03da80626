import HTTPTypes
import SwirlHTTP2

@testable import SwirlHTTPCore

/// A session that checks its own events and output.
final class CheckedSession {
  private enum Progress { case begun, ended }

  /// One event.
  struct Note: Equatable {
    var what: Kind
    var stream: Int32
    var bytes: [UInt8] = []
  }

  enum Kind { case head, informational, data, trailers, end, closed, tooLong, error, goAway, settings, pong }

  let session: HTTP2Session
  private var streams: [Int32: Progress] = [:]
  private var closed: Set<Int32> = []
  /// What happened, with adjacent content merged.
  var seen: [Note] = []
  private(set) var content: [Int32: [UInt8]] = [:]
  private(set) var heads: [Int32: [UInt8]] = [:]
  private(set) var ended: Set<Int32> = []
  var consumes = true

  init(_ role: HTTP2Session.Role, _ change: (inout HTTP2Settings) -> Void) {
    var settings = HTTP2Settings()
    change(&settings)
    session = HTTP2Session(role, settings)
  }

  func receive(_ bytes: [UInt8]) {
    session.handleEvents { note($0, []) }
    let hadFailed = session.failure != nil
    var count = 0
    try? session.receive(bytes.span) {
      note($0, bytes)
      count += 1
    }
    check(count <= bytes.count / 9 * 3 + 8 + 100, "\(count) events of \(bytes.count) bytes")
    check(!hadFailed || count == 0, "events after the failure")
  }

  /// All output, and the frames in it.
  func take(_ limit: Int = 64 * 1024) -> [UInt8] {
    let output = session.takeOutput(atMost: limit) ?? []
    check(output.count <= limit + 16_384 + 1024, "\(output.count) bytes of output")
    var rest = output[...]
    if rest.starts(with: "PRI".utf8) { rest = rest.dropFirst(24) }
    while !rest.isEmpty {
      check(rest.count >= 9, "a part of a frame")
      let length = rest.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      check(rest.count >= 9 + length && length <= 16_384, "a frame of \(length) bytes in \(rest.count)")
      rest = rest.dropFirst(9 + length)
    }
    session.handleEvents { note($0, []) }
    return output
  }

  private func note(_ event: HTTP2Event, _ bytes: [UInt8]) {
    switch event {
    case .head(let id, let section, _):
      check(streams[id] == nil && !closed.contains(id), "a second head on \(id)")
      streams[id] = .begun
      heads[id] = section.bytes
      read(section)
      seen.append(Note(what: .head, stream: id, bytes: section.bytes))
    case .informational(let id, let section):
      check(streams[id] == nil && !closed.contains(id), "informational after the head on \(id)")
      read(section)
      seen.append(Note(what: .informational, stream: id, bytes: section.bytes))
    case .data(let id, let range):
      check(streams[id] == .begun, "content without head on \(id)")
      content[id, default: []] += bytes[range]
      if consumes {
        session.consumeConnection(range.count)
        session.consume(range.count, of: id)
      }
      if let last = seen.last, last.what == .data, last.stream == id {
        seen[seen.count - 1].bytes += bytes[range]
      } else {
        seen.append(Note(what: .data, stream: id, bytes: Array(bytes[range])))
      }
    case .trailers(let id, let section):
      check(streams[id] == .begun, "trailers without head on \(id)")
      readLines(section.bytes)
      seen.append(Note(what: .trailers, stream: id, bytes: section.bytes))
    case .end(let id):
      check(streams[id] == .begun, "an end without head on \(id)")
      streams[id] = .ended
      ended.insert(id)
      seen.append(Note(what: .end, stream: id))
    case .sent(let id): check(!closed.contains(id), "sent after closed on \(id)")
    case .closed(let id, let code):
      check(closed.insert(id).inserted, "closed twice: \(id)")
      streams[id] = nil
      seen.append(Note(what: .closed, stream: id, bytes: [UInt8(truncatingIfNeeded: code.rawValue)]))
    case .fieldsTooLong(let id):
      check(!closed.contains(id), "too long after closed on \(id)")
      // A request, whose content may follow.
      if session.role == .server, streams[id] == nil { streams[id] = .begun }
      seen.append(Note(what: .tooLong, stream: id))
    case .streamError(let error):
      check(error.stream > 0, "\(error)")
      check(!closed.contains(error.stream), "an error after closed: \(error)")
      seen.append(Note(what: .error, stream: error.stream, bytes: Array(error.reason.utf8)))
    case .goAway(let last, _, let debug): seen.append(Note(what: .goAway, stream: last, bytes: Array(debug.utf8)))
    case .settings: seen.append(Note(what: .settings, stream: 0))
    case .pong(let data): seen.append(Note(what: .pong, stream: Int32(truncatingIfNeeded: data)))
    }
  }

  /// The parser of HTTP/1 takes a section whole, or refuses it, as the head does: nothing is left that would be a
  /// second message.
  private func read(_ section: FieldSection) {
    readLines(section.bytes)
    var bytes = section.bytes
    let version = session.role == .server ? section.lines.fieldsStart - 5 : 5
    bytes.replaceSubrange(version..<version + 3, with: "1.1".utf8)
    var offset = 0
    switch session.role {
    case .server:
      var parser = RequestParser(limits: .most)
      let event = try? parser.next(bytes.span, at: &offset)
      let head = try? RequestHead(http2: section.lines, endsStream: true, limits: .most)
      check((event == nil) == (head == nil), "one of two refuses the request")
      guard let event else { return }
      guard case .head(let parsed) = event else { fatalError("\(event)") }
      check(offset == bytes.count, "a second request")
      check(parsed.framing == head?.framing && parsed.target == head?.target, "another request")
    case .client:
      var parser = ResponseParser(limits: .most, isLenient: true)
      parser.expect(.get)
      let event = try? parser.next(bytes.span, at: &offset)
      let head = try? ResponseHead(http2: section.lines, answering: .get, endsStream: true, limits: .most)
      check((event == nil) == (head == nil), "one of two refuses the response")
      check(event == nil || offset == bytes.count, "a second response")
    }
  }

  /// No line ends but by CRLF, and only the last is empty.
  private func readLines(_ bytes: [UInt8]) {
    var start = 0
    while let feed = bytes[start...].firstIndex(of: 0x0A) {
      check(feed > start && bytes[feed - 1] == 0x0D, "LF alone")
      let line = bytes[start..<feed - 1]
      check(!line.contains(0x0D) && !line.contains(0), "control characters")
      check(!line.isEmpty || feed == bytes.count - 1, "an empty line")
      start = feed + 1
    }
    check(start == bytes.count, "a line without end")
  }

  /// Everything is out, and an ended session says so.
  func finish() {
    while !take().isEmpty {}
    for id in closed { check(!session.isSending(id), "content of \(id), which is closed") }
    if session.failure != nil { check(session.isOver, "a failure that does not end the session") }
  }
}

/// The bytes of an input, read as numbers.
private struct Choices {
  var rest: ArraySlice<UInt8>

  mutating func next() -> Int { Int(rest.popFirst() ?? 0) }
  mutating func take(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}

private func frame(_ type: UInt8, _ flags: UInt8, _ stream: Int, _ payload: [UInt8]) -> [UInt8] {
  let length = payload.count
  return [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
    + [0, 0, UInt8(stream >> 8 & 0xFF), UInt8(stream & 0xFF)] + payload
}

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
private let head = Array("GET /a HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nPriority: u=1\r\n\r\n".utf8)
private let answer = Array("HTTP/1.1 200 OK\r\nContent-Type: a\r\nConnection: b\r\nB: c\r\n\r\n".utf8)

/// Fields that HPACK's static table has: a request, a response.
private let request: [UInt8] = [0x82, 0x87, 0x84, 0x01, 1, 0x61]
private let response: [UInt8] = [0x88]

/// A peer that sends anything, while the owner of the session does anything.
private func drive(_ role: HTTP2Session.Role, isNarrow: Bool, _ bytes: [UInt8]) {
  let checked = CheckedSession(role) {
    $0.takesConnectProtocol = true
    guard isNarrow else { return }
    $0.fieldBytes = 300
    $0.streams = 3
    $0.waterMark = 100
    $0.resets = 20
    $0.overheadBytes = 4000
    $0.pendingAnswers = 10
    $0.pendingFrames = 30
    $0.streamWindow = 100
  }
  let session = checked.session
  var choices = Choices(rest: bytes[...])
  var latest: Int32 = 1
  if role == .server { checked.receive(preface) }
  checked.receive(frame(4, 0, 0, []))
  while !choices.rest.isEmpty {
    let choice = choices.next()
    let stream = Int32(choices.next() % 8) * 2 + latest - 8
    switch choice % 24 {
    case 0...5:
      let (type, flags, count) = (UInt8(choices.next() % 18), UInt8(choices.next()), choices.next() % 64)
      checked.receive(frame(type, flags, max(0, Int(stream)), choices.take(count)))
    case 6: checked.receive(choices.take(choices.next()))
    case 7, 8:
      let (flags, more) = (UInt8(choices.next()) & 5 | 4, choices.take(choices.next() % 32))
      latest += 2
      checked.receive(frame(1, flags, Int(latest), (role == .server ? request : response) + more))
    case 9: checked.receive(frame(1, 5, max(1, Int(stream)), (role == .server ? request : response)))
    case 10:
      checked.receive(frame(0, UInt8(choices.next() & 1), max(1, Int(stream)), choices.take(choices.next() % 32)))
    case 11, 12: _ = checked.take(choices.next() * 64 + 1)
    case 13 where role == .client:
      if session.takesRequests,
        let id = try? session.request(head, scheme: "https", hasContent: choices.next() & 1 == 1)
      {
        latest = id
      }
    case 13,
      14 where role == .server && stream > 0:
      try? session.respond(answer, on: stream, hasContent: choices.next() & 1 == 1)
    case 15: _ = session.write([UInt8](repeating: 7, count: choices.next() * 32), on: stream)
    case 16: session.end(stream, trailers: choices.next() & 1 == 1 ? [.init("x")!: "y"] : nil)
    case 17 where stream > 0: session.reset(stream, .cancel)
    case 18: session.ping(UInt64(choices.next()))
    case 19: if choices.next() == 0, role == .server { session.announceShutdown() }
    case 20: if choices.next() == 0 { session.goAway(lastStream: role == .server ? session.lastPeerStream : 0) }
    case 21: if choices.next() == 0 { session.terminate(.noError) }
    case 22: _ = session.takeDrained()
    default: checked.consumes.toggle()
    }
    check(session.pendingFrames < 20_000, "\(session.pendingFrames) frames wait")
  }
  checked.finish()
}

/// A client and a server of ours: neither sees an error, and all content arrives as it was sent.
private func pair(_ bytes: [UInt8]) {
  let client = CheckedSession(.client) { _ in }
  let server = CheckedSession(.server) { $0.streams = 4 }
  var choices = Choices(rest: bytes[...])
  var (toServer, toClient): ([UInt8], [UInt8]) = ([], [])
  var written: [Int32: [UInt8]] = [:]
  var (begun, answered, complete): (Set<Int32>, Set<Int32>, Set<Int32>) = ([], [], [])
  func move(_ count: Int) {
    toServer += client.take(count * 16 + 1)
    toClient += server.take(count * 16 + 1)
    server.receive(Array(toServer.prefix(count)))
    toServer = Array(toServer.dropFirst(count))
    client.receive(Array(toClient.prefix(count)))
    toClient = Array(toClient.dropFirst(count))
  }
  while !choices.rest.isEmpty {
    let (choice, size) = (choices.next(), choices.next())
    switch choice % 8 {
    case 0 where begun.subtracting(client.ended).count < 4 && begun.isSubset(of: Set(server.heads.keys)):
      if let id = try? client.session.request(head, scheme: "https", hasContent: size & 1 == 1) {
        begun.insert(id)
        if size & 1 == 1 {
          _ = client.session.write([UInt8](repeating: UInt8(size), count: size * 40), on: id)
          client.session.end(id)
        }
      }
    case 1:
      if let id = Set(server.heads.keys).subtracting(answered).min() {
        answered.insert(id)
        written[id] = []
        try? server.session.respond(answer, on: id, hasContent: true)
      }
    case 2, 3:
      if let id = answered.subtracting(complete).min() {
        let piece = [UInt8](repeating: UInt8(size), count: size * 64)
        written[id]! += piece
        _ = server.session.write(piece, on: id)
      }
    case 4:
      if let id = answered.subtracting(complete).max() {
        complete.insert(id)
        server.session.end(id, trailers: size & 1 == 1 ? [.init("x")!: "y"] : nil)
      }
    default: move(size)
    }
  }
  for id in answered.subtracting(complete) { server.session.end(id) }
  for _ in 0..<2000 {
    move(1 << 20)
    if toServer.isEmpty, toClient.isEmpty, client.session.pendingFrames == 0, answered.isSubset(of: client.ended) {
      break
    }
  }
  check(client.session.failure == nil && server.session.failure == nil, "a failure between two sessions of ours")
  for id in answered {
    check(client.content[id] ?? [] == written[id]!, "content of \(id)")
    check(client.ended.contains(id), "\(id) did not end")
  }
}

/// How reads cut the bytes decides on nothing.
private func cut(_ role: HTTP2Session.Role, _ input: FuzzInput) {
  func seen(_ pieces: [[UInt8]]) -> ([CheckedSession.Note], String) {
    let checked = CheckedSession(role) {
      $0.overheadBytes = 1 << 30
      $0.resets = 1 << 30
    }
    if role == .server {
      checked.receive(preface)
    } else {
      for _ in 0..<3 { _ = try? checked.session.request(head, scheme: "https", hasContent: false) }
    }
    _ = checked.take()
    checked.receive(frame(4, 0, 0, []))
    for piece in pieces { checked.receive(piece) }
    checked.finish()
    return (checked.seen, "\(String(describing: checked.session.failure))")
  }
  let cuttings = input.cuttings
  let whole = seen(cuttings[0])
  for pieces in cuttings.dropFirst() {
    let other = seen(pieces)
    check(other == whole, "cut differently: \(whole) \(other)")
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  let role: HTTP2Session.Role = input.variant & 2 == 0 ? .server : .client
  switch input.variant >> 2 & 3 {
  case 0: cut(role, input)
  case 1: pair(input.bytes)
  default: drive(role, isNarrow: input.variant & 1 == 1, input.bytes)
  }
  return 0
}

#if HTTP2
/// A frame made by hand, or found in output (RFC 9113 §4.1).
struct Frame: Equatable, CustomStringConvertible {
  enum Kind: UInt8 {
    case data, headers, priority, reset, settings, push, ping, goAway, windowUpdate, continuation
    case priorityUpdate = 16
    case unknown = 0xFA
  }

  var kind: Kind
  var flags: UInt8 = 0
  var stream: Int = 0
  var payload: [UInt8] = []

  static let endStream: UInt8 = 1
  static let ack: UInt8 = 1
  static let endHeaders: UInt8 = 4
  static let padded: UInt8 = 8

  var bytes: [UInt8] {
    number(payload.count, 3) + [kind.rawValue, flags] + number(stream, 4) + payload
  }

  var description: String { "\(kind) flags \(flags) stream \(stream) \(payload.prefix(40))" }

  /// The code of RST_STREAM or GOAWAY.
  var code: Int {
    let place = kind == .goAway ? 4 : 0
    return payload[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  /// The last stream of GOAWAY.
  var lastStream: Int { payload[..<4].reduce(0) { $0 << 8 | Int($1) } }

  static func all(in bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = head[..<3].reduce(0) { $0 << 8 | Int($1) }
      let stream = head[5...].reduce(0) { $0 << 8 | Int($1) }
      let payload = Array(rest.dropFirst(9).prefix(length))
      frames.append(
        Frame(kind: Kind(rawValue: head[3]) ?? .unknown, flags: head[4], stream: stream, payload: payload))
      rest = rest.dropFirst(9 + length)
    }
    return frames
  }
}

/// An unsigned number in network order.
func number(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
}

/// A length or index of HPACK with a prefix of seven bits (RFC 7541 §5.1).
private func prefixed(_ value: Int) -> [UInt8] {
  if value < 127 { return [UInt8(value)] }
  var (bytes, rest) = ([UInt8(127)], value - 127)
  while rest >= 128 {
    bytes.append(UInt8(rest % 128 + 128))
    rest /= 128
  }
  return bytes + [UInt8(rest)]
}

/// Fields as literals that no table keeps (RFC 7541 §6.2.2).
func literals(_ fields: [(String, String)], representation: UInt8 = 0) -> [UInt8] {
  fields.flatMap { name, value in
    [representation] + prefixed(name.utf8.count) + name.utf8 + prefixed(value.utf8.count) + value.utf8
  }
}

extension Frame {
  static func headers(_ stream: Int, _ fields: [(String, String)], ends: Bool = true) -> Frame {
    Frame(
      kind: .headers, flags: Frame.endHeaders | (ends ? Frame.endStream : 0), stream: stream, payload: literals(fields))
  }

  static func get(_ stream: Int, _ more: [(String, String)] = [], ends: Bool = true) -> Frame {
    headers(
      stream, [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "example.com")] + more,
      ends: ends)
  }

  static func data(_ stream: Int, _ text: String, ends: Bool = false) -> Frame {
    Frame(kind: .data, flags: ends ? Frame.endStream : 0, stream: stream, payload: Array(text.utf8))
  }

  static func settings(_ entries: [(Int, Int)] = []) -> Frame {
    Frame(kind: .settings, payload: entries.flatMap { number($0.0, 2) + number($0.1, 4) })
  }

  static let settingsAck = Frame(kind: .settings, flags: Frame.ack)

  static func ping(_ data: Int = 0) -> Frame { Frame(kind: .ping, payload: number(data, 8)) }

  static func reset(_ stream: Int, _ code: Int = 8) -> Frame {
    Frame(kind: .reset, stream: stream, payload: number(code, 4))
  }

  static func windowUpdate(_ stream: Int, _ count: Int) -> Frame {
    Frame(kind: .windowUpdate, stream: stream, payload: number(count, 4))
  }

  static func priorityUpdate(_ stream: Int, _ value: String) -> Frame {
    Frame(kind: .priorityUpdate, payload: number(stream, 4) + value.utf8)
  }
}
#endif

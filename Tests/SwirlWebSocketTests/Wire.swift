import Testing

@testable import SwirlWebSocket

/// What a reader made of some bytes.
enum Seen: Equatable {
  case text(String), binary([UInt8]), ping([UInt8]), pong([UInt8])
  case close(UInt16?, String)
  case error(UInt16)
}

/// All events of the bytes, given in these pieces.
func read(
  _ pieces: [[UInt8]], as role: WebSocketRole = .client, limits: WebSocketLimits = .wide,
  deflate: WebSocketDeflate.Agreed? = nil
) -> [Seen] {
  var reader = WebSocketReader(role: role, limits: limits, deflate: deflate)
  var seen: [Seen] = []
  for piece in pieces {
    var position = 0
    do {
      while let event = try reader.next(piece.span, from: &position) {
        switch event {
        case .text: seen.append(.text(String(decoding: reader.takeContent(), as: UTF8.self)))
        case .binary: seen.append(.binary(reader.takeContent()))
        case .ping: seen.append(.ping(reader.takeControl()))
        case .pong: seen.append(.pong(reader.takeControl()))
        case .close(let code): seen.append(.close(code, String(decoding: reader.takeControl(), as: UTF8.self)))
        }
      }
      #expect(position == piece.count)
    } catch {
      // It stays so.
      #expect(throws: error) { try reader.next(piece.span, from: &position) }
      #expect(error.reason.utf8.count <= 123)
      return seen + [.error(error.code)]
    }
  }
  return seen
}

/// The events of the bytes: the same whole, one byte at a time, and cut in two anywhere.
func read(
  _ bytes: [UInt8], as role: WebSocketRole = .client, limits: WebSocketLimits = .wide,
  deflate: WebSocketDeflate.Agreed? = nil, _ location: SourceLocation = #_sourceLocation
) -> [Seen] {
  let whole = read([bytes], as: role, limits: limits, deflate: deflate)
  let single = read(bytes.map { [$0] }, as: role, limits: limits, deflate: deflate)
  #expect(single == whole, "one byte at a time", sourceLocation: location)
  for cut in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 200)) {
    let two = read([Array(bytes[..<cut]), Array(bytes[cut...])], as: role, limits: limits, deflate: deflate)
    #expect(two == whole, "cut at \(cut)", sourceLocation: location)
  }
  return whole
}

extension WebSocketLimits {
  static let wide = WebSocketLimits(frame: 1 << 24, message: 1 << 24)
}

/// A frame without a mask.
func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
  let count = payload.count
  switch count {
  case ...125: return [first, UInt8(count)] + payload
  case ...65535: return [first, 126, UInt8(count >> 8), UInt8(count & 0xFF)] + payload
  default: return [first, 127] + stride(from: 56, through: 0, by: -8).map { UInt8(count >> $0 & 0xFF) } + payload
  }
}

/// Bytes from hexadecimal digits.
func hex(_ text: String) -> [UInt8] {
  text.split(separator: " ").map { UInt8($0, radix: 16)! }
}

/// Bytes that do not compress, the same in each run.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}

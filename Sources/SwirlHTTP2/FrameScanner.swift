#if HTTP2
/// The header of a frame (RFC 9113 §4.1).
struct FrameHeader: Equatable {
  var length = 0
  var type: UInt8 = 0
  var flags: UInt8 = 0
  var stream: Int32 = 0

  static let data: UInt8 = 0
  static let headers: UInt8 = 1
  static let priority: UInt8 = 2
  static let resetStream: UInt8 = 3
  static let settings: UInt8 = 4
  static let continuation: UInt8 = 9

  var isPadded: Bool { flags & 8 != 0 }

  /// The name of the frame's type.
  var name: String {
    switch type {
    case 0: "DATA"
    case 1: "HEADERS"
    case 2: "PRIORITY"
    case 3: "RST_STREAM"
    case 4: "SETTINGS"
    case 5: "PUSH_PROMISE"
    case 6: "PING"
    case 7: "GOAWAY"
    case 8: "WINDOW_UPDATE"
    case 9: "CONTINUATION"
    case 16: "PRIORITY_UPDATE"
    default: "a frame of type \(type)"
    }
  }
}

/// Finds the frames in the bytes of a peer, so that each can be counted, and an error can name its frame.
struct FrameScanner {
  /// The frame whose header was read last.
  private(set) var frame = FrameHeader()
  private var header: UInt128 = 0
  private var headerCount = 0
  /// How much of the payload, or of the preface, is still to come.
  private var remaining: Int

  /// Whether what was scanned ends with the end of a frame.
  var isBetweenFrames: Bool { remaining == 0 && headerCount == 0 }

  /// - Parameter preface: the length of what precedes the first frame.
  init(preface: Int) { remaining = preface }

  /// The number of bytes, from the first of `bytes`, up to the end of a frame or of `bytes`.
  mutating func next(_ bytes: UnsafeBufferPointer<UInt8>) -> (count: Int, beginsFrame: Bool) {
    var count = 0
    var beginsFrame = false
    if remaining == 0 {
      if headerCount == 0, bytes.count >= 9, let start = bytes.baseAddress {
        // The usual case: it is there in one piece.
        let bytes = UnsafeRawBufferPointer(start: start, count: 9)
        header =
          UInt128(UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))) << 8 | UInt128(bytes[8])
        headerCount = 9
        count = 9
      }
      while headerCount < 9, count < bytes.count {
        header = header << 8 | UInt128(bytes[count])
        headerCount += 1
        count += 1
      }
      guard headerCount == 9 else { return (count, false) }
      headerCount = 0
      frame = FrameHeader(
        length: Int(header >> 48 & 0xFF_FFFF), type: UInt8(header >> 40 & 0xFF), flags: UInt8(header >> 32 & 0xFF),
        stream: Int32(header & 0x7FFF_FFFF))
      remaining = frame.length
      beginsFrame = true
    }
    let payload = min(remaining, bytes.count - count)
    remaining -= payload
    return (count + payload, beginsFrame)
  }
}
#endif

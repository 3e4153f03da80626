import SwirlPlatform

/// A converter of the C library, from one character set to UTF-8 or the other way.
@safe final class CharsetConverter {
  /// The C library's state, opaque. Closed in `deinit`.
  private let descriptor: iconv_t
  /// The character set, as the C library calls it.
  let name: String

  /// From a character set to UTF-8.
  /// - Parameter name: the C library's, never a peer's: see ``EncodingLabels``.
  convenience init?(_ name: String) { self.init(name, from: name, to: "UTF-8") }

  /// From UTF-8 to a character set.
  convenience init?(to name: String) { self.init(name, from: "UTF-8", to: name) }

  private init?(_ name: String, from source: String, to target: String) {
    guard let descriptor = unsafe iconv_open(target, source),
      // What iconv_open(3) returns for an error is -1 as a pointer.
      Int(bitPattern: descriptor) != -1
    else { return nil }
    unsafe self.descriptor = descriptor
    self.name = name
  }

  deinit { unsafe iconv_close(descriptor) }

  /// Bytes that are invalid become U+FFFD, one for each.
  func decode(_ bytes: ArraySlice<UInt8>) -> String {
    // A state that an earlier text left behind.
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var piece = [UInt8](repeating: 0, count: 16 * 1024)
    // A copy, because iconv wants a pointer that it may move, to bytes that it may write by its header though it does not.
    var input = bytes.map { CChar(bitPattern: $0) }
    var start = 0
    while start < input.count {
      let (taken, made, reason) = convert(&input, start, &piece)
      text += piece[..<made]
      start += taken
      switch reason {
      case 0 where taken > 0, E2BIG where taken > 0 || made > 0: break
      default:
        // Invalid, or cut off at the end, or a converter that stands still.
        text += Self.replacement
        start += reason == EINVAL ? input.count - start : 1
      }
    }
    let made = flush(&piece)
    text += piece[..<made]
    return String(decoding: text, as: UTF8.self)
  }

  /// A character in the set that this converts to; nil where it has none.
  func encode(_ scalar: Unicode.Scalar) -> [UInt8]? {
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var input = UTF8.encode(scalar)!.map { CChar(bitPattern: $0) }
    var piece = [UInt8](repeating: 0, count: 16)
    let (taken, made, reason) = convert(&input, 0, &piece)
    return reason == 0 && taken == input.count && made > 0 ? Array(piece[..<made]) : nil
  }

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// - Returns: how many bytes were taken and made, and the error number where it stopped early.
  private func convert(_ input: inout [CChar], _ start: Int, _ piece: inout [UInt8]) -> (Int, Int, CInt) {
    // Both pointers are for this call; iconv moves them along the buffers.
    unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe piece.withUnsafeMutableBytes { piece in
        var from = unsafe input.baseAddress.map { unsafe $0 + start }
        var target = unsafe piece.baseAddress?.assumingMemoryBound(to: CChar.self)
        var (left, room) = (input.count - start, piece.count)
        let result = unsafe iconv(descriptor, &from, &left, &target, &room)
        let reason = result == -1 ? errno : 0
        return (input.count - start - left, piece.count - room, reason)
      }
    }
  }

  /// What a converter holds back until it knows that nothing follows.
  private func flush(_ piece: inout [UInt8]) -> Int {
    unsafe piece.withUnsafeMutableBytes { piece in
      var target = unsafe piece.baseAddress?.assumingMemoryBound(to: CChar.self)
      var room = piece.count
      unsafe iconv(descriptor, nil, nil, &target, &room)
      return piece.count - room
    }
  }
}

import SwirlPlatform

/// A converter of the C library from a character set to UTF-8, or back.
@safe final class CharsetConverter {
  /// The C library's opaque state. Closed in `deinit`.
  private let descriptor: iconv_t
  /// The C library's name of the character set.
  let name: String

  /// From a character set to UTF-8.
  /// - Parameter name: the C library's, never a peer's: see ``EncodingLabels``.
  convenience init?(_ name: String) { self.init(name, from: name, to: "UTF-8") }

  /// From UTF-8 to a character set.
  convenience init?(to name: String) { self.init(name, from: "UTF-8", to: name) }

  private init?(_ name: String, from source: String, to target: String) {
    guard let descriptor = unsafe iconv_open(target, source),
      // iconv_open(3) returns (iconv_t)-1 for an error.
      Int(bitPattern: descriptor) != -1
    else { return nil }
    unsafe self.descriptor = descriptor
    self.name = name
  }

  deinit { unsafe iconv_close(descriptor) }

  /// Each invalid byte becomes U+FFFD.
  func decode(_ bytes: ArraySlice<UInt8>) -> String {
    // Resets the state that an earlier text left.
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var piece = [UInt8](repeating: 0, count: 16 * 1024)
    // A copy, because iconv moves the pointer, and its header declares the bytes as writable although it does not write
    // them.
    var input = bytes.map { CChar(bitPattern: $0) }
    var start = 0
    while start < input.count {
      let (taken, made, reason) = convert(&input, start, &piece)
      text += piece[..<made]
      start += taken
      switch reason {
      case 0 where taken > 0, E2BIG where taken > 0 || made > 0: break
      default:
        // Invalid bytes, a truncated character at the end, or a converter that makes no progress.
        text += Self.replacement
        start += reason == EINVAL ? input.count - start : 1
      }
    }
    let made = flush(&piece)
    text += piece[..<made]
    return String(decoding: text, as: UTF8.self)
  }

  /// A character in the target set; nil if the set lacks it.
  func encode(_ scalar: Unicode.Scalar) -> [UInt8]? {
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var input = UTF8.encode(scalar)!.map { CChar(bitPattern: $0) }
    var piece = [UInt8](repeating: 0, count: 16)
    let (taken, made, reason) = convert(&input, 0, &piece)
    return reason == 0 && taken == input.count && made > 0 ? Array(piece[..<made]) : nil
  }

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// - Returns: the numbers of bytes taken and made, and the error number if it stopped early.
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

  /// Flushes characters that a converter holds back until it knows that no combining one follows.
  private func flush(_ piece: inout [UInt8]) -> Int {
    unsafe piece.withUnsafeMutableBytes { piece in
      var target = unsafe piece.baseAddress?.assumingMemoryBound(to: CChar.self)
      var room = piece.count
      unsafe iconv(descriptor, nil, nil, &target, &room)
      return piece.count - room
    }
  }
}

import CSwirlZlib

/// Content that no tool would write, or that is too large for a source file.
enum Made {
  /// The zlib format: the coding `deflate`.
  static func zlib(_ content: [UInt8], level: Int32 = 9) -> [UInt8] {
    var length = compressBound(UInt(content.count))
    var bytes = [UInt8](repeating: 0, count: Int(length))
    _ = compress2(&bytes, &length, content, UInt(content.count), level)
    return Array(bytes[..<Int(length)])
  }

  /// One gzip member.
  static func gzip(_ content: [UInt8], level: Int32 = 9) -> [UInt8] {
    let raw = zlib(content, level: level).dropFirst(2).dropLast(4)
    let sum = UInt32(crc32(0, content, UInt32(content.count)))
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + raw + littleEndian(sum) + littleEndian(UInt32(content.count))
  }

  /// A zstd frame of that many zeros, four bytes for each 128 KiB (RFC 8878 §3.1.1.2).
  static func zstd(zeros: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x68]
    var rest = zeros
    repeat {
      let size = min(rest, 128 * 1024)
      rest -= size
      let header = UInt32(size) << 3 | 1 << 1 | (rest == 0 ? 1 : 0)
      bytes += littleEndian(header).prefix(3) + [0]
    } while rest > 0
    return bytes
  }

  static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

/// Collects the header of a zstd frame (RFC 8878 §3.1.1.1), byte by byte, and checks it before the library sees it.
///
/// The library checks the window too, but not if it gets a whole frame at once; and it may accept formats older than
/// the RFC.
struct ZstdFrameHeader {
  /// 8 MiB, which RFC 9659 §3 sets for HTTP: a decoder must hold the window in memory.
  static let maximumWindowLog: Int32 = 23

  private var bytes: [UInt8] = []
  /// Whether a frame came before this one.
  private let follows: Bool

  init(follows: Bool) { self.follows = follows }

  var isEmpty: Bool { bytes.isEmpty }

  /// - Returns: the whole header, if this is its last byte.
  mutating func add(_ byte: UInt8) throws(ContentError) -> [UInt8]? {
    bytes.append(byte)
    if bytes.count == 4 { try checkMagicNumber() }
    guard bytes.count >= 5, bytes.count == length else { return nil }
    if !isSkippable { try checkFrame() }
    return bytes
  }

  /// A frame whose content is not data (RFC 8878 §3.1.2).
  private var isSkippable: Bool { bytes[0] & 0xF0 == 0x50 && bytes[1...3] == [0x2A, 0x4D, 0x18] }

  private var length: Int {
    if isSkippable { return 8 }
    return 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes
  }

  private var descriptor: UInt8 { bytes[4] }
  private var isSingleSegment: Bool { descriptor & 0x20 != 0 }
  private var dictionaryBytes: Int { [0, 1, 2, 4][Int(descriptor & 3)] }
  private var sizeBytes: Int { [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)] }

  private func checkMagicNumber() throws(ContentError) {
    guard bytes[..<4] == [0x28, 0xB5, 0x2F, 0xFD] || isSkippable else {
      if follows { throw ContentCoding.zstd.trailingData }
      throw ContentCoding.zstd.corrupt("a frame does not begin with zstd's magic number")
    }
  }

  private func checkFrame() throws(ContentError) {
    let dictionary = bytes.dropLast(sizeBytes).suffix(dictionaryBytes)
    guard dictionary.allSatisfy({ $0 == 0 }) else {
      throw ContentCoding.zstd.corrupt("it needs a dictionary, and HTTP has none for it")
    }
    guard windowSize <= 1 << UInt64(Self.maximumWindowLog) else {
      throw ContentError(
        .windowTooLarge, "zstd",
        "the zstd content needs a window of \(windowSize) bytes, more than HTTP's 8 MiB: compress it with a smaller one "
          + "(RFC 9659 §3)")
    }
  }

  private var windowSize: UInt64 {
    if isSingleSegment {
      let size = bytes.suffix(sizeBytes).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      // The two-byte size starts counting where the one-byte size ends.
      return sizeBytes == 2 ? size + 256 : size
    }
    let (exponent, mantissa) = (UInt64(bytes[5] >> 3), UInt64(bytes[5] & 7))
    let base: UInt64 = 1024 << exponent
    return base + base / 8 * mantissa
  }
}

/// A key of four bytes, twice: it masks eight bytes at a time (RFC 6455 §5.3). All zeros for a frame without a mask.
struct MaskingKey: Equatable {
  /// The byte for the next byte of the payload is the lowest.
  private(set) var word: UInt64

  // Computed, as each use of a stored one would ask whether it is initialized.
  static var none: MaskingKey { MaskingKey(0) }

  /// - Parameter key: its bytes as they are on the wire, the first the highest.
  init(_ key: UInt32) {
    let key = UInt64(key.byteSwapped)
    word = key | key << 32
  }

  /// The key for what follows `count` bytes.
  mutating func advance(by count: Int) {
    let shift = UInt64(count & 3) * 8
    word = shift == 0 ? word : word >> shift | word << (64 - shift)
  }
}

extension [UInt8] {
  /// Appends the bytes, each combined with its byte of the key: one move over memory, which masks and unmasks.
  ///
  /// - Returns: all that was appended, or'ed: its high bits are zero if that is ASCII.
  mutating func append(_ bytes: Span<UInt8>, masked key: MaskingKey) -> UInt64 {
    var seen: UInt64 = 0
    append(addingCapacity: bytes.count) { output in
      // The loads and stores are within the counts that both buffers have; any pattern of bits is an integer.
      unsafe output.withUnsafeMutableBufferPointer { target, initialized in
        unsafe bytes.withUnsafeBytes { source in
          let target = UnsafeMutableRawBufferPointer(target)
          let count = source.count
          let word = key.word
          var index = 0
          let words = SIMD2(repeating: word.littleEndian)
          var both = SIMD2<UInt64>()
          while index &+ 16 <= count {
            let value = unsafe source.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self) ^ words
            both |= value
            unsafe target.storeBytes(of: value, toByteOffset: index, as: SIMD2<UInt64>.self)
            index &+= 16
          }
          seen = both[0] | both[1]
          if index &+ 8 <= count {
            let value = unsafe source.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word.littleEndian
            seen |= value
            unsafe target.storeBytes(of: value, toByteOffset: index, as: UInt64.self)
            index &+= 8
          }
          var rest = word
          while index < count {
            let value = unsafe source[index] ^ UInt8(truncatingIfNeeded: rest)
            seen |= UInt64(value)
            unsafe target[index] = value
            rest >>= 8
            index &+= 1
          }
          initialized = count
        }
      }
    }
    return seen
  }
}

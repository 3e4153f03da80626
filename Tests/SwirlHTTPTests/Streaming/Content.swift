import SwirlPlatform

/// Content of any length that reveals a missing, duplicated or misplaced part.
enum Content {
  /// A prime, so that no buffer size divides it.
  private static let period = 65_521
  private static let twice: [UInt8] = (0..<2 * period).map { index in
    let place = index % period
    return UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8)
  }

  /// The bytes from `offset`, at most 64 KiB.
  static func bytes(_ count: Int, from offset: Int) -> [UInt8] {
    let start = offset % period
    return Array(twice[start..<start + min(count, period)])
  }

  /// Whether `bytes` are those from `offset`.
  static func matches(_ bytes: [UInt8], from offset: Int) -> Bool {
    bytes.withUnsafeBytes { bytes in
      twice.withUnsafeBytes { twice in
        var done = 0
        while done < bytes.count {
          let count = min(bytes.count - done, period)
          let start = (offset + done) % period
          guard memcmp(bytes.baseAddress! + done, twice.baseAddress! + start, count) == 0 else { return false }
          done += count
        }
        return true
      }
    }
  }
}

/// Checks that pieces of `Content` arrive in order, and counts their bytes.
struct Check {
  private(set) var count = 0
  private(set) var isRight = true

  mutating func take(_ bytes: [UInt8]) {
    if !Content.matches(bytes, from: count) { isRight = false }
    count += bytes.count
  }
}

/// How much a decoder takes from a peer before it refuses. A few bytes can stand for terabytes.
package struct ContentLimits: Sendable, Hashable {
  /// The content in bytes, after all codings are removed; nil for no limit but the ratio.
  package var maximumSize: Int?

  /// How many bytes one received byte may stand for; nil for no limit. It counts once more than `ratioFloor` was decoded.
  ///
  /// Deflate can't do more than 1,032 to 1, so this is the worst that gzip could always do. What only brotli, zstd and layers can
  /// do beyond it is a bomb: text and tables, even repetitive ones, stay below a few hundred.
  package var maximumRatio: Int? = 1_000

  /// How much is decoded before the ratio counts. Small content may be as repetitive as it likes.
  package var ratioFloor = 1024 * 1024

  /// The defaults.
  package init() {}

  /// - Parameters:
  ///   - maximumSize: the content in bytes.
  ///   - maximumRatio: how many bytes one received byte may stand for.
  package init(maximumSize: Int?, maximumRatio: Int? = 1_000) {
    self.maximumSize = maximumSize
    self.maximumRatio = maximumRatio
  }

  /// Whether `decoded` bytes are too many for `received`. By division: a product could overflow.
  func isBomb(decoded: Int, received: Int) -> Bool {
    guard let maximumRatio, decoded > ratioFloor else { return false }
    return (decoded - 1) / max(maximumRatio, 1) >= received
  }
}

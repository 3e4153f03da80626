/// How much a decoder takes from a peer before it refuses. A few bytes can stand for terabytes.
package struct ContentLimits: Sendable, Hashable {
  /// The content in bytes, after all codings are removed; nil for no limit but the ratio.
  package var maximumSize: Int?

  /// What `maximumRatio` is unless told otherwise.
  package static let defaultRatio = 2_000

  /// How many bytes one received byte may stand for; nil for no limit. It counts once more than `ratioFloor` was decoded.
  ///
  /// Deflate can do no more than 1,032 to 1, so that no gzip is refused by the default. What only brotli, zstd and layers can do
  /// beyond twice that is a bomb: text and tables, even repetitive ones, stay below a few hundred.
  package var maximumRatio: Int? = defaultRatio

  /// How much is decoded before the ratio counts. Content of no great size may be as repetitive as it likes.
  package var ratioFloor = 16 * 1024 * 1024

  /// The defaults.
  package init() {}

  /// - Parameters:
  ///   - maximumSize: the content in bytes.
  ///   - maximumRatio: how many bytes one received byte may stand for.
  package init(maximumSize: Int?, maximumRatio: Int? = defaultRatio) {
    self.maximumSize = maximumSize
    self.maximumRatio = maximumRatio
  }

  /// Whether `decoded` bytes are too many for `received`. By division: a product could overflow.
  func isBomb(decoded: Int, received: Int) -> Bool {
    guard let maximumRatio, decoded > ratioFloor else { return false }
    return (decoded - 1) / max(maximumRatio, 1) >= received
  }
}

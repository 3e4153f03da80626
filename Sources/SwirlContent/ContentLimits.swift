/// The limits at which a decoder refuses a peer's content. A few bytes can decode to terabytes.
package struct ContentLimits: Sendable, Hashable {
  /// The content in bytes, after all codings are removed; nil for no limit but the ratio.
  package var maximumSize: Int?

  /// The default of `maximumRatio`.
  package static let defaultRatio = 2_000

  /// The maximum number of decoded bytes per received byte; nil for no limit. It applies above `ratioFloor` decoded
  /// bytes.
  ///
  /// Deflate reaches at most 1,032 to 1, so the default refuses no gzip. A ratio above twice that, which only brotli,
  /// zstd and nested codings reach, is a bomb: even repetitive text and tables stay below a few hundred.
  package var maximumRatio: Int? = defaultRatio

  /// The number of decoded bytes from which the ratio applies. Smaller content may have any ratio.
  package var ratioFloor = 16 * 1024 * 1024

  /// The defaults.
  package init() {}

  /// - Parameters:
  ///   - maximumSize: the content in bytes.
  ///   - maximumRatio: the maximum number of decoded bytes per received byte.
  package init(maximumSize: Int?, maximumRatio: Int? = defaultRatio) {
    self.maximumSize = maximumSize
    self.maximumRatio = maximumRatio
  }

  /// Whether `decoded` bytes are too many for `received`. Divides, because a product could overflow.
  func isBomb(decoded: Int, received: Int) -> Bool {
    guard let maximumRatio, decoded > ratioFloor else { return false }
    return (decoded - 1) / max(maximumRatio, 1) >= received
  }
}

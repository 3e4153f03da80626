/// Applies a content coding to content that comes in pieces (RFC 9110 §8.4).
///
/// It is used on one thread at a time, until its last piece.
package struct ContentEncoder {
  /// The codings that can be applied, in the order of preference.
  package static let names = ["br", "zstd", "gzip"]

  /// About the number of bytes that an encoder takes until it is released, measured over a long stream.
  package static func memory(of name: String) -> Int { name == "gzip" ? 268 * 1024 : 900 * 1024 }

  private let layer: any EncodingLayer

  /// nil for a coding that is not among `names`, and without memory for it.
  package init?(_ name: String) {
    let layer: (any EncodingLayer)? =
      switch name {
      case "gzip": GzipEncodingLayer()
      case "br": BrotliEncodingLayer()
      case "zstd": ZstdEncodingLayer()
      default: nil
      }
    guard let layer else { return nil }
    self.layer = layer
  }

  /// What follows a piece.
  package enum Step {
    /// Other pieces: the encoder may keep bytes back.
    case more
    /// A pause: the client can decode all pieces up to here.
    case flush
    /// The end of the content.
    case finish
  }

  /// Appends the encoded bytes; false, and the content can't be completed, if there is no memory for it.
  package func encode(_ bytes: Span<UInt8>, _ step: Step, into output: inout [UInt8]) -> Bool {
    var used = 0
    while true {
      let isOver = layer.step(bytes.extracting(droppingFirst: used), step, into: &output, used: &used)
      guard let isOver else { return false }
      if isOver { return true }
    }
  }
}

/// One coding of a `ContentEncoder`.
protocol EncodingLayer: AnyObject {
  /// Encodes some of `bytes`, and adds their number to `used`. Returns whether the piece and its step are done; nil on
  /// failure.
  func step(
    _ bytes: Span<UInt8>, _ step: ContentEncoder.Step, into output: inout [UInt8], used: inout Int
  ) -> Bool?
}

extension EncodingLayer {
  /// Calls `body` with room for bytes behind `output`; it returns how many it has written.
  func withRoom(
    in output: inout [UInt8], _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int
  ) {
    // Enough for a page in one call; the array grows geometrically behind it.
    let size = 16 * 1024
    var made = 0
    // The pointer is for C, and ends with the call.
    let piece = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      made = unsafe body(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
      count = made
    }
    output += piece
  }
}

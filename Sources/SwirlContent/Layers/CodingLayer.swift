/// Removes one content coding, in steps of bounded size.
protocol CodingLayer: AnyObject {
  var coding: ContentCoding { get }

  /// Whether the content may end here.
  var isComplete: Bool { get }

  /// Decodes until `input` is used up or `output` is full.
  ///
  /// The caller always gives room. With input, it consumes or produces at least one byte, or throws.
  func step(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep
}

/// The bytes of input that one step took, and the bytes of output that it made.
struct CodingStep {
  var taken = 0
  var made = 0
}

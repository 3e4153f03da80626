/// Removes one content coding, in steps of bounded size.
protocol CodingLayer: AnyObject {
  var coding: ContentCoding { get }

  /// Whether the content may end here.
  var isComplete: Bool { get }

  /// Decodes from `input` until that is used up or `output` is full.
  ///
  /// Never called without room. With input, it takes or makes at least one byte, or throws.
  func step(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep
}

/// How many bytes of input one step took, and how many bytes of output it made.
struct CodingStep {
  var taken = 0
  var made = 0
}

internal import CSwirlBrotli

/// Removes brotli (RFC 7932). Its window is at most 16 MiB; its memory grows up to that as it decodes.
@safe final class BrotliLayer: CodingLayer {
  let coding = ContentCoding.br
  private(set) var isComplete = true
  /// Brotli's opaque state. Freed in `deinit`.
  private let decoder: OpaquePointer

  init() throws(ContentError) {
    guard let decoder = unsafe BrotliDecoderCreateInstance(nil, nil, nil) else { throw ContentCoding.br.outOfMemory }
    unsafe self.decoder = decoder
  }

  deinit { unsafe BrotliDecoderDestroyInstance(decoder) }

  func step(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep {
    if unsafe BrotliDecoderIsFinished(decoder) != 0 {
      guard input.isEmpty else { throw coding.trailingData }
      return CodingStep()
    }
    // Brotli moves the pointers along the caller's buffers, and keeps neither.
    var (nextInput, nextOutput) = (input.baseAddress, output.baseAddress)
    var (left, room) = (input.count, output.count)
    let result = unsafe BrotliDecoderDecompressStream(decoder, &left, &nextInput, &room, &nextOutput, nil)
    switch result {
    case BROTLI_DECODER_RESULT_SUCCESS: isComplete = true
    case BROTLI_DECODER_RESULT_ERROR: throw error
    default: isComplete = false
    }
    return CodingStep(taken: input.count - left, made: output.count - room)
  }

  private var error: ContentError {
    let code = unsafe BrotliDecoderGetErrorCode(decoder)
    // The header's allocation errors are -21 to -30.
    if (-30 ... -21).contains(code.rawValue) { return coding.outOfMemory }
    guard let words = unsafe BrotliDecoderErrorString(code) else { return coding.corrupt("brotli does not say why") }
    return coding.corrupt(unsafe String(cString: words))
  }
}

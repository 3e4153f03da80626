internal import CSwirlBrotli

/// Applies brotli (RFC 7932).
@safe final class BrotliEncodingLayer: EncodingLayer {
  /// Brotli's opaque state. Freed in `deinit`.
  private let encoder: OpaquePointer

  init?() {
    guard let encoder = unsafe BrotliEncoderCreateInstance(nil, nil, nil) else { return nil }
    unsafe self.encoder = encoder
    // The quality that costs about as much as gzip's default, and is smaller; the window bounds the memory of both
    // ends.
    unsafe BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, 4)
    unsafe BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, 18)
  }

  deinit { unsafe BrotliEncoderDestroyInstance(encoder) }

  func step(
    _ bytes: Span<UInt8>, _ step: ContentEncoder.Step, into output: inout [UInt8], used: inout Int
  ) -> Bool? {
    let operation =
      switch step {
      case .more: BROTLI_OPERATION_PROCESS
      case .flush: BROTLI_OPERATION_FLUSH
      case .finish: BROTLI_OPERATION_FINISH
      }
    var isOver: Bool? = nil
    var taken = 0
    unsafe withRoom(in: &output) { room in
      unsafe bytes.withUnsafeBufferPointer { input in
        // Brotli moves the pointers along the caller's buffers, and keeps neither.
        var (nextInput, nextOutput) = (input.baseAddress, room.baseAddress)
        var (left, free) = (input.count, room.count)
        guard
          unsafe BrotliEncoderCompressStream(encoder, operation, &left, &nextInput, &free, &nextOutput, nil) != 0
        else { return 0 }
        taken = input.count - left
        let hasMore = unsafe BrotliEncoderHasMoreOutput(encoder) != 0
        let isFinished = unsafe BrotliEncoderIsFinished(encoder) != 0
        isOver = left == 0 && !hasMore && (step != .finish || isFinished)
        return room.count - free
      }
    }
    used += taken
    return isOver
  }
}

internal import CSwirlZstd

/// Removes zstd (RFC 8878), frame after frame, with the window that RFC 9659 allows.
@safe final class ZstdLayer: CodingLayer {
  private enum State {
    /// Before a frame or in its header, with the header's bytes so far.
    case header(ZstdFrameHeader)
    /// In a frame.
    case frame
  }

  let coding = ContentCoding.zstd
  private var state = State.header(ZstdFrameHeader(follows: false))
  /// The library's opaque state. Freed in `deinit`.
  private let decoder: OpaquePointer

  init() throws(ContentError) {
    guard let decoder = unsafe ZSTD_createDCtx() else { throw ContentCoding.zstd.outOfMemory }
    unsafe self.decoder = decoder
    // The layer checks the header itself; this setting is a second barrier in the library.
    _ = unsafe ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, ZstdFrameHeader.maximumWindowLog)
  }

  deinit { _ = unsafe ZSTD_freeDCtx(decoder) }

  var isComplete: Bool {
    if case .header(let header) = state { header.isEmpty } else { false }
  }

  func step(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep {
    guard case .header(var header) = state else { return unsafe try decompress(input, into: output) }
    var taken = 0
    while taken < input.count {
      taken += 1
      guard let bytes = unsafe try header.add(input[taken - 1]) else { continue }
      // Pass the header alone: given a whole frame at once, the library would skip its check of the window.
      state = .frame
      let step = unsafe try bytes.withUnsafeBufferPointer { (bytes) throws(ContentError) in
        unsafe try decompress(bytes, into: output)
      }
      guard step.taken == bytes.count else { throw coding.corrupt("its header is not understood") }
      return CodingStep(taken: taken, made: step.made)
    }
    state = .header(header)
    return CodingStep(taken: taken)
  }

  private func decompress(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep {
    // The library moves the positions along the caller's buffers, and keeps neither.
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = unsafe ZSTD_decompressStream(decoder, &target, &source)
    if ZSTD_isError(result) != 0 {
      if ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation { throw coding.outOfMemory }
      throw coding.corrupt(unsafe String(cString: ZSTD_getErrorName(result)))
    }
    if result == 0 { state = .header(ZstdFrameHeader(follows: true)) }
    return unsafe CodingStep(taken: source.pos, made: target.pos)
  }
}

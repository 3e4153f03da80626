internal import CSwirlZstd

/// Applies Zstandard (RFC 8878).
@safe final class ZstdEncodingLayer: EncodingLayer {
  /// The library's opaque state. Freed in `deinit`.
  private let context: OpaquePointer

  init?() {
    guard let context = unsafe ZSTD_createCCtx() else { return nil }
    unsafe self.context = context
    // The library's default. Its window stays below the 8 MiB that a client must support (RFC 9659 §3).
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 18)
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  func step(
    _ bytes: Span<UInt8>, _ step: ContentEncoder.Step, into output: inout [UInt8], used: inout Int
  ) -> Bool? {
    let directive =
      switch step {
      case .more: ZSTD_e_continue
      case .flush: ZSTD_e_flush
      case .finish: ZSTD_e_end
      }
    var isOver: Bool? = nil
    var taken = 0
    unsafe withRoom(in: &output) { room in
      unsafe bytes.withUnsafeBufferPointer { input in
        // The library keeps neither buffer.
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let left = unsafe ZSTD_compressStream2(context, &target, &source, directive)
        guard ZSTD_isError(left) == 0 else { return 0 }
        taken = unsafe source.pos
        isOver = taken == input.count && (step == .more || left == 0)
        return unsafe target.pos
      }
    }
    used += taken
    return isOver
  }
}

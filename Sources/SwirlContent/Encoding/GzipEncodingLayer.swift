internal import CSwirlZlib

/// Applies gzip (RFC 1952) with zlib.
@safe final class GzipEncodingLayer: EncodingLayer {
  /// A pointer, because zlib's state must not move: it contains a pointer to itself. Freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>

  init?() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // zlib's default level, and a window of 32 KiB; adding 16 selects gzip.
    guard unsafe swirl_deflate_init(stream, 6, 15 + 16, 8) == Z_OK else { return nil }
  }

  deinit {
    // deflateEnd ignores a stream that was never initialised.
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func step(
    _ bytes: Span<UInt8>, _ step: ContentEncoder.Step, into output: inout [UInt8], used: inout Int
  ) -> Bool? {
    let flush =
      switch step {
      case .more: Z_NO_FLUSH
      case .flush: Z_SYNC_FLUSH
      case .finish: Z_FINISH
      }
    var isOver: Bool? = nil
    var taken = 0
    unsafe withRoom(in: &output) { room in
      unsafe bytes.withUnsafeBufferPointer { input in
        // zlib only reads there: its header predates `const`.
        unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = room.baseAddress
        unsafe stream.pointee.avail_out = UInt32(clamping: room.count)
        let given = unsafe stream.pointee.avail_in
        let result = unsafe deflate(stream, flush)
        taken = unsafe Int(given - stream.pointee.avail_in)
        let left = unsafe stream.pointee.avail_out
        // The buffers belong to the caller again.
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        switch result {
        case Z_STREAM_END: isOver = true
        // Z_BUF_ERROR: there was nothing to do.
        case Z_OK, Z_BUF_ERROR: isOver = step != .finish && left > 0 && taken == input.count
        default: isOver = nil
        }
        return room.count - Int(left)
      }
    }
    used += taken
    return isOver
  }
}

internal import CSwirlZlib

/// Deflates our messages, without a wrapper (RFC 1951).
@safe final class Deflater {
  /// A pointer, because zlib's state must not move: it contains a pointer to itself. Freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Parameters:
  ///   - windowBits: 8 to 15. zlib refuses a window of 8 bits here. One of 9 bits does in its place: zlib keeps 262
  ///     bytes of a window free, and so no distance is larger than 250.
  ///   - level: zlib's, 1 to 9.
  init?(windowBits: Int, level: Int) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // 5 of 9 for its memory: 16 KiB beside the window.
    guard unsafe swirl_deflate_init(stream, Int32(level), -Int32(max(9, windowBits)), 5) == Z_OK else { return nil }
  }

  deinit {
    // deflateEnd ignores a stream that was never initialised.
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Appends the deflated bytes up to their last: ends with an empty block, 00 00 FF FF, except where nothing came
  /// since the last call.
  func deflate(_ input: Span<UInt8>, into output: inout [UInt8]) {
    var position = 0
    var isFull = true
    while position < input.count || isFull {
      let rest = input.extracting(position...)
      let room = max(64, min(rest.count, 64 * 1024))
      var taken = 0
      output.append(addingCapacity: room) { span in
        // The pointers are for C, and end with the call.
        unsafe span.withUnsafeMutableBufferPointer { target, made in
          unsafe rest.withUnsafeBufferPointer { input in
            (taken, made) = unsafe step(input, UnsafeMutableBufferPointer(rebasing: target[..<room]))
            isFull = made == room
          }
        }
      }
      position += taken
    }
  }

  private func step(
    _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>
  ) -> (taken: Int, made: Int) {
    // zlib only reads there: its header predates `const`.
    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
    unsafe stream.pointee.next_out = output.baseAddress
    unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
    let (given, room) = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    // Fails only without progress, which is the end.
    _ = unsafe CSwirlZlib.deflate(stream, Z_SYNC_FLUSH)
    let result = unsafe (Int(given - stream.pointee.avail_in), Int(room - stream.pointee.avail_out))
    // The buffers belong to the caller again.
    unsafe stream.pointee.next_in = nil
    unsafe stream.pointee.next_out = nil
    return result
  }
}

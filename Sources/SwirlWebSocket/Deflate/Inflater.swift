internal import CSwirlZlib

/// Inflates the messages of a peer: deflate without a wrapper (RFC 1951).
@safe final class Inflater {
  struct Step {
    /// Bytes of the input that were used.
    var taken = 0
    /// The room was filled: more may come without input.
    var mayHaveMore = false
    /// Why it can't be inflated any further.
    var problem: String?
  }

  /// A pointer, because zlib's state must not move: it contains a pointer to itself. Freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>
  /// The stream of deflate ended with the input so far; another may follow.
  private(set) var isAtEnd = false

  init?(windowBits: Int) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // Negative: without a wrapper. A window that is larger than the peer's does no harm; zlib has no smaller one.
    guard unsafe swirl_inflate_init(stream, -Int32(windowBits)) == Z_OK else { return nil }
  }

  deinit {
    // inflateEnd ignores a stream that was never initialised.
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Whether the next bit begins a block.
  var isBetweenBlocks: Bool { unsafe stream.pointee.data_type & 128 != 0 }

  /// Appends at most `limit` bytes; may leave input.
  func step(_ input: Span<UInt8>, into output: inout [UInt8], atMost limit: Int) -> Step {
    // Text shrinks to about a quarter. The array grows geometrically, so that guesses that are too low cost little.
    let room = min(limit, max(256, min(4 * input.count, 64 * 1024)))
    var step = Step()
    if !input.isEmpty { isAtEnd = false }
    output.append(addingCapacity: room) { span in
      // The pointers are for C, and end with the call.
      unsafe span.withUnsafeMutableBufferPointer { target, made in
        unsafe input.withUnsafeBufferPointer { input in
          step = unsafe inflate(input, into: UnsafeMutableBufferPointer(rebasing: target[..<room]), &made)
        }
      }
    }
    return step
  }

  private func inflate(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, _ made: inout Int
  ) -> Step {
    // zlib only reads there: its header predates `const`.
    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
    unsafe stream.pointee.next_out = output.baseAddress
    unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
    let (given, room) = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    let result = unsafe CSwirlZlib.inflate(stream, Z_SYNC_FLUSH)
    made = unsafe Int(room - stream.pointee.avail_out)
    var step = unsafe Step(taken: Int(given - stream.pointee.avail_in), mayHaveMore: stream.pointee.avail_out == 0)
    // The buffers belong to the caller again.
    unsafe stream.pointee.next_in = nil
    unsafe stream.pointee.next_out = nil
    switch result {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      // A block may be the last of its stream, in the middle of a message or at its end (RFC 7692 §7.2.3.4).
      isAtEnd = unsafe inflateReset(stream) == Z_OK
      if !isAtEnd { step.problem = "zlib can't begin again" }
      step.mayHaveMore = false
    case Z_MEM_ERROR: step.problem = "no memory"
    default: step.problem = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib does not say why"
    }
    return step
  }
}

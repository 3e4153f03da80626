internal import CSwirlZlib

/// Removes gzip (RFC 1952) and deflate (RFC 1950, or RFC 1951 alone) with zlib.
@safe final class InflateLayer: CodingLayer {
  private enum State {
    /// No byte yet.
    case start
    /// Within a gzip member, or the one deflate stream.
    case inflating
    /// After a gzip member: another may follow.
    case betweenMembers
    /// In zeros that follow the last gzip member.
    case padding
    /// After deflate without its zlib wrapper; drops up to this many bytes.
    case leftover(Int)
    /// After the end.
    case ended
  }

  let coding: ContentCoding
  private var state = State.start
  /// Deflate without its zlib wrapper.
  private var isRaw = false
  /// A pointer, because zlib's state must not move: it contains a pointer to itself. Freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Parameter coding: gzip or deflate.
  init(_ coding: ContentCoding) throws(ContentError) {
    self.coding = coding
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // A window of 32 KiB, the largest. Adding 16 selects gzip alone.
    guard unsafe swirl_inflate_init(stream, coding == .gzip ? 15 + 16 : 15) == Z_OK else { throw coding.outOfMemory }
  }

  deinit {
    // inflateEnd ignores a stream that was never initialised.
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  var isComplete: Bool {
    if case .inflating = state { false } else { true }
  }

  func step(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep {
    guard let first = unsafe input.first else {
      if case .inflating = state { return unsafe try inflate(input, into: output) }
      return CodingStep()
    }
    switch state {
    case .start:
      try start(first)
    case .inflating:
      break
    case .betweenMembers where first == 0x1F:
      // Members follow each other (RFC 1952 §2.2), as `cat a.gz b.gz` and log rotation make them.
      guard unsafe inflateReset(stream) == Z_OK else { throw coding.corrupt("zlib can't begin again") }
      state = .inflating
    case .betweenMembers, .padding:
      // gunzip, Node and Tornado accept zeros that fill a block: some sites send them. curl and Go refuse any other
      // bytes, which browsers drop.
      let zeros = unsafe input.firstIndex { $0 != 0 } ?? input.count
      guard zeros == input.count else { throw coding.trailingData }
      state = .padding
      return CodingStep(taken: zeros)
    case .leftover(let count):
      guard input.count <= count else { throw coding.trailingData }
      state = .leftover(count - input.count)
      return CodingStep(taken: input.count)
    case .ended:
      throw coding.trailingData
    }
    return unsafe try inflate(input, into: output)
  }

  /// `deflate` means the zlib format (RFC 9110 §8.4.1.2), but some servers send the bare format, and browsers take
  /// both.
  ///
  /// A zlib header has 8 in its low four bits. Bare deflate has it only as a stored block with bits set in its padding,
  /// which no encoder writes.
  private func start(_ first: UInt8) throws(ContentError) {
    state = .inflating
    guard coding == .deflate, first & 0x0F != 8 else { return }
    isRaw = true
    guard unsafe inflateReset2(stream, -15) == Z_OK else { throw coding.outOfMemory }
  }

  private func inflate(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(ContentError) -> CodingStep {
    // zlib only reads there: its header predates `const`.
    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
    unsafe stream.pointee.next_out = output.baseAddress
    unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
    let (given, room) = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    let result = unsafe CSwirlZlib.inflate(stream, Z_NO_FLUSH)
    let step = unsafe CodingStep(
      taken: Int(given - stream.pointee.avail_in), made: Int(room - stream.pointee.avail_out))
    // The buffers belong to the caller again.
    unsafe stream.pointee.next_in = nil
    unsafe stream.pointee.next_out = nil
    switch result {
    case Z_OK, Z_BUF_ERROR:
      break
    case Z_STREAM_END:
      // A server that omits the zlib header may still send the checksum: four bytes, which curl accepts too.
      state = coding == .gzip ? .betweenMembers : isRaw ? .leftover(4) : .ended
    case Z_NEED_DICT:
      throw coding.corrupt("it needs a dictionary, and HTTP has none for it")
    case Z_MEM_ERROR:
      throw coding.outOfMemory
    default:
      throw coding.corrupt(unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib does not say why")
    }
    return step
  }
}

/// The one buffer that all connections of a reactor read into: what is in it is used up before the next read.
final class ReadBuffer {
  let capacity = 64 * 1024
  let base: UnsafeMutableRawPointer

  init() {
    base = .allocate(byteCount: capacity, alignment: 16)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
  }

  deinit { base.deallocate() }

  /// Gives the first `count` bytes, for the time of the call.
  func withBytes(_ count: Int, _ body: (Span<UInt8>) -> Void) {
    body(Span(_unsafeElements: UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count)))
  }
}

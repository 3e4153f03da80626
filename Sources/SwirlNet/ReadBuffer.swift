/// The buffer into which all connections of a reactor read: its contents are consumed before the next read.
///
/// Allocated manually, because the kernel writes into it: an array would cost uniqueness checks, and zeroing or
/// copying. All of it is initialized from the start, and freed with this object.
package final class ReadBuffer {
  package let capacity = 64 * 1024
  package let base: UnsafeMutableRawPointer

  package init() {
    base = .allocate(byteCount: capacity, alignment: 16)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
  }

  deinit { base.deallocate() }

  /// Passes the first `count` bytes to `body`, for the duration of the call.
  func withBytes(_ count: Int, _ body: (Span<UInt8>) -> Void) {
    precondition(count <= capacity)
    // The bytes are initialized and stay allocated during the call, and a span cannot outlive it. No code writes to
    // them meanwhile: only the loop reads from sockets, and it does not nest.
    body(Span(_unsafeElements: UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count)))
  }
}

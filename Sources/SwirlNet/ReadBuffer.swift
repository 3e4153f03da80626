import SwirlPlatform

/// The buffer into which all connections of a reactor read: its contents are consumed before the next read.
///
/// Allocated manually, because the kernel writes into it: an array would cost uniqueness checks, and zeroing or
/// copying. All of it is initialized from the start, and freed with this object.
package final class ReadBuffer {
  /// The size of a read.
  package var capacity: Int { Self.usual }
  static let usual = 64 * 1024
  /// The size of the buffer: a connection that sends what it receives gets as much in one call.
  static let most = 3 * usual
  package let base: UnsafeMutableRawPointer

  package init() {
    // The kernel gives the memory of a large read when there is one.
    guard let memory = calloc(1, Self.most) else { fatalError("no memory for a read buffer") }
    base = memory
  }

  deinit { free(base) }

  /// Passes the first `count` bytes to `body`, for the duration of the call.
  func withBytes(_ count: Int, _ body: (Span<UInt8>) -> Void) {
    precondition(count <= Self.most)
    // The bytes are initialized and stay allocated during the call, and a span cannot outlive it. No code writes to
    // them meanwhile: only the loop reads from sockets, and it does not nest.
    body(Span(_unsafeElements: UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count)))
  }
}

import SwirlNet

/// The short frames of a read, of the one socket of the reactor that has them: they are sent from here, together.
///
/// Allocated manually: an array would be asked at each append, and emptied, by calls that cost more than the frame.
@safe final class ShortFrames {
  /// More frames are collected in the socket's own array.
  static let capacity = 16 * 1024
  /// The longest payload, whose length has no further bytes (RFC 6455 §5.2).
  static let longest = 125

  // Initialized up to `count`, and freed with this object.
  private let base = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
  // Exempt from run-time checks for overlapping access: it is only read or written as a whole.
  @safe @exclusivity(unchecked) private(set) var count = 0

  deinit { unsafe base.deallocate() }

  /// Appends a whole message, without a mask.
  ///
  /// - Returns: false, and does nothing, if there is no room.
  func append(_ content: Span<UInt8>, isText: Bool) -> Bool {
    let start = count
    guard content.count <= Self.longest, start &+ content.count &+ 2 <= Self.capacity else { return false }
    // The frame is within the capacity.
    let frame = unsafe base.baseAddress.unsafelyUnwrapped + start
    unsafe frame.storeBytes(of: isText ? 0x81 : 0x82, as: UInt8.self)
    unsafe frame.storeBytes(of: UInt8(truncatingIfNeeded: content.count), toByteOffset: 1, as: UInt8.self)
    unsafe content.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      unsafe (frame + 2).copyMemory(from: from, byteCount: source.count)
    }
    count = start &+ content.count &+ 2
    return true
  }

  /// Passes all frames to `body`, and removes them after it.
  func take(_ body: (Span<UInt8>) -> Void) {
    // They stay during the call: only the socket that has them appends.
    let frames = unsafe UnsafeRawBufferPointer(rebasing: base[..<count]).assumingMemoryBound(to: UInt8.self)
    body(unsafe Span(_unsafeElements: frames))
    count = 0
  }

  func removeAll() { count = 0 }
}

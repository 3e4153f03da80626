import CSwirlSystem
import SwirlDeferred
import SwirlPlatform

/// The descriptor through which another thread ends the wait of a loop: an eventfd, or a pipe on systems without it.
///
/// Its methods are plain system calls on descriptors that never change, so any thread may call them.
struct WakeUp: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() {
    #if os(Linux)
    readEnd = swirl_eventfd()
    writeEnd = readEnd
    #else
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    readEnd = ends[0]
    writeEnd = ends[1]
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    #endif
    require(readEnd >= 0, "no descriptor to wake a reactor with: \(DescriptorLimit.advice)")
  }

  /// Makes the read end readable.
  func signal() {
    var one: UInt64 = 1
    // A full counter or pipe is already readable.
    _ = write(writeEnd, &one, 8)
  }

  /// Makes it unreadable again.
  func clear() {
    var counter: (UInt64, UInt64) = (0, 0)
    _ = read(readEnd, &counter, 16)
  }

  func close() {
    _ = _close(readEnd)
    if writeEnd != readEnd { _ = _close(writeEnd) }
  }
}

/// `close(2)`, which the method above shadows.
private func _close(_ descriptor: Int32) -> Int32 { close(descriptor) }

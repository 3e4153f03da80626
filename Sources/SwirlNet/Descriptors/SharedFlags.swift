import SwirlPlatform
import Synchronization

/// The descriptors on which O_NONBLOCK was set although other processes share it: it is removed when the transport
/// ends, and when the program exits before that, so that a shell does not fail with EAGAIN afterwards.
enum SharedFlags {
  private static let descriptors = Mutex<[Int32]>([])

  private static let restoresAtExit: Void = {
    atexit {
      for descriptor in SharedFlags.descriptors.withLock({ $0 }) { SharedFlags.clear(descriptor) }
    }
  }()

  static func remember(_ descriptor: Int32) {
    _ = restoresAtExit
    descriptors.withLock { $0.append(descriptor) }
  }

  /// Two transports may share a descriptor: the last one removes the flag.
  static func restore(_ descriptor: Int32) {
    let isLast = descriptors.withLock { descriptors in
      if let index = descriptors.firstIndex(of: descriptor) { descriptors.remove(at: index) }
      return !descriptors.contains(descriptor)
    }
    if isLast { clear(descriptor) }
  }

  private static func clear(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
  }
}

import SwirlDeferred
import SwirlPlatform

/// The limit of open descriptors. A reactor that cannot open its own descriptor cannot work.
enum DescriptorLimit {
  /// Advice for a system call that found no free descriptor.
  static var advice: String {
    let reason = String(cString: strerror(errno))
    return "\(reason); this process may have \(sysconf(Int32(_SC_OPEN_MAX))) open files: raise the limit (ulimit -n)"
  }

  /// Traps with a message if no descriptor is free: libdispatch would trap without one.
  static func requireFreeDescriptor(for purpose: String) {
    let free = open("/", O_RDONLY | O_CLOEXEC)
    require(free >= 0, "no descriptor for \(purpose): \(advice)")
    close(free)
  }
}

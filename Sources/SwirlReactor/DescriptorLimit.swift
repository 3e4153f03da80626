import SwirlDeferred

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The limit of open descriptors, which a reactor without a descriptor of its own cannot survive.
enum DescriptorLimit {
  /// What to do where a system call has found no descriptor.
  static var advice: String {
    let reason = String(cString: strerror(errno))
    return "\(reason); this process may have \(sysconf(Int32(_SC_OPEN_MAX))) open files: raise the limit (ulimit -n)"
  }

  /// Stops the program with a message where no descriptor is free: libdispatch would stop it without one.
  static func requireFreeDescriptor(for purpose: String) {
    let free = open("/", O_RDONLY | O_CLOEXEC)
    require(free >= 0, "no descriptor for \(purpose): \(advice)")
    close(free)
  }
}

import SwirlDeferred
import SwirlPlatform

/// The limit of open descriptors. A reactor that cannot open its own descriptor cannot work.
enum DescriptorLimit {
  /// Advice for a system call that found no free descriptor.
  static var advice: String {
    let reason = String(cString: strerror(errno))
    return "\(reason); this process may have \(sysconf(Int32(_SC_OPEN_MAX))) open files: raise the limit (ulimit -n)"
  }

  /// Stops the program with a message where so many descriptors are not free.
  static func requireFree(_ count: Int, for purpose: String) {
    require(hasFree(count), "\(count) descriptors are needed for \(purpose): \(advice)")
  }

  /// Whether so many descriptors are free; `errno` has the reason where they are not.
  static func hasFree(_ count: Int) -> Bool {
    let found = (0..<count).map { _ in open("/", O_RDONLY | O_CLOEXEC) }
    let reason = errno
    for descriptor in found where descriptor >= 0 { close(descriptor) }
    errno = reason
    return !found.contains(-1)
  }
}

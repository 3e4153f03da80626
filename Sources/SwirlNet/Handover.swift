import SwirlPlatform
import Synchronization

/// What a process gets from the one that it replaces: the listening sockets, and the pipe on which it says that it is
/// ready.
///
/// One variable of the environment describes it: `INODE:COUNT`, or nothing. The pipe is descriptor 3, and the inode
/// that of the pipe, so that a child of a child, which inherits the variable but not the descriptors, does not take
/// other descriptors for them. The process ID of the new process, by which systemd does that, is not known before its
/// start.
package struct Handover {
  package static let variable = "SWIRL_HANDOVER"
  /// The descriptor of the pipe; the sockets are behind it.
  package static let pipeDescriptor: Int32 = 3

  /// The write end of the pipe.
  let pipe: Int32
  let sockets: [ListeningSocket]

  /// The value of the variable, for a pipe and a number of sockets.
  package static func words(pipe: Int32, count: Int) -> String? {
    inode(of: pipe).map { "\($0):\(count)" }
  }

  /// Takes what the old process has passed; nil without an old process, or the second time.
  static func taken() throws(NetError) -> Handover? {
    guard let words = getenv(variable).map({ String(cString: $0) }) else { return nil }
    unsetenv(variable)
    let numbers = words.split(separator: ":").compactMap { UInt64($0) }
    guard numbers.count == 2, numbers[1] <= 4096, inode(of: pipeDescriptor) == numbers[0] else { return nil }
    _ = fcntl(pipeDescriptor, F_SETFD, FD_CLOEXEC)
    Readiness.pipe.withLock { $0 = pipeDescriptor }
    let descriptors = (0..<Int32(numbers[1])).map { pipeDescriptor + 1 + $0 }
    return Handover(
      pipe: pipeDescriptor, sockets: try ListeningSocket.take(descriptors, names: nil, true))
  }

  private static func inode(of descriptor: Int32) -> UInt64? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return nil }
    return UInt64(status.st_ino)
  }
}

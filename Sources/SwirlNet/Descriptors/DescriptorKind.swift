import CSwirlSystem
import SwirlPlatform

/// What an open descriptor is.
enum DescriptorKind {
  case pipe, socket
  /// A terminal, or a serial port.
  case terminal
  /// The side of a pseudo-terminal that plays the terminal.
  case terminalMaster
  /// A regular file, a block device or a device without a queue, such as /dev/null: reads and writes never wait for
  /// another program, and the kernel refuses to watch it.
  case file
  /// Another character device, an eventfd, inotify …
  case device
  case directory

  /// Nil, with the reason in `errno`, if it is not open.
  init?(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFIFO: self = .pipe
    case S_IFSOCK: self = .socket
    case S_IFREG, S_IFBLK: self = .file
    case S_IFDIR: self = .directory
    case S_IFCHR where isatty(descriptor) == 1: self = Self.isMaster(descriptor) ? .terminalMaster : .terminal
    case S_IFCHR: self = Self.isMemory(status) ? .file : .device
    default: self = .device
    }
  }

  private static func isMaster(_ descriptor: Int32) -> Bool {
    #if os(Linux)
    swirl_is_terminal_master(descriptor) != 0
    #else
    false
    #endif
  }

  /// /dev/null, /dev/zero and their like: the devices with the major number 1.
  private static func isMemory(_ status: stat) -> Bool {
    #if os(Linux)
    (status.st_rdev >> 8) & 0xfff == 1
    #else
    false
    #endif
  }
}

import CSwirlSystem
package import SwirlNet
import SwirlPlatform

/// A directory out of which no path leads: files below it are opened by its descriptor.
package final class DirectoryRoot: Sendable {
  private let descriptor: Int32

  /// Opens the directory at `path`, which may be a symbolic link.
  package init(_ path: SystemPath) throws(DirectoryRootError) {
    guard !path.hasZeroByte else { throw DirectoryRootError(errno: ENOENT) }
    descriptor = path.withCString { systemOpen($0, Self.directoryFlags) }
    if descriptor < 0 { throw DirectoryRootError(errno: errno) }
  }

  deinit { Descriptor.close(descriptor) }

  /// What is opened.
  package enum Kind: Sendable {
    case file(FileStatus)
    case directory
  }

  package struct Options: Sendable {
    /// Whether to follow symbolic links that stay below the directory; the others are never followed. Where the kernel
    /// has no openat2 no link is followed.
    package var followsLinks = false
    /// Whether to fail with EAGAIN where the disk would have to be read.
    package var isCachedOnly = false

    package init(followsLinks: Bool = false, isCachedOnly: Bool = false) {
      self.followsLinks = followsLinks
      self.isCachedOnly = isCachedOnly
    }
  }

  /// Opens the file or directory at these names below this one; `[]` is this directory itself.
  ///
  /// A name that is empty, `.` or `..`, or has a slash or a zero byte in it, is ENOENT. What is neither a file nor a
  /// directory is ENXIO, and opened for a moment, without waiting for a peer.
  package func open(_ names: [[UInt8]], _ options: Options) throws(DirectoryRootError) -> (ReadableFile, Kind) {
    guard names.allSatisfy(Self.isName) else { throw DirectoryRootError(errno: ENOENT) }
    let descriptor = openDescriptor(names, options)
    guard descriptor >= 0 else { throw DirectoryRootError(errno: errno) }
    let file = ReadableFile(descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw DirectoryRootError(errno: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return (file, .file(FileStatus(status)))
    case S_IFDIR: return (file, .directory)
    default: throw DirectoryRootError(errno: ENXIO)
    }
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    !name.isEmpty && name != [0x2E] && name != [0x2E, 0x2E] && !name.contains(0) && !name.contains(UInt8(ascii: "/"))
  }

  /// A handle on a directory that reads nothing of it.
  private static var directoryFlags: Int32 {
    #if os(Linux)
    // The headers show O_PATH to _GNU_SOURCE only.
    0o10000000 | O_DIRECTORY | O_CLOEXEC
    #else
    O_RDONLY | O_DIRECTORY | O_CLOEXEC
    #endif
  }

  /// Without waiting for the peer of a FIFO, and without becoming the controlling process of a terminal.
  private static let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY

  private func openDescriptor(_ names: [[UInt8]], _ options: Options) -> Int32 {
    let path = names.isEmpty ? Array(".".utf8) : Array(names.joined(separator: [UInt8(ascii: "/")]))
    let opened = SystemPath(path).withCString {
      swirl_open_beneath(
        descriptor, $0, Self.flags, options.followsLinks ? 1 : 0, options.isCachedOnly ? 1 : 0)
    }
    if opened >= 0 { return opened }
    switch errno {
    // A kernel before 5.12 does not know what is in memory.
    case EINVAL where options.isCachedOnly: errno = EAGAIN
    // No openat2 in this kernel, or a filter of system calls that does not know it.
    case ENOSYS, EPERM: return walk(names, options)
    default: break
    }
    return -1
  }

  /// Opens one name after the other, and follows no link.
  private func walk(_ names: [[UInt8]], _ options: Options) -> Int32 {
    if options.isCachedOnly {
      errno = EAGAIN
      return -1
    }
    var directory = openAt(descriptor, Array(".".utf8), Self.directoryFlags)
    for (index, name) in names.enumerated() where directory >= 0 {
      let isLast = index == names.count - 1
      let next = openAt(directory, name, (isLast ? Self.flags : Self.directoryFlags) | O_NOFOLLOW)
      let reason = errno
      Descriptor.close(directory)
      errno = reason
      directory = next
    }
    guard directory >= 0, names.isEmpty else { return directory }
    // The handle reads nothing; a listing does.
    defer { Descriptor.close(directory) }
    return openAt(directory, Array(".".utf8), Self.flags)
  }

  private func openAt(_ directory: Int32, _ name: [UInt8], _ flags: Int32) -> Int32 {
    SystemPath(name).withCString { openat(directory, $0, flags) }
  }

  /// The way for kernels without openat2, for tests.
  package func openByWalking(_ names: [[UInt8]]) -> Bool {
    let descriptor = walk(names, Options())
    if descriptor >= 0 { Descriptor.close(descriptor) }
    return descriptor >= 0
  }
}

// Methods of these types shadow this name.
private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { open(path, flags) }

/// Why a file can't be opened.
package struct DirectoryRootError: Error {
  package let errno: Int32

  package init(errno: Int32) { self.errno = errno }
}

/// What identifies a version of a file.
package struct FileStatus: Sendable, Equatable {
  package let size: Int
  /// When it changed last, in seconds since 1970 and nanoseconds.
  package let modified: Int
  package let nanoseconds: Int

  init(_ status: stat) {
    size = Int(status.st_size)
    #if os(Linux)
    (modified, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    #else
    (modified, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
    #endif
  }
}

extension ReadableFile {
  /// The regular file at `path`, for a program that names it itself: links are followed.
  /// - Parameter isCachedOnly: whether to fail with EAGAIN where the disk would have to be read.
  package static func open(
    _ path: SystemPath, isCachedOnly: Bool
  ) throws(DirectoryRootError) -> (ReadableFile, FileStatus) {
    guard !path.hasZeroByte else { throw DirectoryRootError(errno: ENOENT) }
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let descriptor = path.withCString { isCachedOnly ? swirl_open_cached($0, flags) : systemOpen($0, flags) }
    guard descriptor >= 0 else {
      // An old kernel, or a filter of system calls that does not know the call.
      let isUnknown = isCachedOnly && [ENOSYS, EPERM, EINVAL].contains(errno)
      throw DirectoryRootError(errno: isUnknown ? EAGAIN : errno)
    }
    let file = ReadableFile(descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw DirectoryRootError(errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw DirectoryRootError(errno: ENXIO) }
    return (file, FileStatus(status))
  }

  /// The names in a directory that was opened, in order; those of directories end with a slash. Waits for the disk.
  /// - Parameter limit: more names than this are omitted.
  package func directoryNames(limit: Int) -> [[UInt8]] {
    // The stream closes its descriptor.
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else { return [] }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while names.count < limit, let entry = readdir(stream) {
      // In place: a copy of the field would have 256 bytes, and an entry at the end of the stream's buffer has fewer.
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      switch Int32(entry.pointee.d_type) {
      case 4: names.append(name + [UInt8(ascii: "/")])  // DT_DIR
      case 0, 8, 10: names.append(name)  // DT_UNKNOWN, DT_REG, DT_LNK
      default: break
      }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }
}

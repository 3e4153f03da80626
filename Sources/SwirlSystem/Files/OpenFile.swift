import SwirlPlatform

/// A file of the disk, by system calls that block: for the threads of a pool.
///
/// Unchecked: it is used by one thread at a time, since the next call is made when the one before has ended.
package final class OpenFile: @unchecked Sendable {
  /// What it is opened for.
  package enum Mode {
    case read
    /// Emptied, or made.
    case write
    /// As it is, or made.
    case update
    /// At its end, wherever that is by the time of each write, or made.
    case append
    /// Made: one that is there already is an error. With the permissions of the file it will replace, or as any new one when nil.
    case create(permissions: UInt32?)

    var flags: Int32 {
      switch self {
      case .read: O_RDONLY | O_CLOEXEC
      case .write: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
      case .update: O_WRONLY | O_CREAT | O_CLOEXEC
      case .append: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
      case .create: O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      }
    }
  }

  package let path: SystemPath
  private var descriptor: Int32

  package init(_ path: some SystemBytes, _ mode: Mode) throws {
    self.path = try Self.checked(path, "open")
    var permissions: mode_t?
    if case .create(let wanted) = mode { permissions = wanted.map { mode_t($0) } }
    descriptor = self.path.withCString { open($0, mode.flags, permissions ?? 0o666) }
    if descriptor < 0 { throw FileError("open", path, errno: errno) }
    // The umask, which is for new files, has been taken off. Where the file system knows no permissions there are none to keep.
    if let permissions { _ = fchmod(descriptor, permissions) }
  }

  deinit { if descriptor >= 0 { Descriptor.close(descriptor) } }

  /// Whether it is neither a file nor a directory, so that reading and writing may take for ever.
  var isDevice: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && Self.isSpecial(status)
  }

  /// The next bytes; nil at the end.
  package func read(atMost room: Int = 128 * 1024) throws -> [UInt8]? {
    var count = 0
    let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
      // There is room, so there is a base address; so many bytes as it returns are initialized by the kernel.
      repeat {
        count = Descriptor.read(descriptor, buffer.baseAddress!, buffer.count)
      } while count < 0 && errno == EINTR
      initialized = max(0, count)
    }
    if count < 0 { throw FileError("read", path, errno: errno) }
    return piece.isEmpty ? nil : piece
  }

  /// All that is left of it.
  package func readAll(limit: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while let piece = try read() {
      if all.count + piece.count > limit {
        throw FileError("read", path, reason: "it has more than \(limit) bytes; allow more, or read it by chunks")
      }
      if all.isEmpty { all = piece } else { all += piece }
    }
    return all
  }

  package func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      // Within the array, which the call only reads.
      let count = bytes.withUnsafeBytes {
        Descriptor.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw FileError("write", path, errno: errno) }
      written += count
    }
  }

  /// Returns how many bytes it has.
  package func seekToEnd() throws -> Int {
    let end = lseek(descriptor, 0, Int32(SEEK_END))
    if end < 0 { throw FileError("open", path, errno: errno) }
    return Int(end)
  }

  /// Keeps its first `length` bytes; the next write is after them.
  package func truncate(to length: Int) throws {
    guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, Int32(SEEK_END)) >= 0 else {
      throw FileError("write", path, errno: errno)
    }
  }

  /// Waits until the disk has it.
  package func sync() throws { if fsync(descriptor) != 0 { throw FileError("write", path, errno: errno) } }

  /// What ``close()`` would report, while the file stays open: some file systems write when a descriptor is closed.
  package func checkWrites() throws {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    if copy < 0 || systemClose(copy) != 0 { throw FileError("write", path, errno: errno) }
  }

  /// Closing may tell of a write that failed.
  package func close() throws {
    guard descriptor >= 0 else { return }
    let closed = systemClose(descriptor)
    descriptor = -1
    if closed != 0 { throw FileError("write", path, errno: errno) }
  }

  /// Locks it against every other `lock()`, until it is closed. File systems without locks have none to wait for.
  /// - Returns: false when another has it.
  func lock() -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { return true }
    }
    return true
  }

  /// Whether it was neither renamed nor removed since it was opened.
  var isAtItsPath: Bool {
    var (ours, theirs) = (stat(), stat())
    return fstat(descriptor, &ours) == 0 && path.withCString({ stat($0, &theirs) }) == 0 && ours.st_ino == theirs.st_ino
      && ours.st_dev == theirs.st_dev
  }

  // MARK: - By path

  /// How many bytes a file has; nil when there is none.
  package static func length(of path: some SystemBytes) throws -> Int? {
    guard let status = try status(of: path) else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError("open", path, reason: "it is no file") }
    return Int(status.st_size)
  }

  /// The permissions of a file; nil when there is none.
  static func permissions(of path: some SystemBytes) throws -> UInt32? {
    try status(of: path).map { UInt32($0.st_mode & 0o777) }
  }

  /// Whether what is there is neither a file nor a directory, such as `/dev/null` or a named pipe: it is written to, and never replaced.
  package static func isSpecial(_ path: some SystemBytes) throws -> Bool {
    try status(of: path).map(isSpecial) ?? false
  }

  private static func isSpecial(_ status: stat) -> Bool { ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) }

  private static func status(of path: some SystemBytes) throws -> stat? {
    var status = stat()
    if try checked(path, "open").withCString({ stat($0, &status) }) == 0 { return status }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw FileError("open", path, errno: errno)
  }

  package static func rename(_ path: some SystemBytes, to newPath: some SystemBytes) throws {
    let (path, newPath) = (try checked(path, "write"), try checked(newPath, "write"))
    let failed = path.withCString { path in newPath.withCString { systemRename(path, $0) } } != 0
    if failed { throw FileError("write", newPath, errno: errno) }
  }

  package static func remove(_ path: some SystemBytes) throws {
    if try checked(path, "remove").withCString({ unlink($0) }) != 0 { throw FileError("remove", path, errno: errno) }
  }

  private static func checked(_ path: some SystemBytes, _ action: String) throws -> SystemPath {
    let path = SystemPath(path)
    if path.hasZeroByte { throw FileError(action, path, reason: "the path has a zero byte in it") }
    return path
  }
}

// Methods have their names.
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func systemRename(_ path: UnsafePointer<CChar>, _ newPath: UnsafePointer<CChar>) -> Int32 {
  rename(path, newPath)
}

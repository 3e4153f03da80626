import SwirlPlatform

/// A file by blocking system calls, for the threads of a pool.
///
/// Unchecked: one thread at a time uses it, since the next call starts when the previous one has ended.
package final class OpenFile: @unchecked Sendable {
  /// The mode that it is opened in.
  package enum Mode {
    case read
    /// Truncated, or created.
    case write
    /// Its content is kept, or it is created. With the permissions of the file that it will replace, or as it is, or
    /// with the default ones, if nil.
    case update(permissions: UInt32?)
    /// Each write goes to the end of the file at that time. Created if it does not exist.
    case append
    /// Created; an existing file is an error. With the permissions of the file that it will replace, or with the
    /// default ones if nil.
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
    switch mode {
    case .create(let wanted), .update(let wanted): permissions = wanted.map { mode_t($0) }
    case .read, .write, .append: break
    }
    descriptor = self.path.withCString { open($0, mode.flags, permissions ?? 0o666) }
    if descriptor < 0 { throw FileError("open", path, errno: errno) }
    // The umask, which is meant for new files, has removed bits: set them again. Some file systems have no permissions;
    // the call fails there, harmlessly.
    if let permissions { _ = fchmod(descriptor, permissions) }
  }

  deinit { if descriptor >= 0 { Descriptor.close(descriptor) } }

  /// Whether it is neither a file nor a directory, so that reads and writes may block for ever.
  var isDevice: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && Self.isSpecial(status)
  }

  /// The next bytes; nil at EOF.
  package func read(atMost room: Int = 128 * 1024) throws -> [UInt8]? {
    var count = 0
    let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
      // The buffer has room, so it has a base address. The kernel initialises as many bytes as `read` returns.
      repeat {
        count = Descriptor.read(descriptor, buffer.baseAddress!, buffer.count)
      } while count < 0 && errno == EINTR
      initialized = max(0, count)
    }
    if count < 0 { throw FileError("read", path, errno: errno) }
    return piece.isEmpty ? nil : piece
  }

  /// All the bytes up to EOF.
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
      // The pointer stays within the array, and the call only reads.
      let count = bytes.withUnsafeBytes {
        Descriptor.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw FileError("write", path, errno: errno) }
      written += count
    }
  }

  /// Returns the size in bytes.
  package func seekToEnd() throws -> Int {
    let end = lseek(descriptor, 0, Int32(SEEK_END))
    if end < 0 { throw FileError("open", path, errno: errno) }
    return Int(end)
  }

  /// Truncates it to `length` bytes; the next write goes there.
  package func truncate(to length: Int) throws {
    guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, Int32(SEEK_END)) >= 0 else {
      throw FileError("write", path, errno: errno)
    }
  }

  /// Blocks until the data is on the disk (fsync).
  package func sync() throws { if fsync(descriptor) != 0 { throw FileError("write", path, errno: errno) } }

  /// Reports the errors of ``close()`` while the file stays open: some file systems write when a descriptor is closed.
  package func checkWrites() throws {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    if copy < 0 || systemClose(copy) != 0 { throw FileError("write", path, errno: errno) }
  }

  /// Close may report an earlier failed write.
  package func close() throws {
    guard descriptor >= 0 else { return }
    let closed = systemClose(descriptor)
    descriptor = -1
    if closed != 0 { throw FileError("write", path, errno: errno) }
  }

  /// Takes a lock, until the file is closed.
  /// - Returns: false if another holder has the lock.
  func takeLock(_ kind: LockKind) throws -> Bool {
    while flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno == EINTR { continue }
      if kind == .exclusiveIfPossible { return true }
      throw FileError("lock", path, errno: errno)
    }
    return true
  }

  /// Releases the lock, for copies of the descriptor as well.
  func releaseLock() { _ = flock(descriptor, LOCK_UN) }

  /// Whether the file is still the one at its path: neither renamed nor removed since it was opened.
  var isAtItsPath: Bool {
    var (ours, theirs) = (stat(), stat())
    return fstat(descriptor, &ours) == 0 && path.withCString({ stat($0, &theirs) }) == 0 && ours.st_ino == theirs.st_ino
      && ours.st_dev == theirs.st_dev
  }

  // MARK: - By path

  /// The size of a file in bytes; nil if it does not exist.
  package static func length(of path: some SystemBytes) throws -> Int? {
    guard let status = try status(of: path) else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError("open", path, reason: "it is no file") }
    return Int(status.st_size)
  }

  /// The permissions of a file; nil if it does not exist.
  package static func permissions(of path: some SystemBytes) throws -> UInt32? {
    try status(of: path).map { UInt32($0.st_mode & 0o777) }
  }

  /// Whether the path is neither a file nor a directory, such as `/dev/null` or a named pipe: it is written in place,
  /// never replaced.
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

// Methods of this type shadow these names.
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func systemRename(_ path: UnsafePointer<CChar>, _ newPath: UnsafePointer<CChar>) -> Int32 {
  rename(path, newPath)
}

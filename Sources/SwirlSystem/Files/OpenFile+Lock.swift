import SwirlPlatform

extension OpenFile {
  /// Whom a lock excludes.
  enum LockKind {
    case shared
    case exclusive
    /// On a file system without locks it always succeeds.
    case exclusiveIfPossible
  }

  /// Opens or creates a file under an exclusive lock, which one `OpenFile` of all processes holds until it is closed.
  ///
  /// Retries for a second, because the holder may be about to close it.
  /// - Parameter permissions: those of the file that it will replace; nil for the default ones.
  package static func locked(_ path: some SystemBytes, permissions: UInt32?) throws -> OpenFile {
    for _ in 1...100 {
      if let file = try withLock(.exclusiveIfPossible, path, permissions: permissions) { return file }
      usleep(10_000)
    }
    throw FileError("open", path, reason: "another download or program is writing to it; wait for that, or stop it")
  }

  /// Opens or creates a file under a lock, until it is closed; nil if another holder has the lock.
  static func withLock(_ kind: LockKind, _ path: some SystemBytes, permissions: UInt32?) throws -> OpenFile? {
    while true {
      let file = try OpenFile(path, .update(permissions: permissions))
      if try !file.takeLock(kind) { return nil }
      // The file was renamed or removed before the lock was taken: the path now has another file, or no file.
      if file.isAtItsPath { return file }
    }
  }
}

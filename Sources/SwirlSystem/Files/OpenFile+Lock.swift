import SwirlPlatform

extension OpenFile {
  /// Opens or creates a file under an exclusive lock, which one `OpenFile` of all processes holds until it is closed.
  ///
  /// Retries for a second, because the holder may be about to close it.
  /// - Parameter permissions: those of the file that it will replace; nil for the default ones.
  package static func locked(_ path: some SystemBytes, permissions: UInt32?) throws -> OpenFile {
    for _ in 1...100 {
      let file = try OpenFile(path, .update(permissions: permissions))
      if !file.lock() { usleep(10_000) } else if file.isAtItsPath { return file }
      // The file was renamed or removed before the lock was taken: the path now has another file, or no file.
    }
    throw FileError("open", path, reason: "another download or program is writing to it; wait for that, or stop it")
  }
}

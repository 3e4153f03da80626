import SwirlPlatform

extension OpenFile {
  /// Opens or makes a file that one `OpenFile` of all processes has at a time, until it is closed.
  ///
  /// Waits a second for another, which may just be closing it.
  package static func locked(_ path: some SystemBytes) throws -> OpenFile {
    for _ in 1...100 {
      let file = try OpenFile(path, .update)
      if !file.lock() { usleep(10_000) } else if file.isAtItsPath { return file }
      // It was renamed or removed before the lock: there is another by now, or none.
    }
    throw FileError("open", path, reason: "another download or program is writing to it; wait for that, or stop it")
  }
}

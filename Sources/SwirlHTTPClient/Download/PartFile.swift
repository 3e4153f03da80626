import SwirlDeferred
import SwirlReactor
import SwirlSystem
import SwirlHTTPCore

/// A file being written, under a temporary name until it is complete: `path.part`, with its origin in
/// `path.origin.part`.
///
/// Unchecked: one thread at a time uses it, because the next piece is written after the previous one.
final class PartFile: @unchecked Sendable {
  let path: String
  private let partPath: SystemPath
  private let originPath: SystemPath
  private var file: OpenFile?
  /// False for a path that is not a regular file, such as `/dev/null`: it is written in place, without a part to
  /// resume.
  private var isBeside = true

  /// The part of an earlier download.
  struct Rest: Sendable {
    let length: Int
    let origin: PartOrigin
  }

  init(_ path: String) {
    self.path = path
    partPath = SystemPath(path).partial
    originPath = SystemPath(path + ".origin").partial
  }

  /// Runs `work` with it on a thread.
  func perform(on reactor: Reactor, _ work: @escaping @Sendable (PartFile) throws -> Void) -> Deferred<Void> {
    reactor.deferToThread(in: reactor.fileThreads.pool(isDevice: !isBeside), name: "write \(path)") { try work(self) }
  }

  deinit { leave() }

  /// Opens it, and removes nothing.
  /// - Returns: what can be resumed.
  func open() throws -> Rest? {
    isBeside = try !OpenFile.isSpecial(path)
    if !isBeside {
      file = try OpenFile(path, .write)
      return nil
    }
    // Opening a named pipe would block until it has a reader.
    for beside in [partPath, originPath] where try OpenFile.isSpecial(beside) {
      throw FileError("open", beside, reason: "it is no file; remove it, or choose another name")
    }
    // A file that is replaced keeps its permissions, and its part has them already.
    let file = try OpenFile.locked(partPath, permissions: OpenFile.permissions(of: path))
    self.file = file
    let length = try file.seekToEnd()
    guard length > 0, let bytes = try? OpenFile(originPath, .read).readAll(limit: 1 << 16),
      let origin = PartOrigin(bytes: bytes)
    else { return nil }
    return Rest(length: length, origin: origin)
  }

  /// Truncates it to `length` bytes; later bytes go after them.
  /// - Parameter origin: the new origin of the part; nil keeps the old one, or no origin for a length of zero.
  func begin(at length: Int, _ origin: PartOrigin?) throws {
    guard isBeside else { return }
    // In this order: if the process is killed at any time, the part matches its origin or has no origin.
    if length == 0 || origin != nil { try forgetOrigin() }
    try file?.truncate(to: length)
    if let origin {
      let file = try OpenFile(originPath, .write)
      try file.write(origin.bytes)
      try file.close()
    }
  }

  func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  /// Deletes the origin, so that no later download resumes the part.
  func forgetOrigin() throws {
    if isBeside, try OpenFile.length(of: originPath) != nil { try OpenFile.remove(originPath) }
  }

  /// The file is complete with this length: renames it to its final name.
  func finish(_ length: Int) throws {
    guard let file else { return }
    // Closing the descriptor releases the lock, so close it after the rename.
    try file.checkWrites()
    if isBeside {
      guard try file.seekToEnd() == length else {
        throw FileError("write", partPath, reason: "another program has changed it meanwhile")
      }
      try OpenFile.rename(partPath, to: path)
      try? forgetOrigin()
    }
    self.file = nil
    try file.close()
  }

  /// Leaves it to a later download, if it is not empty.
  func leave() {
    guard let file else { return }
    if isBeside, (try? file.seekToEnd()) == 0 {
      try? OpenFile.remove(partPath)
      try? forgetOrigin()
    }
    self.file = nil
    try? file.close()
  }
}

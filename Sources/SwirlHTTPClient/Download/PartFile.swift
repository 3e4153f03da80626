import SwirlDeferred
import SwirlReactor
import SwirlSystem
import SwirlHTTPCore

/// A file that is being written, under a name of its own until it is whole: `path.part`, and beside it `path.origin.part`, which says
/// what it is a part of.
///
/// Unchecked: it is used by one thread at a time, since the next piece is written when the one before has been.
final class PartFile: @unchecked Sendable {
  let path: String
  private let partPath: SystemPath
  private let originPath: SystemPath
  private var file: OpenFile?
  /// What is no file, such as `/dev/null`, is written to itself, and has nothing to resume.
  private var isBeside = true

  /// What an earlier download left.
  struct Rest: Sendable {
    let length: Int
    let origin: PartOrigin
  }

  init(_ path: String) {
    self.path = path
    partPath = SystemPath(path).partial
    originPath = SystemPath(path + ".origin").partial
  }

  /// Does `work` with it on a thread.
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
    // To open a named pipe would wait for its reader.
    for beside in [partPath, originPath] where try OpenFile.isSpecial(beside) {
      throw FileError("open", beside, reason: "it is no file; remove it, or choose another name")
    }
    let file = try OpenFile.locked(partPath)
    self.file = file
    let length = try file.seekToEnd()
    guard length > 0, let bytes = try? OpenFile(originPath, .read).readAll(limit: 1 << 16),
      let origin = PartOrigin(bytes: bytes)
    else { return nil }
    return Rest(length: length, origin: origin)
  }

  /// Keeps the first `length` bytes; what comes is written after them.
  /// - Parameter origin: what the file is a part of from now on; nil for what it was a part of before, and when nothing is kept for none.
  func begin(at length: Int, _ origin: PartOrigin?) throws {
    guard isBeside else { return }
    // In this order: whenever the process is killed, the part belongs to its origin or has none.
    if length == 0 || origin != nil { try forgetOrigin() }
    try file?.truncate(to: length)
    if let origin {
      let file = try OpenFile(originPath, .write)
      try file.write(origin.bytes)
      try file.close()
    }
  }

  func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  /// A later download will not resume it.
  func forgetOrigin() throws {
    if isBeside, try OpenFile.length(of: originPath) != nil { try OpenFile.remove(originPath) }
  }

  /// It is whole, and has so many bytes: it takes its name.
  func finish(_ length: Int) throws {
    guard let file else { return }
    // The lock ends with the descriptor, so the file is closed after it has been renamed.
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

  /// Leaves it to a later download, if there is anything in it.
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

/// A file that is written beside the one whose place it will take: who reads that meanwhile sees the old or the new content, and never a
/// part.
///
/// Unchecked, as ``OpenFile`` is.
final class NewFile: @unchecked Sendable {
  private let path: String
  private var temporary: OpenFile?

  /// In the same directory, because a file cannot be renamed into another file system; never one that is there already.
  init(_ path: String) throws {
    self.path = path
    let permissions = try OpenFile.permissions(of: path) ?? 0o666
    let name = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).part"
    do { temporary = try OpenFile(name, .create(permissions: permissions)) } catch let error as FileError {
      throw FileError("open", path, errno: error.errno, reason: error.reason)
    }
  }

  deinit { drop() }

  func write(_ bytes: [UInt8]) throws { try temporary?.write(bytes) }

  /// It has the name from now on.
  func finish() throws {
    guard let file = temporary else { return }
    do {
      // On the disk before it has the name: after a power failure there would be an empty file otherwise.
      try file.sync()
      try file.close()
      try OpenFile.rename(file.path, to: path)
      temporary = nil
    } catch {
      drop()
      throw error
    }
  }

  /// Leaves the old file as it is.
  func drop() {
    guard let file = temporary.take() else { return }
    try? OpenFile.remove(file.path)
  }
}

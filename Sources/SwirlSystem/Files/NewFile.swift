/// A file that is written beside the one whose place it will take: who reads that meanwhile sees the old or the new content, and never a
/// part. What is no file, such as `/dev/null`, is written to itself.
///
/// Unchecked, as ``OpenFile`` is.
final class NewFile: @unchecked Sendable {
  private let path: SystemPath
  /// Nil when it is finished or dropped.
  private var file: OpenFile?
  private let isBeside: Bool

  /// Whether it is no file, so that writing may take for ever.
  var isDevice: Bool { !isBeside }

  /// In the same directory, because a file cannot be renamed into another file system; never one that is there already.
  init(_ path: SystemPath) throws {
    self.path = path
    isBeside = try !OpenFile.isSpecial(path)
    guard isBeside else {
      file = try OpenFile(path, .write)
      return
    }
    let permissions = try OpenFile.permissions(of: path)
    let name = path.beside(".swirl-\(String(UInt64.random(in: 0 ... .max), radix: 36)).part")
    do { file = try OpenFile(name, .create(permissions: permissions)) } catch let error as FileError {
      throw FileError("open", path, errno: error.errno, reason: error.reason)
    }
  }

  deinit { drop() }

  func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  /// It has the name from now on.
  func finish() throws {
    guard let file else { return }
    do {
      // On the disk before it has the name: after a power failure there would be an empty file otherwise.
      if isBeside { try file.sync() }
      try file.close()
      if isBeside { try OpenFile.rename(file.path, to: path) }
      self.file = nil
    } catch {
      drop()
      throw error
    }
  }

  /// Leaves the old file as it is.
  func drop() {
    guard let file = file.take(), isBeside else { return }
    try? OpenFile.remove(file.path)
  }
}

/// Writes a temporary file and renames it over the target, so that a concurrent reader sees the old or the new content,
/// never a part. A target that is not a regular file, such as `/dev/null`, is written in place.
///
/// Unchecked is safe: one thread at a time uses it, as it uses its ``OpenFile``.
package final class NewFile: @unchecked Sendable {
  private let path: SystemPath
  /// Nil once finished or dropped.
  private var file: OpenFile?
  private let isBeside: Bool

  /// Whether the target is not a regular file, so that writing may block for ever.
  var isDevice: Bool { !isBeside }

  /// In the same directory, because rename does not cross file systems. The name is new: it never opens an existing
  /// file.
  /// - Parameter permissions: nil for those of the file that it replaces, or the default ones.
  package init(_ path: SystemPath, permissions: UInt32? = nil) throws {
    self.path = path
    isBeside = try !OpenFile.isSpecial(path)
    guard isBeside else {
      file = try OpenFile(path, .write)
      return
    }
    let permissions = try permissions ?? OpenFile.permissions(of: path)
    let name = path.beside(".swirl-\(String(UInt64.random(in: 0 ... .max), radix: 36)).part")
    do { file = try OpenFile(name, .create(permissions: permissions)) } catch let error as FileError {
      throw FileError("open", path, errno: error.errno, reason: error.reason)
    }
  }

  deinit { drop() }

  package func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  /// Renames the file to its target.
  package func finish() throws {
    guard let file else { return }
    do {
      // Syncs before the rename: otherwise a power failure could leave an empty file.
      if isBeside { try file.sync() }
      try file.close()
      if isBeside { try OpenFile.rename(file.path, to: path) }
      self.file = nil
    } catch {
      drop()
      throw error
    }
  }

  /// Deletes the temporary file; the old file stays as it is.
  func drop() {
    guard let file = file.take(), isBeside else { return }
    try? OpenFile.remove(file.path)
  }
}

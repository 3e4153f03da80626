public import SwirlDeferred
public import SwirlReactor

/// The files of the disk, read and written on threads of their own, so that the loop never waits for the disk.
///
/// ```swift
/// reactor.files.readText("notes.txt").addCallback { text in print(text) }
/// reactor.files.write("done\n", to: "result.txt")
/// ```
///
/// Every failure is a ``FileError``, which names the path, the operation and the reason. Cancelling drops the result:
/// an operation that no thread has started never runs; one that has started runs to its end. A stopping reactor waits
/// for writes, not for reads: see `Reactor.threadCallTimeLimit`. A path is a `String`, or bytes if it is not UTF-8: see
/// ``SystemBytes``. Named pipes, terminals and other devices may block for ever. They have 64 threads of their own, so
/// that they do not delay files. Node: `fs.promises`; Twisted: `deferToThread` and `FilePath`.
public struct Files {
  let reactor: Reactor

  // MARK: - Reading

  /// All bytes of a file.
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: the maximum number of bytes. A larger file is an error, and its rest is not read.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func read(
    _ path: some SystemBytes, limit: Int = 256 * 1024 * 1024, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<[UInt8]> {
    let path = SystemPath(path)
    return reactor.withFiles(path, purpose: .reading, at: CallSite(file: file, line: line)) {
      try OpenFile(path, .read).readAll(limit: limit)
    }
  }

  /// A whole file as text. A file that is not UTF-8 is an error.
  public func readText(
    _ path: some SystemBytes, limit: Int = 256 * 1024 * 1024, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<String> {
    let path = SystemPath(path)
    return reactor.withFiles(path, purpose: .reading, at: CallSite(file: file, line: line)) {
      guard let text = String(validating: try OpenFile(path, .read).readAll(limit: limit), as: UTF8.self) else {
        throw FileError("read", path, reason: "it is no text in UTF-8")
      }
      return text
    }
  }

  /// The size of a file in bytes; nil if it does not exist.
  public func size(of path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Int?> {
    reactor.deferToThread(in: reactor.fileThreads.files, mayBeAbandoned: true, file: file, line: line) {
      try OpenFile.length(of: path)
    }
  }

  /// Whether a file, a directory or anything else exists at `path`.
  public func exists(_ path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Bool> {
    reactor.deferToThread(in: reactor.fileThreads.files, mayBeAbandoned: true, file: file, line: line) {
      try OpenFile.permissions(of: path) != nil
    }
  }

  // MARK: - Writing

  /// Writes a whole file and replaces an existing one.
  ///
  /// - Parameters:
  ///   - bytes: the whole content.
  ///   - path: the file.
  ///   - atomically: whether to write a temporary file, sync it to the disk, and rename it over the old one. A
  ///     concurrent reader sees the old content or the new, and a failure leaves the old file. The rename replaces a
  ///     symbolic link too. A path that is not a regular file, such as `/dev/null`, is written in place.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @discardableResult
  public func write(
    _ bytes: [UInt8], to path: some SystemBytes, atomically: Bool = true, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Void> {
    let path = SystemPath(path)
    return reactor.withFiles(path, purpose: .writing, at: CallSite(file: file, line: line)) {
      if atomically {
        let file = try NewFile(path)
        try file.write(bytes)
        try file.finish()
      } else {
        let file = try OpenFile(path, .write)
        try file.write(bytes)
        try file.close()
      }
    }
  }

  /// Writes a text in UTF-8.
  @discardableResult
  public func write(
    _ text: String, to path: some SystemBytes, atomically: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> { write(Array(text.utf8), to: path, atomically: atomically, file: file, line: line) }

  /// Appends to a file, and creates it if it does not exist. Concurrent appends all arrive, in some order.
  @discardableResult
  public func append(
    _ bytes: [UInt8], to path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    let path = SystemPath(path)
    return reactor.withFiles(path, purpose: .writing, at: CallSite(file: file, line: line)) {
      let file = try OpenFile(path, .append)
      try file.write(bytes)
      try file.close()
    }
  }

  /// Adds a text in UTF-8.
  @discardableResult
  public func append(
    _ text: String, to path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> { append(Array(text.utf8), to: path, file: file, line: line) }

  /// Copies a file over another, which has the old or the new content at any time; gives the number of bytes.
  @discardableResult
  public func copy(
    _ path: some SystemBytes, to newPath: some SystemBytes, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Int> {
    let (path, newPath) = (SystemPath(path), SystemPath(newPath))
    return reactor.withFiles(path, newPath, purpose: .writing, at: CallSite(file: file, line: line)) {
      let source = try OpenFile(path, .read)
      let copy = try NewFile(newPath)
      var count = 0
      while let piece = try source.read() {
        try copy.write(piece)
        count += piece.count
      }
      try copy.finish()
      return count
    }
  }

  /// Removes a file. If it does not exist the error has the `errno` `ENOENT`.
  @discardableResult
  public func remove(_ path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    let path = SystemPath(path)
    return reactor.deferToThread(in: reactor.fileThreads.files, name: "remove \(path)", file: file, line: line) {
      try OpenFile.remove(path)
    }
  }
}

extension Reactor {
  /// The files of the disk, without blocking the loop.
  public var files: Files { Files(reactor: self) }
}

@available(*, unavailable, message: "It belongs to the thread of its reactor")
extension Files: Sendable {}

public import SwirlDeferred
public import SwirlReactor

/// The files of the disk, read and written on threads of their own, so that the loop never waits for the disk.
///
/// ```swift
/// reactor.files.readText("notes.txt").addCallback { text in print(text) }
/// reactor.files.write("done\n", to: "result.txt")
/// ```
///
/// Every failure is a ``FileError``, which names the path, what was tried and why it failed. Cancelling drops the result: what no thread
/// has begun is never done, what one has begun it does to its end. A reactor that stops waits for what is written, not for what is read:
/// see `Reactor.threadCallTimeLimit`. A path is a `String`, or bytes where it is no UTF-8: see ``SystemBytes``. Named pipes, terminals
/// and other devices may take for ever, and have threads of their own: up to 64 do not hold up any file.
/// Node: `fs.promises`; Twisted: `deferToThread` and `FilePath`.
public struct Files {
  let reactor: Reactor

  // MARK: - Reading

  /// All bytes of a file.
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: the most bytes; a larger file is an error, and is not read further.
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

  /// All of a file as text, in UTF-8; a file that is none is an error.
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

  /// How many bytes a file has; nil when there is none.
  public func size(of path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Int?> {
    reactor.deferToThread(in: reactor.fileThreads.files, mayBeAbandoned: true, file: file, line: line) {
      try OpenFile.length(of: path)
    }
  }

  /// Whether there is a file, a directory or whatever else at `path`.
  public func exists(_ path: some SystemBytes, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Bool> {
    reactor.deferToThread(in: reactor.fileThreads.files, mayBeAbandoned: true, file: file, line: line) {
      try OpenFile.permissions(of: path) != nil
    }
  }

  // MARK: - Writing

  /// Writes a file whole, in the place of one that is there.
  ///
  /// - Parameters:
  ///   - bytes: all that it will have.
  ///   - path: the file.
  ///   - atomically: whether it is written beside the old one, and takes its place when it is whole and on the disk: who reads it
  ///     meanwhile sees one or the other, and when it fails the old one is still there. A symbolic link gives way to
  ///     the file as well; what is no file, such as `/dev/null`, is written to itself.
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

  /// Adds to the end of a file, which is made when it is not there. What several add at once is all there, in some order.
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

  /// Copies a file in the place of another, which has the old or the new content at any time; gives how many bytes it has.
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

  /// Removes a file. One that is not there is an error: its `errno` is `ENOENT`.
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

import SwirlDeferred
public import SwirlReactor

#if os(Linux)
extension Reactor {
  /// Calls `body` with each change of a file, or of a directory's entries (inotify).
  ///
  /// ```swift
  /// let watcher = try reactor.watchFiles("config.json") { change in print(change) }
  /// ```
  ///
  /// A file is watched by its name: one that is saved by renaming another over it is reported as `.movedIn`, and it
  /// need not exist yet. Of a symbolic link to a file the link is watched, not that file. Of a directory the entries
  /// are reported, and with `recursively` all below it; links are not followed there. What is made in a new directory
  /// before that is watched is found by reading that, once.
  /// Both halves of a move are one change, if both are watched. After ``FileChange/Kind/overflow`` read all anew.
  /// A program's own changes are reported, too, and those that other hosts make on a network file system are not.
  /// Twisted: `inotify.INotify`; Python: watchdog; Node: `fs.watch`.
  ///
  /// - Parameters:
  ///   - path: a file or a directory.
  ///   - recursively: whether directories below it count, too. Each takes one of the user's watches
  ///     (`fs.inotify.max_user_watches`). They are read on the reactor's thread at the start.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - body: called on the reactor's thread with each change, in their order.
  /// - Returns: the watcher, which the reactor retains until it is stopped.
  /// - Throws: ``FileError``, if the directory does not exist or cannot be watched; a limit of the system is named.
  @discardableResult
  public func watchFiles(
    _ path: some SystemBytes, recursively: Bool = false, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (_ change: FileChange) -> Void
  ) throws(FileError) -> FileWatcher {
    try FileWatcher(
      SystemPath(path), recursively: recursively, on: self, at: CallSite(file: file, line: line), body)
  }

  /// The changes of a file, or of a directory's entries, for async code: see above.
  ///
  /// ```swift
  /// for try await change in try reactor.fileChanges("inbox") { … }
  /// ```
  ///
  /// It buffers 4,096 changes; then the kernel does, up to `fs.inotify.max_queued_events`, and reports an overflow.
  /// Leaving the loop stops the watcher; the loop ends when what is watched does not exist any more.
  /// - Throws: ``FileError``, if the directory does not exist or cannot be watched.
  public func fileChanges(
    _ path: some SystemBytes, recursively: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) throws(FileError) -> ReactorStream<FileChange> {
    let buffer = StreamBuffer<FileChange>(on: remote, high: 4096, low: 1024) { _ in 1 }
    let watcher = try FileWatcher(
      SystemPath(path), recursively: recursively, on: self, at: CallSite(file: file, line: line)
    ) { buffer.put($0) }
    watcher.setOnStop { buffer.finish() }
    buffer.setSource(
      .init(
        pause: { [weak watcher] in watcher?.pause() }, resume: { [weak watcher] in watcher?.resume() },
        stop: { [weak watcher] in watcher?.stop() }))
    return ReactorStream(buffer)
  }
}
#endif

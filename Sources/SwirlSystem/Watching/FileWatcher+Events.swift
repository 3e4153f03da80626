#if os(Linux)
/// The first half of a move.
struct PendingMove {
  let cookie: UInt32
  let path: SystemPath
  let isDirectory: Bool
}

extension FileWatcher {
  func handle(_ event: InotifyEvent) {
    if event.has(Inotify.overflow) { return overflowed() }
    // An event of a directory that moved away comes behind both halves of the move: there is no second one.
    if !moves.isEmpty, let directory = table[event.watch] { settleMoves(at: directory.path) }
    guard let directory = table[event.watch] else { return }
    if event.has(Inotify.ignored | Inotify.unmounted) { return ended(event, directory.path) }
    if event.name.isEmpty { return changed(itself: event, directory.path) }
    let path = directory.path.child(event.name)
    if event.has(Inotify.movedTo) { return movedTo(event, path) }
    // What has the name of a file that moved away is another one.
    settleMoves(at: path)
    if let onlyName, event.name != onlyName { return }
    let isFound = event.has(Inotify.created) && table.takeFound(event.name, of: event.watch)
    if event.has(Inotify.created), !isFound {
      report(FileChange(.created, name(path), isDirectory: event.isDirectory))
      if event.isDirectory { cameUp(path) }
    }
    if event.has(Inotify.modified) { report(FileChange(.modified, name(path))) }
    if event.has(Inotify.written) { report(FileChange(.written, name(path))) }
    if event.has(Inotify.attributes) {
      report(FileChange(.attributes, name(path), isDirectory: event.isDirectory))
    }
    if event.has(Inotify.removed) {
      _ = table.takeFound(event.name, of: event.watch)
      report(FileChange(.removed, name(path), isDirectory: event.isDirectory))
    }
    if event.has(Inotify.movedFrom) {
      _ = table.takeFound(event.name, of: event.watch)
      moves.append(PendingMove(cookie: event.cookie, path: path, isDirectory: event.isDirectory))
    }
  }

  /// The path to report: that of a single file is the one that was asked for.
  private func name(_ path: SystemPath) -> [UInt8] { onlyName == nil ? path.systemBytes : self.path.systemBytes }

  // MARK: - Moves

  private func movedTo(_ event: InotifyEvent, _ path: SystemPath) {
    let index = moves.firstIndex { $0.cookie == event.cookie }
    let move = index.map { moves.remove(at: $0) }
    settleMoves(at: path)
    // It may have been found when its directory was new.
    let isFound = table.takeFound(event.name, of: event.watch)
    if let onlyName {
      if event.name == onlyName { report(FileChange(.movedIn, self.path.systemBytes)) }
      if let move, move.path.lastName == onlyName { report(FileChange(.movedOut, self.path.systemBytes)) }
      return
    }
    guard let move else {
      if isFound { return }
      report(FileChange(.movedIn, path.systemBytes, isDirectory: event.isDirectory))
      if event.isDirectory { cameUp(path) }
      return
    }
    if event.isDirectory {
      // One that it replaces was empty.
      removeWatches(at: path)
      table.move(move.path, to: path)
      moves = moves.map { other in
        guard other.path.isBelow(move.path) else { return other }
        let rest = other.path.systemBytes.dropFirst(move.path.systemBytes.count)
        return PendingMove(
          cookie: other.cookie, path: SystemPath(path.systemBytes + rest), isDirectory: other.isDirectory)
      }
    }
    report(FileChange(.moved, path.systemBytes, from: move.path.systemBytes, isDirectory: event.isDirectory))
    // Its directory was not watched yet when it was made.
    if event.isDirectory, isRecursive, table.watches(at: path).isEmpty { cameUp(path) }
  }

  /// Reports moves away from this path, whose second half has not come.
  private func settleMoves(at path: SystemPath) {
    guard !moves.isEmpty else { return }
    let settled = moves.filter { path == $0.path || path.isBelow($0.path) }
    moves.removeAll { path == $0.path || path.isBelow($0.path) }
    for move in settled { movedOut(move) }
  }

  func movedOut(_ move: PendingMove) {
    if move.isDirectory { removeWatches(at: move.path) }
    if let onlyName, move.path.lastName != onlyName { return }
    report(FileChange(.movedOut, name(move.path), isDirectory: move.isDirectory))
  }

  // MARK: - Directories

  /// A directory is new here: watches it, and reports what is in it already, as deep as that goes.
  private func cameUp(_ path: SystemPath) {
    // The callback may have stopped it.
    guard isRecursive, !isStopped, let watch = addWatch(path) else { return }
    for entry in DirectoryEntries.of(path) {
      // A callback may have stopped it.
      guard !isStopped else { return }
      let child = path.child(entry.name)
      table.addFound(entry.name, to: watch)
      report(FileChange(.created, child.systemBytes, isDirectory: entry.isDirectory, wasFound: true))
      if entry.isDirectory {
        cameUp(child)
      } else {
        report(FileChange(.written, child.systemBytes, wasFound: true))
      }
    }
  }

  /// A watched directory itself was removed or moved. Of those below the first one the directory above reports that.
  private func changed(itself event: InotifyEvent, _ path: SystemPath) {
    guard event.watch == root else { return }
    if event.has(Inotify.attributes), onlyName == nil {
      report(FileChange(.attributes, path.systemBytes, isDirectory: true))
    }
    if event.has(Inotify.selfMoved) {
      // Under its new path, which the kernel does not say, the changes would have the old one.
      report(FileChange(.movedOut, self.path.systemBytes, isDirectory: onlyName == nil))
      return unwatched()
    }
    if event.has(Inotify.selfRemoved) {
      report(FileChange(.removed, self.path.systemBytes, isDirectory: onlyName == nil))
      unwatched()
    }
  }

  private func ended(_ event: InotifyEvent, _ path: SystemPath) {
    if event.watch == root { return unwatched() }
    table.remove(event.watch)
    if event.has(Inotify.unmounted) { report(FileChange(.unwatched, path.systemBytes, isDirectory: true)) }
  }

  /// What was asked for does not exist any more.
  private func unwatched() {
    report(FileChange(.unwatched, path.systemBytes, isDirectory: onlyName == nil))
    stop()
  }

  /// The kernel has dropped events. Among them may be new directories.
  private func overflowed() {
    let moves = moves
    self.moves = []
    for move in moves { movedOut(move) }
    guard !isStopped else { return }
    report(FileChange(.overflow, path.systemBytes, isDirectory: onlyName == nil))
    guard isRecursive, !isStopped else { return }
    var left = [path]
    var found: Set<Int32> = [root]
    while let directory = left.popLast() {
      for entry in DirectoryEntries.of(directory) where entry.isDirectory {
        let child = directory.child(entry.name)
        guard !isStopped, let watch = addWatch(child) else { continue }
        // The paths of those that moved meanwhile.
        if table[watch]?.path != child { table.insert(watch, child) }
        if found.insert(watch).inserted { left.append(child) }
      }
    }
    // Those that moved to a place that is not watched.
    guard !isStopped else { return }
    for watch in table.directories.keys where !found.contains(watch) { removeWatch(watch) }
  }
}
#endif

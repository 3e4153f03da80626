import CSwirlSystem
import SwirlDeferred
import SwirlNet
import SwirlPlatform
public import SwirlReactor

#if os(Linux)
/// Reports changes of a file or a directory: see `Reactor.watchFiles`.
///
/// The reactor retains it until ``stop()``, or until what it watches does not exist any more. Use it on the reactor's
/// thread alone; callbacks run there.
public final class FileWatcher: ReactorHandle {
  /// What was asked for.
  let path: SystemPath
  /// The name of the only file that counts, in its directory; nil for a directory.
  let onlyName: [UInt8]?
  let isRecursive: Bool
  private var descriptor: Int32
  private var event: FileEvent?
  private var onChange: (FileChange) -> Void
  private var onStop: () -> Void = {}
  var table = WatchTable()
  var moves: [PendingMove] = []
  private var moveTimer: DelayedCall?
  private var isPaused = false
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .fileWatcher }
  package var handlePeer: String? { path.description }
  // The reactor retains this, and abandons it when it is released.
  unowned let reactor: Reactor

  /// How long the first half of a move waits for the second, which another program's event may separate from it.
  static let moveLimit = Duration.milliseconds(20)

  init(
    _ path: SystemPath, recursively isRecursive: Bool, on reactor: Reactor, at site: CallSite,
    _ onChange: @escaping (FileChange) -> Void
  ) throws(FileError) {
    if path.hasZeroByte { throw FileError("watch", path, reason: "the path has a zero byte in it") }
    self.reactor = reactor
    self.onChange = onChange
    self.path = path
    // A file is watched by its directory: a program that saves it may replace it, which ends a watch on the file.
    let isDirectory = Self.isDirectory(path)
    onlyName = isDirectory ? nil : path.lastName
    self.isRecursive = isRecursive && isDirectory
    let directory = isDirectory ? path : path.parent
    let opened = swirl_inotify_init()
    guard opened >= 0 else { throw Inotify.error(errno, path) }
    let watch = Inotify.watch(opened, directory, followsLink: true)
    guard watch >= 0 else {
      let error = Inotify.error(errno, directory)
      // There is no deinit before all properties have their values.
      Descriptor.close(opened)
      throw error
    }
    descriptor = opened
    table.insert(watch, directory)
    root = watch
    if self.isRecursive { try watchBelow(directory) }
    let event = reactor.fileEvent(descriptor, .read) { [unowned self] in readReady() }
    self.event = event
    guard event.enable() else { throw Inotify.error(errno, path) }
    reactor.insertHandle(self, at: site)
  }

  /// The watch of the directory that was asked for, or that has the file.
  let root: Int32

  deinit { closeDescriptor() }

  /// Stops to watch. Changes that have not been reported are dropped.
  public func stop() {
    guard descriptor >= 0 else { return }
    closeDescriptor()
    reactor.handles.remove(self)
    let onStop = onStop
    letGo()
    onStop()
  }

  /// Whether it does not watch any more.
  public var isStopped: Bool { descriptor < 0 }

  package func abandon() {
    closeDescriptor()
    let onStop = onStop
    letGo()
    onStop()
  }

  private func letGo() {
    // They may retain this.
    onChange = { _ in }
    onStop = {}
  }

  private func closeDescriptor() {
    moveTimer?.cancel()
    moveTimer = nil
    event?.close()
    event = nil
    guard descriptor >= 0 else { return }
    Descriptor.close(descriptor)
    descriptor = -1
  }

  // MARK: - Back-pressure

  func setOnStop(_ onStop: @escaping () -> Void) { self.onStop = onStop }

  func pause() {
    isPaused = true
    event?.disable()
  }

  func resume() {
    isPaused = false
    event?.enable()
  }

  // MARK: - Reading

  /// The number of reads before other callbacks get their turn.
  private static let readsPerTurn = 4

  private func readReady() {
    let scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    for _ in 0..<Self.readsPerTurn {
      guard descriptor >= 0, !isPaused else { return }
      guard let events = Inotify.read(descriptor, scratch.base) else {
        table.clearFound()
        return holdMoves()
      }
      for event in events {
        guard descriptor >= 0 else { return }
        handle(event)
      }
    }
  }

  func report(_ change: FileChange) {
    guard descriptor >= 0 else { return }
    onChange(change)
  }

  /// What moved away and did not come back is reported after a while.
  private func holdMoves() {
    guard descriptor >= 0, !moves.isEmpty, moveTimer == nil else { return }
    moveTimer = reactor.callLater(Self.moveLimit) { [unowned self] in
      moveTimer = nil
      let moves = moves
      self.moves = []
      for move in moves { movedOut(move) }
    }
  }

  // MARK: - Watches

  /// Watches a directory that is new here; nil if that is impossible.
  func addWatch(_ path: SystemPath) -> Int32? {
    let watch = Inotify.watch(descriptor, path, followsLink: false)
    if watch >= 0 {
      if table[watch] == nil { table.insert(watch, path) }
      return watch
    }
    // It was removed or replaced meanwhile, which its directory reports.
    if errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return nil }
    let error = Inotify.error(errno, path)
    reactor.warn("\(error)")
    report(FileChange(.unwatched, path.systemBytes, isDirectory: true))
    return nil
  }

  func removeWatches(at path: SystemPath) {
    for watch in table.watches(at: path) { removeWatch(watch) }
  }

  func removeWatch(_ watch: Int32) {
    table.remove(watch)
    _ = swirl_inotify_remove(descriptor, watch)
  }

  /// Watches all directories below one, at the start.
  private func watchBelow(_ path: SystemPath) throws(FileError) {
    var left = [path]
    while let directory = left.popLast() {
      for entry in DirectoryEntries.of(directory) where entry.isDirectory {
        let child = directory.child(entry.name)
        let watch = Inotify.watch(descriptor, child, followsLink: false)
        if watch >= 0 {
          table.insert(watch, child)
          left.append(child)
        } else if errno == ENOSPC {
          throw Inotify.error(errno, child)
        } else if errno == EACCES {
          reactor.warn("\(Inotify.error(errno, child))")
        }
      }
    }
  }

  private static func isDirectory(_ path: SystemPath) -> Bool {
    var status = stat()
    return path.withCString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

@available(*, unavailable, message: "A watcher belongs to the thread of its reactor")
extension FileWatcher: Sendable {}

extension SystemPath {
  /// The last part of the path.
  var lastName: [UInt8] { Array(systemBytes.split(separator: UInt8(ascii: "/")).last ?? []) }

  /// The directory that has it.
  var parent: SystemPath {
    let slash = UInt8(ascii: "/")
    let name = lastName
    guard let end = systemBytes.lastIndex(where: { $0 != slash }) else { return self }
    let directory = systemBytes[..<(end + 1 - name.count)]
    return SystemPath(directory.isEmpty ? [UInt8(ascii: ".")] : Array(directory))
  }
}
#endif
